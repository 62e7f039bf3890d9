import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '../../../src/bson/index.js';
import {
  checkWrites,
  deleteWrite,
  insertWrite,
  rawWrite,
  updateWrite,
  writeOf,
} from '../../../src/bulk/write_models.js';
import { MongoInvalidArgumentError } from '../../../src/errors/driver.js';

/** Marks a document as prepared, as the collection puts the `_id` on it. */
const prepare = (document: unknown): Document => ({ prepared: document });

const of = (model: unknown) => writeOf(model, prepare);

describe('writeOf', () => {
  it('takes each kind of model', () => {
    const filter = { a: 1 };
    const update = { $set: { b: 1 } };
    const pipeline = [{ $set: { b: 1 } }];

    assert.deepEqual(
      [
        of({ insertOne: { document: { x: 1 } } }),
        of({ updateOne: { filter, update } }),
        of({ updateMany: { filter, update: pipeline } }),
        of({ replaceOne: { filter, replacement: { b: 1 } } }),
        of({ deleteOne: { filter } }),
        of({ deleteMany: { filter } }),
      ],
      [
        { kind: 'insert', statement: { prepared: { x: 1 } }, change: null },
        { kind: 'update', statement: { q: filter, u: update }, change: 'update' },
        { kind: 'update', statement: { q: filter, u: pipeline, multi: true }, change: 'update' },
        { kind: 'update', statement: { q: filter, u: { b: 1 } }, change: 'replacement' },
        { kind: 'delete', statement: { q: filter, limit: 1 }, change: null },
        { kind: 'delete', statement: { q: filter, limit: 0 }, change: null },
      ],
    );
  });

  it('takes the document of an insert without a field for it too', () => {
    assert.deepEqual(of({ insertOne: { x: 1 } }).statement, { prepared: { x: 1 } });
    assert.deepEqual(of({ insertOne: 5 }).statement, { prepared: 5 });
  });

  it('copies the options of a write that its statement has, and leaves those that are not set out', () => {
    const options = { upsert: true, hint: 'a_1', arrayFilters: [{ e: 1 }], collation: { locale: 'en' } };
    const update = { $set: { b: 1 } };

    assert.deepEqual(of({ updateOne: { filter: {}, update, sort: { a: -1 }, other: 1, ...options } }).statement, {
      q: {},
      u: update,
      ...options,
      sort: new Map([['a', -1]]),
    });
    assert.deepEqual(of({ updateOne: { filter: {}, update, upsert: undefined, hint: null } }).statement, {
      q: {},
      u: update,
    });
    const { hint, collation } = options;
    assert.deepEqual(of({ deleteOne: { filter: {}, ...options } }).statement, { q: {}, limit: 1, hint, collation });
  });

  it('leaves the sort of a write of many documents out: none of them is the first', () => {
    const { statement } = of({ updateMany: { filter: {}, update: { $set: { a: 1 } }, sort: { a: 1 } } });

    assert.equal('sort' in statement, false);
  });

  it('ignores keys beside the operation that are no operations', () => {
    assert.equal(of({ comment: 'x', deleteOne: { filter: {} } }).kind, 'delete');
  });

  const REFUSED: [what: string, model: unknown, message: RegExp][] = [
    ['null', null, /^Operation must be an object with an operation key$/],
    ['an empty object', {}, /^Operation must be an object with an operation key$/],
    ['an unknown operation', { frob: {} }, /^bulkWrite only supports .*, got frob$/],
    [
      'two operations',
      { deleteOne: { filter: {} }, deleteMany: { filter: {} } },
      /must have one operation key, got deleteOne and deleteMany$/,
    ],
    ['fields that are no object', { deleteOne: null }, /^Selector must be a valid JavaScript object$/],
    ['a missing filter', { deleteMany: {} }, /^Selector must be a valid JavaScript object$/],
    ['a filter that is an array', { deleteOne: { filter: [] } }, /^Selector must be a valid JavaScript object$/],
    ['a statement', { updateOne: { q: {}, u: { $set: { a: 1 } } } }, /^Raw operations are not allowed$/],
    ['an update without operators', { updateOne: { filter: {}, update: { a: 1 } } }, /requires atomic operators/],
    ['an update that is missing', { updateMany: { filter: {} } }, /^Document must be a valid JavaScript object$/],
    [
      'a replacement with operators',
      { replaceOne: { filter: {}, replacement: { $set: {} } } },
      /^Replacement document must not use atomic operators$/,
    ],
    [
      'a sort that is none',
      { updateOne: { filter: {}, update: { $set: { a: 1 } }, sort: { a: 'up' } } },
      /sort direction/,
    ],
  ];
  for (const [what, model, message] of REFUSED) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => of(model),
        (error: Error) => error instanceof MongoInvalidArgumentError && message.test(error.message),
      );
    });
  }
});

describe('rawWrite', () => {
  it('takes a statement as it is, and tells an update from a replacement by what it changes', () => {
    const update = { q: {}, u: { $set: { a: 1 } }, anything: 1 };
    const replacement = { q: {}, u: { a: 1 } };
    const remove = { q: {}, limit: 0 };

    assert.deepEqual(rawWrite('update', update), { kind: 'update', statement: update, change: 'update' });
    assert.deepEqual(rawWrite('update', replacement).change, 'replacement');
    assert.deepEqual(rawWrite('delete', remove), { kind: 'delete', statement: remove, change: null });
    assert.equal(rawWrite('update', update).statement, update);
  });

  it('refuses what is no statement', () => {
    for (const [kind, statement] of [
      ['delete', null],
      ['delete', { limit: 1 }],
      ['update', { u: { $set: { a: 1 } } }],
      ['update', { q: {} }],
      ['update', { q: {}, u: 5 }],
    ] as const) {
      assert.throws(() => rawWrite(kind, statement), MongoInvalidArgumentError);
    }
  });
});

describe('checkWrites', () => {
  const ignoring = { ignoreUndefined: true };

  it('accepts what stays the same write when it is encoded', () => {
    const writes = [
      insertWrite({ a: undefined }, document => document as Document),
      updateWrite('updateOne', { filter: { a: 1 }, update: { $set: { b: 1 } } }),
      updateWrite('replaceOne', { filter: {}, replacement: {} }),
      deleteWrite('deleteMany', { filter: {} }),
    ];

    assert.doesNotThrow(() => checkWrites(writes, ignoring));
  });

  it('refuses a filter that would match every document when it is encoded', () => {
    const writes = [deleteWrite('deleteMany', { filter: { owner: undefined } })];

    assert.doesNotThrow(() => checkWrites(writes, {}));
    assert.throws(() => checkWrites(writes, ignoring), /would match every document/);
  });

  it('refuses an update that would replace the document when it is encoded', () => {
    const writes = [updateWrite('updateOne', { filter: { a: 1 }, update: { $set: undefined } })];

    assert.doesNotThrow(() => checkWrites(writes, {}));
    assert.throws(() => checkWrites(writes, ignoring), /atomic operators have defined values/);
  });

  it('refuses a replacement that would be an update when it is encoded', () => {
    const replacement = { toBSON: () => ({ $set: { a: 1 } }) };
    const writes = [updateWrite('replaceOne', { filter: { a: 1 }, replacement })];

    assert.throws(() => checkWrites(writes, {}), /must not use atomic operators/);
  });
});
