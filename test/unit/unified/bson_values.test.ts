import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Binary, Code, DBRef, Decimal128, Double, EJSON, Int32, Long, MaxKey, MinKey, Timestamp } from 'bson';
import { bsonTypes, plain, sameNumber, show } from '../../spec/unified/bson_values.js';

describe('bsonTypes', () => {
  const CASES: readonly (readonly [value: unknown, ...types: string[]])[] = [
    [1, 'int', 'long', 'double'],
    [2 ** 31, 'long', 'double'],
    [-(2 ** 31), 'int', 'long', 'double'],
    [1.5, 'double'],
    [1n, 'long'],
    [new Int32(1), 'int'],
    [new Double(1), 'double'],
    [Long.fromNumber(1), 'long'],
    [Decimal128.fromString('1'), 'decimal'],
    ['', 'string'],
    [true, 'bool'],
    [null, 'null'],
    [new Date(), 'date'],
    [/a/, 'regex'],
    [[], 'array'],
    [{}, 'object'],
    [new Map(), 'object'],
    [new DBRef('c', 1 as never), 'object'],
    [Buffer.of(1), 'binData'],
    [new Binary(Buffer.of(1)), 'binData'],
    [new Code('f'), 'javascript'],
    [new Code('f', {}), 'javascriptWithScope'],
    [new Timestamp({ t: 1, i: 1 }), 'timestamp'],
    [new MinKey(), 'minKey'],
    [new MaxKey(), 'maxKey'],
    [{ _bsontype: 'Unheard' }],
    [undefined],
    [() => 1],
  ];
  for (const [value, ...types] of CASES) {
    it(`gives ${types.join(', ') || 'none'} for ${show(value)}`, () => {
      assert.deepEqual(bsonTypes(value), types);
    });
  }
});

describe('sameNumber', () => {
  it('compares numbers of two kinds without loss', () => {
    assert.ok(sameNumber(5n, 5));
    assert.ok(sameNumber(Number.NaN, Number.NaN));
    assert.ok(sameNumber(0, -0));
    assert.ok(!sameNumber(5n, 5.5));
    assert.ok(!sameNumber(5n, Number.NaN));
    assert.ok(!sameNumber(2n ** 53n + 1n, 2 ** 53));
  });
});

describe('plain', () => {
  it('gives the numbers of JavaScript, at every depth', () => {
    const parsed: unknown = EJSON.parse('{"a":1,"b":[1.5,{"c":{"$numberLong":"2"}}],"d":null,"e":"x"}', {
      relaxed: false,
    });

    assert.deepEqual(plain(parsed), { a: 1, b: [1.5, { c: 2 }], d: null, e: 'x' });
  });

  it('leaves a long alone that a number cannot hold, and every other type', () => {
    const values = [Long.MAX_VALUE, new Binary(Buffer.of(1)), new Date(0)];

    assert.ok((plain(values) as unknown[]).every((value, index) => value === values[index]));
  });
});

describe('show', () => {
  it('gives EJSON, and something for what cannot be EJSON', () => {
    const loop: Record<string, unknown> = {};
    loop['loop'] = loop;

    assert.equal(show({ a: Long.fromNumber(1), b: 'x' }), '{"a":1,"b":"x"}');
    assert.equal(show(undefined), 'nothing');
    assert.equal(show(loop), '[object Object]');
    assert.equal(show(Symbol('s')), 'Symbol(s)');
  });
});
