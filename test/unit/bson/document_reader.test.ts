import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { documentDecoder } from '../../../src/bson/decode.js';
import { DocumentReader } from '../../../src/bson/document_reader.js';
import { type Document, deserialize, Long, serialize } from '../../../src/bson/index.js';
import { RawDocument } from '../../../src/bson/raw_document.js';
import { protocolError } from '../wire/bytes.js';

describe('DocumentReader', () => {
  function readerOf(items: readonly unknown[], decode = documentDecoder()): DocumentReader {
    const bytes = Buffer.from(serialize({ batch: items }));
    return new DocumentReader(RawDocument.at(bytes, 0, bytes.length).array('batch')!, decode);
  }

  it('gives one document after the other, then nothing', () => {
    const reader = readerOf([{ a: 1 }, {}, { a: 3 }]);

    assert.deepEqual([reader.next(), reader.next(), reader.next()], [{ a: 1 }, {}, { a: 3 }]);
    assert.equal(reader.done, true);
    assert.equal(reader.next(), undefined);
  });

  it('counts what is left without moving', () => {
    const reader = readerOf([{ a: 1 }, { a: 2 }, { a: 3 }]);
    reader.next();

    assert.equal(reader.count(), 2);
    assert.deepEqual(reader.next(), { a: 2 });
  });

  it('is done at once with an empty array', () => {
    const reader = readerOf([]);

    assert.equal(reader.done, true);
    assert.equal(reader.count(), 0);
  });

  it('refuses something else than documents', () => {
    const reader = readerOf([{ a: 1 }, 5]);
    reader.next();

    assert.throws(() => reader.next(), protocolError(/something else/));
    assert.throws(() => readerOf(['x']).count(), protocolError(/something else/));
  });

  it('gives many documents in their order, however they are asked for', () => {
    const items = Array.from({ length: 3000 }, (_, index) => ({ _id: index, text: 'x'.repeat(index % 90) }));

    const oneByOne = readerOf(items);
    const got: unknown[] = [];
    for (let document = oneByOne.next(); document !== undefined; document = oneByOne.next()) {
      got.push(document);
      assert.equal(oneByOne.count(), items.length - got.length);
      assert.equal(oneByOne.done, got.length === items.length);
    }
    assert.deepEqual(got, items);

    const mixed = readerOf(items);
    const first = Array.from({ length: 10 }, () => mixed.next());
    assert.deepEqual([...first, ...mixed.rest()], items);
    assert.deepEqual([mixed.done, mixed.count(), mixed.rest()], [true, 0, []]);
  });

  it('gives large documents', () => {
    const items = Array.from({ length: 12 }, (_, index) => ({ _id: index, text: 'x'.repeat(index * 30_000) }));
    const reader = readerOf(items);

    assert.deepEqual([reader.next(), reader.next(), ...reader.rest()], items);
  });

  it('gives those before one that is malformed', () => {
    const items: Document[] = Array.from({ length: 20 }, (_, index) => ({ _id: index, s: 'ok' }));
    const bytes = Buffer.from(serialize({ batch: items }));
    // The text of the last one is no UTF-8.
    bytes[bytes.lastIndexOf('ok')] = 0xff;
    const reader = new DocumentReader(RawDocument.at(bytes, 0, bytes.length).array('batch')!, documentDecoder());

    const got = Array.from({ length: 19 }, () => reader.next());
    assert.deepEqual(got, items.slice(0, 19));
    assert.throws(() => reader.next(), protocolError(/Malformed BSON/));
  });

  it('decodes by the options', () => {
    const items = Array.from({ length: 9 }, () => ({ n: Long.fromNumber(1), tags: [{ x: 1 }] }));

    assert.ok(
      readerOf(items, documentDecoder({ promoteLongs: false }))
        .rest()
        .every(({ n }) => n instanceof Long),
    );
    const fieldsAsRaw = { tags: true };
    const expected = deserialize(serialize(items[0]!), { fieldsAsRaw });
    for (const got of readerOf(items, documentDecoder({ fieldsAsRaw })).rest()) assert.deepEqual(got, expected);
    assert.ok(
      readerOf(items, documentDecoder({ raw: true }))
        .rest()
        .every(document => Buffer.isBuffer(document)),
    );
  });

  it('reads the text of each document as it is checked', () => {
    const items = Array.from({ length: 9 }, () => ({ s: 'ok' }));
    const bytes = Buffer.from(serialize({ batch: items }));
    bytes[bytes.lastIndexOf('ok')] = 0xff;
    const array = RawDocument.at(bytes, 0, bytes.length).array('batch')!;

    assert.throws(() => new DocumentReader(array, documentDecoder()).rest(), protocolError(/Malformed BSON/));
    const lenient = documentDecoder({ enableUtf8Validation: false });
    assert.equal(new DocumentReader(array, lenient).rest().at(-1)?.['s'], '\ufffdk');
  });
});
