import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Double, Int32 } from 'bson';
import { compilePipeline } from '../../src/aggregate/pipeline.js';
import { runStages } from '../../src/aggregate/stage.js';
import { BsonDocument } from '../../src/bson/document.js';
import { type Document } from '../../src/bson/types.js';
import { CommandError } from '../../src/errors/command_error.js';

const int = (value: number) => new Int32(value);

function run(documents: Document[], ...stages: unknown[]): Document[] {
  // A leading $match is left to the collection, so another stage goes first.
  const pipeline = compilePipeline([{ $skip: int(0) }, ...stages]);
  const start: readonly BsonDocument[] = documents.map(document => BsonDocument.fromValue(document));
  const result = runStages(pipeline.stages, start, { variables: {}, fold: undefined, read: () => [] });
  return result.map(document => document.value);
}

const sales: Document[] = [
  { _id: int(1), item: 'a', n: int(5) },
  { _id: int(2), item: 'b', n: int(2) },
  { _id: int(3), item: 'a', n: int(1) },
];

describe('compilePipeline', () => {
  it('groups by an expression, with sum, average, extremes and lists', () => {
    const groups = run(sales, {
      $group: {
        _id: '$item',
        total: { $sum: '$n' },
        mean: { $avg: '$n' },
        most: { $max: '$n' },
        first: { $first: '$n' },
        all: { $push: '$n' },
        count: { $sum: int(1) },
      },
    });

    assert.deepEqual(groups, [
      {
        _id: 'a',
        total: int(6),
        mean: new Double(3),
        most: int(5),
        first: int(5),
        all: [int(5), int(1)],
        count: int(2),
      },
      { _id: 'b', total: int(2), mean: new Double(2), most: int(2), first: int(2), all: [int(2)], count: int(1) },
    ]);
  });

  it('sorts, skips and limits', () => {
    const result = run(sales, { $sort: { n: int(1) } }, { $skip: int(1) }, { $limit: int(1) });

    assert.deepEqual(result, [sales[1]]);
  });

  it('projects fields in and out, and computes new ones after them', () => {
    assert.deepEqual(
      run([{ _id: int(1), a: { b: int(1), c: int(2) }, d: int(3) }], {
        $project: { 'a.b': int(1), twice: { $multiply: ['$d', int(2)] } },
      }),
      [{ _id: int(1), a: { b: int(1) }, twice: int(6) }],
    );
    assert.deepEqual(run([{ _id: int(1), a: int(1), b: int(2) }], { $project: { _id: int(0), a: int(0) } }), [
      { b: int(2) },
    ]);
  });

  it('counts, and answers nothing for nothing', () => {
    assert.deepEqual(run(sales, { $count: 'n' }), [{ n: int(3) }]);
    assert.deepEqual(run([], { $count: 'n' }), []);
  });

  it('unwinds arrays, with the index and the empty ones when asked', () => {
    const documents = [{ a: [int(1), int(2)] }, { a: [] }];

    assert.deepEqual(run(documents, { $unwind: '$a' }), [{ a: int(1) }, { a: int(2) }]);
    assert.equal(run(documents, { $unwind: { path: '$a', preserveNullAndEmptyArrays: true } }).length, 3);
  });

  it('sets, unsets and replaces documents', () => {
    const [result] = run(
      [{ _id: int(1), a: { x: int(1) }, b: int(2) }],
      { $addFields: { 'a.y': { $cond: [{ $gt: ['$b', int(1)] }, 'big', 'small'] } } },
      { $unset: 'b' },
      { $replaceWith: { $mergeObjects: ['$a', { id: '$_id' }] } },
    );

    assert.deepEqual(result, { x: int(1), y: 'big', id: int(1) });
  });

  it('sorts by count', () => {
    assert.deepEqual(run(sales, { $sortByCount: '$item' }), [
      { _id: 'a', count: int(2) },
      { _id: 'b', count: int(1) },
    ]);
  });

  it('gives a $match that comes first to the collection', () => {
    assert.deepEqual(compilePipeline([{ $match: { a: int(1) } }, { $limit: int(1) }]).filter, { a: int(1) });
  });

  for (const [name, pipeline, code, text] of [
    ['an unknown stage', [{ $foo: {} }], 40324, "Unrecognized pipeline stage name: '$foo'"],
    ['two stages in one object', [{ $match: {}, $limit: int(1) }], 40323, 'must contain exactly one field'],
    ['an unknown expression', [{ $project: { a: { $foo: '$b' } } }], 168, "Unrecognized expression '$foo'"],
    ['an unknown accumulator', [{ $group: { _id: null, a: { $foo: '$b' } } }], 15952, "unknown group operator '$foo'"],
    [
      'a mixed projection',
      [{ $project: { a: int(1), b: int(0) } }],
      31254,
      'Cannot do exclusion on field b in inclusion projection',
    ],
  ] as const) {
    it(`refuses ${name} with ${code}`, () => {
      assert.throws(
        () => compilePipeline(pipeline),
        (error: unknown) => error instanceof CommandError && error.code === code && error.message.includes(text),
      );
    });
  }
});
