import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Double, Int32, Long } from 'bson';
import { type Document } from '../../src/bson/types.js';
import { CommandError } from '../../src/errors/command_error.js';
import { compileArrayFilters, compileUpdate } from '../../src/update/compile.js';

const int = (value: number) => new Int32(value);
const ints = (...values: number[]) => values.map(int);

function apply(
  document: Document,
  update: unknown,
  extra: { arrayIndex?: number; arrayFilters?: Document[] } = {},
): Document {
  return compileUpdate(update).apply(document, {
    arrayIndex: extra.arrayIndex,
    arrayFilters: compileArrayFilters(extra.arrayFilters ?? []),
    variables: {},
    isInsert: false,
    wallTime: 1000,
  });
}

/** Document, update, and what becomes of it. */
const cases: Readonly<Record<string, readonly [Document, unknown, Document]>> = {
  '$set creates documents on the way': [{}, { $set: { 'a.b': int(1) } }, { a: { b: int(1) } }],
  '$set pads an array with null': [{ a: ints(1) }, { $set: { 'a.2': int(3) } }, { a: [int(1), null, int(3)] }],
  '$unset removes a field, and leaves null in an array': [
    { a: int(1), b: ints(1, 2) },
    { $unset: { a: '', 'b.0': '' } },
    { b: [null, int(2)] },
  ],
  '$inc keeps the wider type': [{ a: Long.fromNumber(1) }, { $inc: { a: int(2) } }, { a: Long.fromNumber(3) }],
  '$inc of an int that overflows makes a long': [
    { a: int(2147483647) },
    { $inc: { a: int(1) } },
    { a: Long.fromNumber(2147483648) },
  ],
  '$inc on a missing field sets it': [{}, { $inc: { a: new Double(1.5) } }, { a: new Double(1.5) }],
  '$mul on a missing field sets zero': [{}, { $mul: { a: int(5) } }, { a: int(0) }],
  '$min and $max replace by BSON order': [
    { a: int(5), b: int(5) },
    { $min: { a: int(3) }, $max: { b: int(9) } },
    { a: int(3), b: int(9) },
  ],
  '$rename moves a field': [{ a: int(1) }, { $rename: { a: 'b.c' } }, { b: { c: int(1) } }],
  '$push appends': [{ a: ints(1) }, { $push: { a: int(2) } }, { a: ints(1, 2) }],
  '$push with $each, $position, $sort and $slice': [
    { a: ints(5) },
    { $push: { a: { $each: ints(3, 9), $sort: int(-1), $slice: int(2) } } },
    { a: ints(9, 5) },
  ],
  '$push at a position': [
    { a: ints(1, 3) },
    { $push: { a: { $each: ints(2), $position: int(1) } } },
    { a: ints(1, 2, 3) },
  ],
  '$addToSet adds what is not there': [
    { a: ints(1) },
    { $addToSet: { a: { $each: ints(1, 2, 2) } } },
    { a: ints(1, 2) },
  ],
  '$pull by condition': [{ a: ints(1, 5, 9) }, { $pull: { a: { $gte: int(5) } } }, { a: ints(1) }],
  '$pull by fields': [{ a: [{ b: int(1) }, { b: int(2) }] }, { $pull: { a: { b: int(1) } } }, { a: [{ b: int(2) }] }],
  '$pullAll by values': [{ a: ints(1, 2, 1) }, { $pullAll: { a: ints(1) } }, { a: ints(2) }],
  '$pop at both ends': [
    { a: ints(1, 2), b: ints(1, 2) },
    { $pop: { a: int(1), b: int(-1) } },
    { a: ints(1), b: ints(2) },
  ],
  '$setOnInsert does nothing to what exists': [{ a: int(1) }, { $setOnInsert: { b: int(1) } }, { a: int(1) }],
  '$currentDate sets the time of the clock': [{}, { $currentDate: { a: true } }, { a: new Date(1000) }],
  '$[] means all elements': [{ a: ints(1, 2) }, { $inc: { 'a.$[]': int(10) } }, { a: ints(11, 12) }],
  'a replacement keeps the _id': [{ _id: int(1), a: int(1) }, { b: int(2) }, { _id: int(1), b: int(2) }],
  'a pipeline computes from the document': [
    { _id: int(1), a: int(2) },
    [{ $set: { b: { $add: ['$a', int(1)] } } }, { $unset: 'a' }],
    { _id: int(1), b: int(3) },
  ],
};

describe('compileUpdate', () => {
  for (const [name, [before, update, after]] of Object.entries(cases)) {
    it(name, () => assert.deepEqual(apply(before, update), after));
  }

  it('does not touch the document that it is given', () => {
    const before = { a: { b: ints(1) } };

    apply(before, { $push: { 'a.b': int(2) } });

    assert.deepEqual(before, { a: { b: ints(1) } });
  });

  it('puts the matched position for $', () => {
    assert.deepEqual(apply({ a: ints(1, 2) }, { $set: { 'a.$': int(9) } }, { arrayIndex: 1 }), { a: ints(1, 9) });
  });

  it('uses arrayFilters for $[name]', () => {
    const document = { a: [{ n: int(1) }, { n: int(5) }] };

    const after = apply(document, { $set: { 'a.$[big].x': true } }, { arrayFilters: [{ 'big.n': { $gt: int(2) } }] });

    assert.deepEqual(after, { a: [{ n: int(1) }, { n: int(5), x: true }] });
  });

  const errors: readonly (readonly [string, Document, unknown, number, string])[] = [
    ['an unknown operator', {}, { $foo: { a: 1 } }, 9, 'Unknown modifier: $foo. Expected a valid update modifier'],
    ['a change of _id', { _id: int(1) }, { $set: { _id: int(2) } }, 66, "would modify the immutable field '_id'"],
    [
      'a replacement with another _id',
      { _id: int(1) },
      { _id: int(2) },
      66,
      'was found to have been altered to _id: 2',
    ],
    [
      'two operators on one path',
      {},
      { $set: { a: 1 }, $inc: { a: int(1) } },
      40,
      "Updating the path 'a' would create a conflict at 'a'",
    ],
    [
      '$inc of a string',
      { _id: int(1), a: 'x' },
      { $inc: { a: int(1) } },
      14,
      "Cannot apply $inc to a value of non-numeric type. {_id: 1} has the field 'a' of non-numeric type string",
    ],
    [
      '$push to a number',
      { _id: int(1), a: int(1) },
      { $push: { a: int(1) } },
      2,
      "The field 'a' must be an array but is of type int in document {_id: 1}",
    ],
    [
      'a path through a number',
      { a: int(1) },
      { $set: { 'a.b': int(1) } },
      28,
      "Cannot create field 'b' in element {a: 1}",
    ],
    [
      '$ without a matched array',
      { a: ints(1) },
      { $set: { 'a.$': int(1) } },
      2,
      'The positional operator did not find the match needed from the query.',
    ],
  ];
  for (const [name, document, update, code, text] of errors) {
    it(`refuses ${name} with ${code}`, () => {
      assert.throws(
        () => apply(document, update),
        (error: unknown) => error instanceof CommandError && error.code === code && error.message.includes(text),
      );
    });
  }
});
