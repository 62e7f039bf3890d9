import assert from 'node:assert/strict';
import { BSONSymbol, Decimal128, type Document, deserialize, EJSON, serialize } from '../../../src/bson/index.js';
import type { SpecificationFile } from '../../support/specifications.js';
import type { LegacyCase, LegacySuite } from './suite.js';

interface Corpus {
  readonly bson_type: string;
  readonly valid?: readonly ValidCase[];
  readonly decodeErrors?: readonly { readonly description: string; readonly bson: string }[];
  readonly parseErrors?: readonly { readonly description: string; readonly string: string }[];
}

interface ValidCase {
  readonly description: string;
  readonly canonical_bson: string;
  readonly canonical_extjson: string;
  readonly relaxed_extjson?: string;
  readonly degenerate_bson?: string;
  readonly degenerate_extjson?: string;
  /** What a deprecated type becomes in a language that has none for it. */
  readonly converted_bson?: string;
  readonly converted_extjson?: string;
  /** The value as Extended JSON does not give the same bytes back. */
  readonly lossy?: boolean;
}

const TOP_LEVEL = '0x00';
const DECIMAL128 = '0x13';

/** Malformed Extended JSON of which the package `bson` makes something; this driver never parses any. */
const READ_BY_THE_PACKAGE: ReadonlySet<string> = new Set([
  'Bad $regularExpression (extra field)',
  'Bad $regularExpression (missing options field)',
  'Bad $oid (extra field)',
  'Bad $numberInt (number, not string)',
  'Bad $numberInt (extra field)',
  'Bad $numberLong (extra field)',
  'Bad $numberDouble (number, not string)',
  'Bad $numberDouble (extra field)',
  'Bad $numberDecimal (extra field)',
  'Bad $binary (type is number, not string)',
  'Bad $binary (missing $type)',
  'Bad $binary (extra field)',
  'Bad $code (type is number, not string)',
  'Bad $code (type is number, not string) when $scope is also present',
  'Bad $code (extra field)',
  'Bad $code with $scope (scope is number, not doc)',
  'Bad $date (extra field)',
  'Bad $minKey (boolean, not integer)',
  'Bad $minKey (wrong integer)',
  'Bad $minKey (extra field)',
  'Bad $maxKey (boolean, not integer)',
  'Bad $maxKey (wrong integer)',
  'Bad $maxKey (extra field)',
  'Bad DBpointer (extra field)',
]);

/** The types of BSON, of which the package `bson` takes care. */
export const bsonCorpusSuite: LegacySuite = { folder: 'bson-corpus/tests', cases };

function cases({ content }: SpecificationFile): LegacyCase[] {
  const { bson_type: type, valid = [], decodeErrors = [], parseErrors = [] } = content as Corpus;
  return [
    ...valid.map(test => ({ description: test.description, run: () => runValid(test) })),
    ...decodeErrors.map(({ description, bson }) => ({
      description: `${description} (cannot be decoded)`,
      run: () => assert.throws(() => decode(bson)),
    })),
    ...parseErrors.map(({ description, string }) => ({
      description: `${description} (cannot be parsed)`,
      ...(type === TOP_LEVEL && READ_BY_THE_PACKAGE.has(description)
        ? { skip: 'the package `bson` is lenient with this Extended JSON, and the driver parses none' }
        : {}),
      run: () => assert.throws(() => (type === DECIMAL128 ? Decimal128.fromString(string) : encode(parse(string)))),
    })),
  ];
}

function runValid(test: ValidCase): void {
  const bytes = (test.converted_bson ?? test.canonical_bson).toUpperCase();
  const extended = test.converted_extjson ?? test.canonical_extjson;
  const decoded = decode(test.canonical_bson);
  const value = test.converted_bson === undefined ? decoded : withoutSymbols(decoded);

  assert.equal(encode(value), bytes);
  assert.deepEqual(read(text(value, false)), read(extended));
  assert.deepEqual(read(text(parse(extended), false)), read(extended));
  if (test.lossy !== true) assert.equal(encode(parse(extended)), bytes);
  if (test.degenerate_bson !== undefined) assert.equal(encode(decode(test.degenerate_bson)), bytes);
  if (test.degenerate_extjson !== undefined) {
    assert.deepEqual(read(text(parse(test.degenerate_extjson), false)), read(extended));
  }
  if (test.relaxed_extjson !== undefined) {
    assert.deepEqual(read(text(decoded, true)), read(test.relaxed_extjson));
  }
}

/** JSON that compares by value: doubles may be written in more than one way, and JavaScript writes -0 as 0. */
function read(json: string): unknown {
  return JSON.parse(json, (key, value: unknown) => {
    if (key === '$numberDouble') return String(Number(value) + 0);
    return value === 0 ? 0 : value;
  });
}

/** JavaScript has symbols of its own, which are something else: those of BSON become strings. */
function withoutSymbols(document: Document): Document {
  const entries = Object.entries(document);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, value instanceof BSONSymbol ? value.valueOf() : value]),
  );
}

function decode(hex: string): Document {
  return deserialize(Buffer.from(hex, 'hex'), { promoteValues: false, promoteLongs: false, bsonRegExp: true });
}

function encode(document: Document): string {
  return Buffer.from(serialize(document, { ignoreUndefined: false }))
    .toString('hex')
    .toUpperCase();
}

function parse(extended: string): Document {
  return EJSON.parse(extended, { relaxed: false }) as Document;
}

function text(document: Document, relaxed: boolean): string {
  return EJSON.stringify(document, { relaxed });
}
