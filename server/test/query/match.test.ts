import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BSONRegExp, Decimal128, Double, Int32, Long } from 'bson';
import { type Document } from '../../src/bson/types.js';
import { CommandError } from '../../src/errors/command_error.js';
import { compileMatch } from '../../src/query/match.js';

const int = (value: number) => new Int32(value);
const matches = (filter: Document, document: Document) => compileMatch(filter)(document);

/** Filter, a document that it matches, and one that it does not. */
const cases: Readonly<Record<string, readonly [Document, Document, Document]>> = {
  'numbers match across types': [{ a: int(1) }, { a: Long.fromNumber(1) }, { a: '1' }],
  'decimals match doubles': [{ a: Decimal128.fromString('1.50') }, { a: new Double(1.5) }, { a: new Double(1.25) }],
  'null matches a missing field': [{ a: null }, { b: int(1) }, { a: int(0) }],
  '$ne null wants the field': [{ a: { $ne: null } }, { a: int(0) }, { b: int(1) }],
  'an array matches by element': [{ a: int(2) }, { a: [int(1), int(2)] }, { a: [int(1)] }],
  'an array matches as a whole': [{ a: [int(1)] }, { a: [int(1)] }, { a: [int(1), int(2)] }],
  'a dotted path goes through arrays': [
    { 'a.b': int(2) },
    { a: [{ b: int(1) }, { b: int(2) }] },
    { a: [{ b: int(1) }] },
  ],
  'a number in a path names an element': [{ 'a.1': int(2) }, { a: [int(1), int(2)] }, { a: [int(2), int(1)] }],
  '$gt compares within one type': [{ a: { $gt: int(1) } }, { a: int(2) }, { a: 'zzz' }],
  '$gte and $lte bound a range': [{ a: { $gte: int(1), $lte: int(3) } }, { a: int(3) }, { a: int(4) }],
  '$lt on arrays needs one element': [{ a: { $lt: int(2) } }, { a: [int(5), int(1)] }, { a: [int(5)] }],
  '$in takes values and regexes': [{ a: { $in: [int(1), new BSONRegExp('^x')] } }, { a: 'xy' }, { a: 'yx' }],
  '$in with null matches missing': [{ a: { $in: [null] } }, {}, { a: int(1) }],
  '$nin refuses elements': [{ a: { $nin: [int(1)] } }, { a: [int(2)] }, { a: [int(2), int(1)] }],
  '$ne refuses elements': [{ a: { $ne: int(1) } }, { a: [int(2)] }, { a: [int(1), int(2)] }],
  '$and needs all': [{ $and: [{ a: int(1) }, { b: int(2) }] }, { a: int(1), b: int(2) }, { a: int(1) }],
  '$or needs one': [{ $or: [{ a: int(1) }, { b: int(2) }] }, { b: int(2) }, { a: int(2) }],
  '$nor needs none': [{ $nor: [{ a: int(1) }, { b: int(2) }] }, { a: int(2) }, { a: int(1) }],
  '$not negates the whole field': [{ a: { $not: { $gt: int(1) } } }, {}, { a: [int(0), int(2)] }],
  '$exists true': [{ a: { $exists: true } }, { a: null }, {}],
  '$exists false': [{ a: { $exists: false } }, {}, { a: null }],
  '$type by name': [{ a: { $type: 'long' } }, { a: Long.fromNumber(1) }, { a: int(1) }],
  '$type number': [{ a: { $type: 'number' } }, { a: new Double(1) }, { a: '1' }],
  '$type array looks at the array itself': [{ a: { $type: 'array' } }, { a: [] }, { a: int(1) }],
  '$regex with $options': [{ a: { $regex: 'AB', $options: 'i' } }, { a: 'xaby' }, { a: 'x' }],
  'a regex as a value': [{ a: new BSONRegExp('^a', 'i') }, { a: ['b', 'Ab'] }, { a: 'ba' }],
  '$all needs every value': [{ a: { $all: [int(1), int(2)] } }, { a: [int(2), int(1)] }, { a: [int(1)] }],
  '$elemMatch needs one element for all conditions': [
    { a: { $elemMatch: { b: int(1), c: int(2) } } },
    { a: [{ b: int(1), c: int(2) }] },
    { a: [{ b: int(1) }, { c: int(2) }] },
  ],
  '$elemMatch on values': [
    { a: { $elemMatch: { $gt: int(1), $lt: int(3) } } },
    { a: [int(2)] },
    { a: [int(0), int(4)] },
  ],
  $size: [{ a: { $size: int(2) } }, { a: [int(1), int(2)] }, { a: [int(1)] }],
  $mod: [{ a: { $mod: [int(3), int(1)] } }, { a: int(4) }, { a: int(3) }],
  '$expr compares fields': [{ $expr: { $gt: ['$a', '$b'] } }, { a: int(2), b: int(1) }, { a: int(1), b: int(1) }],
  $bitsAllSet: [{ a: { $bitsAllSet: int(5) } }, { a: int(7) }, { a: int(4) }],
  'documents match with fields in order': [
    { a: { x: int(1), y: int(2) } },
    { a: { x: int(1), y: int(2) } },
    { a: { y: int(2), x: int(1) } },
  ],
  'fields named like members of Object are ordinary': [{ constructor: null }, {}, { constructor: int(1) }],
};

describe('compileMatch', () => {
  for (const [name, [filter, hit, miss]] of Object.entries(cases)) {
    it(name, () => {
      assert.equal(matches(filter, hit), true);
      assert.equal(matches(filter, miss), false);
    });
  }

  it('tells which array element matched', () => {
    const details = {};

    compileMatch({ 'a.b': int(2) })({ a: [{ b: int(1) }, { b: int(2) }] }, details);

    assert.deepEqual(details, { arrayIndex: 1 });
  });

  for (const [filter, text] of [
    [{ a: { $foo: int(1) } }, 'unknown operator: $foo'],
    [{ $foo: int(1) }, 'unknown top level operator: $foo'],
    [{ a: { $in: int(1) } }, '$in needs an array'],
    [{ $or: [] }, 'must be a nonempty array'],
  ] as const) {
    it(`refuses ${JSON.stringify(filter)} with BadValue`, () => {
      assert.throws(
        () => compileMatch(filter),
        (error: unknown) => error instanceof CommandError && error.code === 2 && error.message.includes(text),
      );
    });
  }
});
