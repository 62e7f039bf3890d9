import assert from 'node:assert/strict';
import { ReadConcern, readConcernDocument } from '../../../src/concern/read_concern.js';
import {
  isUnacknowledged,
  WriteConcern,
  type WriteConcernSettings,
  writeConcernDocument,
} from '../../../src/concern/write_concern.js';
import { MongoError } from '../../../src/errors/base.js';
import { resolveOptions } from '../../../src/uri/resolve.js';
import type { LegacySuite, TestsFile } from './suite.js';

interface ConcernUriTest {
  readonly description: string;
  readonly uri: string;
  readonly valid: boolean;
  readonly warning: boolean | null;
  readonly readConcern?: object;
  readonly writeConcern?: object;
}

interface ConcernDocumentTest {
  readonly description: string;
  readonly valid: boolean;
  readonly readConcern?: Parameters<typeof ReadConcern.fromOptions>[0] & object;
  readonly readConcernDocument?: object;
  readonly writeConcern?: WriteConcernSettings;
  readonly writeConcernDocument?: object;
  readonly isServerDefault?: boolean;
  readonly isAcknowledged?: boolean;
}

/** Concerns in connection strings. */
export const concernUriSuite: LegacySuite = {
  folder: 'read-write-concern/tests/connection-string',
  cases: ({ content }) =>
    (content as TestsFile<ConcernUriTest>).tests.map(test => {
      // Settled: read-write-concern calls a negative wtimeoutMS invalid and says nothing about a warning (null); uri-options calls
      // the same valid with a warning. A warning, with the value left out, is what both allow.
      const isSettled = !test.valid && test.warning === null && /wtimeoutms=-/i.test(test.uri);
      return isSettled
        ? {
            description: `${test.description} (settled: a warning, as uri-options has it)`,
            run: () => runSettled(test),
          }
        : { description: test.description, run: () => runUri(test) };
    }),
};

/** Concerns as commands carry them. */
export const concernDocumentSuite: LegacySuite = {
  folder: 'read-write-concern/tests/document',
  cases: ({ content }) =>
    (content as TestsFile<ConcernDocumentTest>).tests.map(test => ({
      description: test.description,
      run() {
        if (test.valid) runDocument(test);
        else assert.throws(() => runDocument(test), MongoError);
      },
    })),
};

function runUri(test: ConcernUriTest): void {
  if (!test.valid) {
    assert.throws(() => resolveOptions(test.uri), MongoError);
    return;
  }
  const { readConcern, writeConcern, warnings } = resolveOptions(test.uri);

  if (test.warning !== null) assert.equal(warnings.length > 0, test.warning, warnings.join('\n'));
  if (test.readConcern !== undefined) assert.deepEqual(readConcern?.toJSON() ?? {}, test.readConcern);
  if (test.writeConcern !== undefined) {
    const fields = { w: writeConcern?.w, wtimeoutMS: writeConcern?.wtimeoutMS, journal: writeConcern?.journal };
    const given = Object.entries(fields).filter(([, value]) => value !== undefined);
    assert.deepEqual(Object.fromEntries(given), test.writeConcern);
  }
}

function runSettled(test: ConcernUriTest): void {
  const { writeConcern, warnings } = resolveOptions(test.uri);

  assert.equal(warnings.length, 1);
  assert.equal(writeConcern, undefined);
}

function runDocument(test: ConcernDocumentTest): void {
  if (test.readConcern !== undefined) {
    const readConcern = ReadConcern.fromOptions(test.readConcern);
    assert.deepEqual(readConcernDocument(readConcern) ?? {}, test.readConcernDocument);
    assert.equal(readConcern === undefined, test.isServerDefault);
  }
  if (test.writeConcern !== undefined) {
    const writeConcern = WriteConcern.fromOptions({ writeConcern: test.writeConcern });
    assert.deepEqual(writeConcernDocument(writeConcern) ?? {}, test.writeConcernDocument);
    assert.equal(writeConcern === undefined, test.isServerDefault);
    assert.equal(!isUnacknowledged(writeConcern), test.isAcknowledged);
  }
}
