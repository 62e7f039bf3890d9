import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeDocument, documentDecoder } from '../../../src/bson/decode.js';
import { BSON, BSONRegExp, type Document, Int32, Long, serialize } from '../../../src/bson/index.js';
import { element, int32, nested, protocolError, rawDocument } from '../wire/bytes.js';

const bytesOf = (document: Document) => Buffer.from(serialize(document));
const badText = element(2, 's', Buffer.concat([int32(2), Buffer.of(0xff, 0)]));

describe('documentDecoder', () => {
  it('reads at an offset', () => {
    const bytes = Buffer.concat([Buffer.alloc(7, 0xff), bytesOf({ a: 1 }), Buffer.alloc(7, 0xff)]);

    assert.deepEqual(documentDecoder()(bytes, 7), { a: 1 });
  });

  it('follows each option for BSON', () => {
    const bytes = bytesOf({ l: Long.fromNumber(1), i: 2, b: new BSON.Binary(Buffer.from('x')), r: /a/i });

    assert.equal(documentDecoder({ useBigInt64: true })(bytes, 0)['l'], 1n);
    assert.ok(documentDecoder({ promoteLongs: false })(bytes, 0)['l'] instanceof Long);
    assert.ok(documentDecoder({ promoteValues: false })(bytes, 0)['i'] instanceof Int32);
    assert.ok(Buffer.isBuffer(documentDecoder({ promoteBuffers: true })(bytes, 0)['b']));
    assert.ok(documentDecoder({ bsonRegExp: true })(bytes, 0)['r'] instanceof BSONRegExp);
  });

  it('gives the bytes themselves with raw', () => {
    const bytes = Buffer.concat([Buffer.alloc(2), bytesOf({ a: 1 }), Buffer.alloc(2)]);

    assert.deepEqual(documentDecoder({ raw: true })(bytes, 2), bytesOf({ a: 1 }));
  });

  it('refuses bad UTF-8 unless told not to look', () => {
    const bytes = rawDocument([badText]);

    assert.throws(() => documentDecoder()(bytes, 0), protocolError(/Malformed BSON/));
    assert.throws(() => documentDecoder({ enableUtf8Validation: true })(bytes, 0), protocolError(/Malformed BSON/));
    assert.deepEqual(documentDecoder({ enableUtf8Validation: false })(bytes, 0), { s: '\ufffd' });
  });

  it("refuses bad UTF-8 in a user's own field writeErrors", () => {
    const bytes = rawDocument([element(3, 'writeErrors', rawDocument([badText]))]);

    assert.throws(() => documentDecoder()(bytes, 0), protocolError(/Malformed BSON/));
  });

  it('keeps the error of bson as cause', () => {
    assert.throws(
      () => documentDecoder()(rawDocument([element(0x63, 'a', int32(1))]), 0),
      (error: unknown) => error instanceof Error && error.cause instanceof BSON.BSONError,
    );
  });

  it('is not confused by an error in the document before', () => {
    const decode = documentDecoder();
    const bytes = Buffer.concat([rawDocument([badText]), bytesOf({ a: 1 })]);

    assert.throws(() => decode(bytes, 0));
    assert.deepEqual(decode(bytes, rawDocument([badText]).length), { a: 1 });
  });

  for (const type of [3, 4]) {
    it(`reads 100,000 levels of ${type === 3 ? 'documents' : 'arrays'} without running out of stack`, () => {
      let value: Document = decodeDocument(nested(100_000, type), 0);

      let levels = 0;
      for (; Object.keys(value).length > 0; levels++) value = Object.values(value)[0] as Document;
      assert.equal(levels, 100_000);
    });
  }
});

describe('decodeDocument', () => {
  it('refuses bad UTF-8 everywhere but in write errors', () => {
    assert.throws(() => decodeDocument(rawDocument([badText]), 0), protocolError(/Malformed BSON/));
    assert.throws(
      () => decodeDocument(rawDocument([element(3, 'cursor', rawDocument([badText]))]), 0),
      protocolError(/Malformed BSON/),
    );
    assert.deepEqual(decodeDocument(rawDocument([element(4, 'writeErrors', rawDocument([badText]))]), 0), {
      writeErrors: ['\ufffd'],
    });
  });
});
