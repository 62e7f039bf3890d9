import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BSON, type Document, Int32, Long, ObjectId, serialize, Timestamp } from '../../../src/bson/index.js';
import { RawDocument } from '../../../src/bson/raw_document.js';
import { element, int32, nested, protocolError, rawDocument } from '../wire/bytes.js';

function at(bytes: Buffer): RawDocument {
  return RawDocument.at(bytes, 0, bytes.length);
}

function read(document: Document): RawDocument {
  return at(Buffer.from(serialize(document)));
}

const text = (bytes: Uint8Array, size = bytes.length + 1) => Buffer.concat([int32(size), bytes, Buffer.of(0)]);

describe('RawDocument.at', () => {
  it('finds a document in the middle of other bytes', () => {
    const document = Buffer.from(serialize({ a: 5 }));
    const bytes = Buffer.concat([Buffer.alloc(3, 0xff), document, Buffer.alloc(3, 0xff)]);

    const found = RawDocument.at(bytes, 3, bytes.length);

    assert.equal(found.number('a'), 5);
    assert.equal(found.byteLength, document.length);
    assert.deepEqual(found.slice(), document);
  });

  for (const [title, bytes, message] of [
    ['an empty buffer', Buffer.alloc(0), /size beyond/],
    ['three bytes', Buffer.alloc(3), /size beyond/],
    ['a size of 4', Buffer.from('0400000000', 'hex'), /of 4 bytes/],
    ['a negative size', Buffer.from('ffffffff00', 'hex'), /of -1 bytes/],
    ['a size beyond its bytes', Buffer.from('0600000000', 'hex'), /6 bytes where 5 are left/],
    ['the largest size there is', Buffer.from('ffffff7f00', 'hex'), /are left/],
    ['another byte than zero at the end', Buffer.from('0500000001', 'hex'), /without an end/],
    ['a zero byte before the end', Buffer.from('060000000000', 'hex'), /ends before its size/],
    [
      'a name without an end',
      Buffer.from('080000001061620000', 'hex').subarray(0, 8),
      /name without an end|beyond|without an end/,
    ],
    ['an unknown type', rawDocument([element(0x14, 'a', Buffer.alloc(8))]), /unknown element type 0x14/],
    ['an int32 cut short', rawDocument([element(0x10, 'a', Buffer.alloc(3, 1))]), /beyond the end/],
    ['a string of 0 bytes', rawDocument([element(2, 'a', text(Buffer.alloc(0), 0))]), /string of 0 bytes/],
    ['a string of -1 bytes', rawDocument([element(2, 'a', text(Buffer.alloc(0), -1))]), /string of -1 bytes/],
    ['a string beyond the end', rawDocument([element(2, 'a', text(Buffer.from('x'), 99))]), /beyond the end/],
    ['a string without an end', rawDocument([element(2, 'a', text(Buffer.from('xy'), 2))]), /string without an end/],
    ['a nested document of 4 bytes', rawDocument([element(3, 'a', int32(4))]), /document of 4 bytes/],
    ['a nested document beyond the end', rawDocument([element(3, 'a', int32(50))]), /beyond the end/],
    ['binary data of -1 bytes', rawDocument([element(5, 'a', int32(-1))]), /binary data of -1 bytes/],
    ['a regular expression with one part', rawDocument([element(0x0b, 'a', Buffer.from('x'))]), /name without an end/],
    ['code with scope of 13 bytes', rawDocument([element(0x0f, 'a', int32(13))]), /scope of 13 bytes/],
    ['a DBPointer of 0 bytes', rawDocument([element(0x0c, 'a', int32(0))]), /namespace of 0 bytes/],
  ] as const) {
    it(`refuses ${title}`, () => assert.throws(() => at(bytes), protocolError(message)));
  }

  it('walks over every type of BSON', () => {
    const { Binary, BSONRegExp, BSONSymbol, Code, DBRef, Decimal128, MaxKey, MinKey } = BSON;
    const document = read({
      double: 1.5,
      string: 'é',
      document: { x: 1 },
      array: [1, [2]],
      binary: new Binary(Buffer.from('abc')),
      objectId: new ObjectId(),
      boolean: true,
      date: new Date(),
      null: null,
      regexp: new BSONRegExp('a', 'i'),
      code: new Code('x'),
      scoped: new Code('x', { y: 1 }),
      symbol: new BSONSymbol('s'),
      dbref: new DBRef('c', new ObjectId()),
      int32: 1,
      timestamp: new Timestamp(1n),
      int64: Long.fromNumber(1),
      decimal: Decimal128.fromString('1.5'),
      min: new MinKey(),
      max: new MaxKey(),
      last: 42,
    });

    assert.equal(document.number('last'), 42);
  });

  it('walks over deprecated types: undefined and DBPointer', () => {
    const pointer = Buffer.concat([text(Buffer.from('ns')), Buffer.alloc(12)]);
    const document = at(
      rawDocument([element(6, 'u', Buffer.alloc(0)), element(0x0c, 'p', pointer), element(0x10, 'x', int32(7))]),
    );

    assert.equal(document.number('x'), 7);
  });

  it('does not descend: 100,000 levels are looked at as fast as one', () => {
    const document = at(nested(100_000));

    assert.equal(document.byteLength, 800_005);
    assert.equal(document.document('a')?.byteLength, 799_997);
  });
});

describe('RawDocument', () => {
  it('reads numbers of every type', () => {
    const document = read({ d: 1.5, i: new Int32(-2), l: Long.fromNumber(3), t: true, f: false, s: '5' });

    assert.deepEqual(
      ['d', 'i', 'l', 't', 'f', 's', 'none'].map(name => document.number(name)),
      [1.5, -2, 3, 1, 0, undefined, undefined],
    );
  });

  it('refuses a boolean that is neither true nor false', () => {
    assert.throws(() => at(rawDocument([element(8, 'ok', Buffer.of(2))])).number('ok'), protocolError(/boolean of 2/));
  });

  it('reads integers in full', () => {
    const document = read({ l: Long.fromString('9007199254740993'), i: 5, d: 4.0, half: 0.5, nan: NaN, s: 'x' });

    assert.deepEqual(
      ['l', 'i', 'd', 'half', 'nan', 's'].map(name => document.bigint(name)),
      [9007199254740993n, 5n, 4n, undefined, undefined, undefined],
    );
  });

  it('reads strings, empty and beyond ASCII too', () => {
    const document = read({ a: '', b: 'größe😀', n: 1 });

    assert.deepEqual(
      ['a', 'b', 'n', 'none'].map(name => document.string(name)),
      ['', 'größe😀', undefined, undefined],
    );
  });

  it('refuses a string that is not UTF-8', () => {
    const document = at(rawDocument([element(2, 's', text(Buffer.of(0xff)))]));

    assert.throws(() => document.string('s'), protocolError(/'s' is not UTF-8/));
  });

  it('tells a name from one that begins like it', () => {
    const document = read({ okay: 5, o: 6, ok: 1 });

    assert.equal(document.number('ok'), 1);
    assert.equal(document.has('oka'), false);
    assert.equal(document.has(''), false);
  });

  it('finds no name beyond its own end', () => {
    const bytes = Buffer.concat([Buffer.from(serialize({ a: 1 })), Buffer.from(serialize({ b: 2 }))]);

    assert.equal(RawDocument.at(bytes, 0, bytes.length).has('b'), false);
  });

  it('gives nested documents and arrays, each under its own type', () => {
    const document = read({ d: { x: 1 }, a: [7] });

    assert.equal(document.document('d')?.number('x'), 1);
    assert.equal(document.array('a')?.number('0'), 7);
    assert.equal(document.document('a'), undefined);
    assert.equal(document.array('d'), undefined);
  });

  it('looks at a nested document when it is read', () => {
    const document = at(rawDocument([element(3, 'd', rawDocument([element(0x10, 'x', Buffer.alloc(1))]))]));

    assert.equal(document.has('d'), true);
    assert.throws(() => document.document('d'), protocolError(/beyond the end/));
  });
});
