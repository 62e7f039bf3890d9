import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Binary, BSONRegExp, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';
import { canonicalKey, compareValues } from '../../src/query/compare.js';

describe('compareValues', () => {
  it("follows MongoDB's order of types", () => {
    const ordered = [
      new MinKey(),
      null,
      new Int32(5),
      'text',
      { a: new Int32(1) },
      [new Int32(1)],
      new Binary(Buffer.from([1])),
      new ObjectId('000000000000000000000001'),
      false,
      true,
      new Date(0),
      new Timestamp({ t: 1, i: 1 }),
      new BSONRegExp('a'),
      new MaxKey(),
    ];

    const shuffled = ordered.toReversed().toSorted(compareValues);

    assert.deepEqual(shuffled, ordered);
  });

  it('compares numbers of all types by their exact value', () => {
    const ordered = [
      new Double(Number.NaN),
      new Double(Number.NEGATIVE_INFINITY),
      new Int32(-1),
      new Double(0.5),
      Decimal128.fromString('0.75'),
      Long.fromString('9007199254740992'),
      Long.fromString('9007199254740993'),
      Decimal128.fromString('9007199254740993.5'),
      Long.fromString('9007199254740994'),
      new Double(Number.POSITIVE_INFINITY),
    ];

    assert.deepEqual(ordered.toReversed().toSorted(compareValues), ordered);
  });

  it('holds 1, 1.0, Long 1 and Decimal128 1.00 for equal, and gives them one key', () => {
    const ones = [new Int32(1), new Double(1), Long.fromNumber(1), Decimal128.fromString('1.00')];

    for (const one of ones) assert.equal(compareValues(one, ones[0]), 0);
    assert.equal(new Set(ones.map(canonicalKey)).size, 1);
  });

  it('tells 0.1 from Decimal128 0.1, which it is not', () => {
    const decimal = Decimal128.fromString('0.1');

    assert.notEqual(compareValues(new Double(0.1), decimal), 0);
    assert.notEqual(canonicalKey(new Double(0.1)), canonicalKey(decimal));
  });

  it('compares strings by code points, as their UTF-8 bytes', () => {
    assert.ok(compareValues('\u{1f600}', '\uffee') > 0);
    assert.ok(compareValues('ab', 'abc') < 0);
  });

  it('gives values of different types and structures different keys', () => {
    const values = ['1', new Int32(1), true, null, [new Int32(1)], { a: new Int32(1) }, { a: '1' }, ['1'], new Date(1)];

    assert.equal(new Set(values.map(canonicalKey)).size, values.length);
  });
});
