import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { eventTypeOf, matchEvent } from '../../spec/unified/events.js';
import { isMatchingOperator } from '../../spec/unified/matching.js';
import { decideRun } from '../../spec/unified/requirements.js';
import { parseTestFile, type TestFile } from '../../spec/unified/test_file.js';
import { type SpecificationFile, skipReason, specificationFiles } from '../../support/specifications.js';

const CONTEXT = { entities: new Map<string, unknown>(), lsidOf: () => undefined };

/** An operator of arguments, not of matching: bytes to upload. */
const ARGUMENT_OPERATORS = ['$$hexBytes'];

/** Made to break the schema; a runner without a schema validator need not notice all of them. */
const INVALID = /^unified-test-format\/tests\/invalid\//;
/** Made to be valid and to fail; these fail before anything of them runs. */
const FAILS_TO_READ: Readonly<Record<string, RegExp>> = {
  'unified-test-format/tests/valid-fail/schemaVersion-unsupported': /^Schema version 0\.1 is not supported/,
};

const isUnified = ({ content }: SpecificationFile) =>
  typeof content === 'object' && content !== null && 'schemaVersion' in content;

/** The names of the special operators in a value: the only key of a document, beginning with `$$`. */
function operatorsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Object.keys(value).filter(key => !Array.isArray(value) && key.startsWith('$$'));
  return [...own, ...Object.values(value).flatMap(operatorsIn)];
}

describe('every file in the unified test format', { skip: skipReason('unified-test-format/tests') }, () => {
  const files = specificationFiles('').filter(file => isUnified(file) && !INVALID.test(file.name));
  const readable = files.filter(({ name }) => !Object.hasOwn(FAILS_TO_READ, name));
  const parse = ({ path }: SpecificationFile): TestFile => parseTestFile(readFileSync(path, 'utf8'));

  it('is found', () => {
    assert.ok(files.length > 0);
  });

  it('can be read', () => {
    const failures = readable.flatMap(file => {
      try {
        return parse(file).tests.length > 0 ? [] : [`${file.name}: no tests`];
      } catch (error) {
        return [`${file.name}: ${(error as Error).message}`];
      }
    });

    assert.deepEqual(failures, []);
  });

  it('is refused when it is made to be', () => {
    for (const file of files.filter(({ name }) => !readable.some(other => other.name === name))) {
      assert.throws(() => parse(file), { message: FAILS_TO_READ[file.name] ?? /./ }, file.name);
    }
  });

  it('has only special operators that matching knows', () => {
    const unknown = files.flatMap(({ name, content }) =>
      operatorsIn(content)
        .filter(operator => !isMatchingOperator(operator) && !ARGUMENT_OPERATORS.includes(operator))
        .map(operator => `${name}: ${operator}`),
    );

    assert.deepEqual(unknown, []);
  });

  it('expects only events, with only fields, that this runner knows', () => {
    for (const file of readable) {
      for (const { events, eventType } of parse(file).tests.flatMap(test => test.expectEvents ?? [])) {
        for (const [name, fields] of events.flatMap(event => Object.entries(event))) {
          assert.equal(eventTypeOf(name), eventType, `${file.name}: ${name}`);
          for (const field of Object.entries(fields as object)) {
            const expected = { [name]: Object.fromEntries([field]) };
            assert.doesNotThrow(() => matchEvent(expected, { name, fields: {} }, CONTEXT), file.name);
          }
        }
      }
    }
  });

  it('has only requirements that can be decided', () => {
    const deployment = {
      version: '8.0.0',
      topology: 'replicaset',
      serverParameters: {},
      auth: false,
      authMechanisms: [],
      libmongocryptVersion: '1.15.0',
      serverless: false,
    } as const;

    for (const { runOnRequirements, tests } of readable.map(parse)) {
      for (const requirements of [runOnRequirements, ...tests.map(test => test.runOnRequirements)]) {
        assert.doesNotThrow(() => decideRun(requirements, deployment));
      }
    }
  });
});
