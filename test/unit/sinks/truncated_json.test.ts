import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  Binary,
  Code,
  Decimal128,
  type Document,
  EJSON,
  Long,
  ObjectId,
  Timestamp,
  UUID,
} from '../../../src/bson/index.js';
import { truncated, truncatedJSON } from '../../../src/sinks/truncated_json.js';

/** The rule itself: the first code points, and three dots if there are more. */
function firstCodePoints(text: string, max: number): string {
  const points = Array.from(text);
  return max === 0 || points.length <= max ? text : `${points.slice(0, max).join('')}...`;
}

const name = fc.string({ unit: 'binary', maxLength: 12 });
const value = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 60 }).map(bytes => new Binary(bytes, 0x80)),
    fc.constantFrom(
      new ObjectId('65a000000000000000000001'),
      Long.fromNumber(5),
      new Timestamp({ t: 1, i: 2 }),
      Decimal128.fromString('1.5'),
      new Code('return 1'),
      new UUID('00112233-4455-6677-8899-aabbccddeeff'),
      /a+/i,
    ),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(name, tie('value'), { maxKeys: 6 }),
  ),
})).value;
const anyDocument = fc.dictionary(name, value, { maxKeys: 6 });

describe('truncated', () => {
  it('keeps the first code points, and adds dots only if there are more', () => {
    assert.equal(truncated('hello', 5), 'hello');
    assert.equal(truncated('hello!', 5), 'hello...');
    assert.equal(truncated('', 5), '');
    assert.equal(truncated('hello', 0), 'hello');
  });

  it('never cuts a character of two units in half', () => {
    assert.equal(truncated('😀😀😀', 2), '😀😀...');
    assert.equal(truncated('😀😀😀', 3), '😀😀😀');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(20), (text, max) => {
        assert.equal(truncated(text, max), firstCodePoints(text, max));
      }),
    );
  });
});

describe('truncatedJSON', () => {
  it('is the beginning of the relaxed Extended JSON of any document (property)', () => {
    fc.assert(
      fc.property(anyDocument, fc.nat(200), (document, max) => {
        assert.equal(truncatedJSON(document, max), firstCodePoints(EJSON.stringify(document, { relaxed: true }), max));
      }),
      { numRuns: 500 },
    );
  });

  it('is whole without a limit, and under one that is long enough', () => {
    const document = { a: Long.fromNumber(1), b: [new ObjectId('65a000000000000000000001')] };
    const whole = '{"a":1,"b":[{"$oid":"65a000000000000000000001"}]}';

    assert.equal(truncatedJSON(document, 0), whole);
    assert.equal(truncatedJSON(document, whole.length), whole);
    assert.equal(truncatedJSON(document, whole.length - 1), `${whole.slice(0, -1)}...`);
  });

  it('shows bytes that were not promoted as Extended JSON does', () => {
    assert.equal(truncatedJSON({ b: Buffer.from('abc') }, 100), '{"b":{"$binary":{"base64":"YWJj","subType":"00"}}}');
  });

  it('shows the flag g of a regular expression as the BSON option that it is sent as', () => {
    assert.equal(truncatedJSON({ a: /x"/gim }, 0), '{"a":{"$regularExpression":{"pattern":"x\\"","options":"ims"}}}');
  });

  it('does not look at what is behind the limit', () => {
    let looked = 0;
    const document: Document = {};
    for (let i = 0; i < 1000; i++) {
      Object.defineProperty(document, `field${i}`, {
        enumerable: true,
        get: () => {
          looked++;
          return 'x'.repeat(10);
        },
      });
    }

    const text = truncatedJSON(document, 100);

    assert.equal(text.length, 103);
    assert.ok(looked < 40, String(looked));
  });

  it('keeps a field that is named __proto__', () => {
    const document = JSON.parse('{"__proto__":{"a":1}}') as Document;

    assert.equal(truncatedJSON(document, 100), '{"__proto__":{"a":1}}');
  });

  it('shows a field that is named _bsontype', () => {
    assert.equal(truncatedJSON({ a: { _bsontype: 'ObjectId', id: 1 } }, 100), '{"a":{"_bsontype":"ObjectId","id":1}}');
  });

  it('says so when there is no JSON for a document', () => {
    const document: Document = {};
    document['self'] = document;

    assert.match(truncatedJSON(document, 0), /^Not shown: /);
  });
});
