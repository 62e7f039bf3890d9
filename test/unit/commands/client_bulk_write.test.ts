import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BSONSerializeOptions, Document } from '../../../src/bson/index.js';
import { clientWriteOf } from '../../../src/commands/client_bulk_write.js';
import { MongoAPIError, MongoInvalidArgumentError } from '../../../src/errors/driver.js';

const namespace = 'shop.orders';
const filter = { a: 1 };
const update = { $set: { b: 1 } };

const of = (model: unknown, options: BSONSerializeOptions = {}) =>
  clientWriteOf(model, document => ({ _id: 'made', ...(document as Document) }), options);

describe('clientWriteOf', () => {
  it('takes each kind of model', () => {
    assert.deepEqual(
      [
        of({ name: 'insertOne', namespace, document: { x: 1 } }),
        of({ name: 'updateOne', namespace, filter, update }),
        of({ name: 'updateMany', namespace, filter, update: [update] }),
        of({ name: 'replaceOne', namespace, filter, replacement: { b: 1 } }),
        of({ name: 'deleteOne', namespace, filter }),
        of({ name: 'deleteMany', namespace, filter }),
      ].map(({ kind, op, change, insertedId }) => [kind, op, change, insertedId]),
      [
        ['insert', { insert: 0, document: { _id: 'made', x: 1 } }, null, 'made'],
        ['update', { update: 0, filter, updateMods: update, multi: false }, 'update', undefined],
        ['update', { update: 0, filter, updateMods: [update], multi: true }, 'update', undefined],
        ['update', { update: 0, filter, updateMods: { b: 1 }, multi: false }, 'replacement', undefined],
        ['delete', { delete: 0, filter, multi: false }, null, undefined],
        ['delete', { delete: 0, filter, multi: true }, null, undefined],
      ],
    );
  });

  it('keeps the namespace, whose collection may have dots', () => {
    assert.equal(of({ name: 'deleteOne', namespace: 'shop.orders.old', filter }).namespace, 'shop.orders.old');
  });

  it('puts the field of its kind first, where the number of the namespace goes', () => {
    const { op } = of({ namespace, collation: { locale: 'en' }, filter, name: 'deleteOne' });

    assert.equal(Object.keys(op)[0], 'delete');
  });

  it('copies the options of a write that its operation has, and leaves those that are not set out', () => {
    const options = { upsert: true, hint: 'a_1', arrayFilters: [{ e: 1 }], collation: { locale: 'en' } };
    const { upsert, hint, arrayFilters, collation } = options;

    assert.deepEqual(of({ name: 'updateOne', namespace, filter, update, sort: { a: -1 }, other: 1, ...options }).op, {
      ...{ update: 0, filter, updateMods: update, multi: false },
      ...{ upsert, hint, arrayFilters, collation },
      sort: new Map([['a', -1]]),
    });
    assert.deepEqual(of({ name: 'deleteOne', namespace, filter, ...options }).op, {
      ...{ delete: 0, filter, multi: false },
      ...{ hint, collation },
    });
    assert.equal('upsert' in of({ name: 'updateOne', namespace, filter, update, upsert: null }).op, false);
  });

  it('leaves the sort of a write of many documents out: none of them is the first', () => {
    assert.equal('sort' in of({ name: 'updateMany', namespace, filter, update, sort: { a: 1 } }).op, false);
  });

  it('looks at own properties only', () => {
    const inherited = Object.assign(Object.create({ hint: 'a_1' }) as Document, {
      name: 'deleteOne',
      namespace,
      filter,
    });

    assert.equal('hint' in of(inherited).op, false);
  });

  const REFUSED: [what: string, model: unknown, message: RegExp][] = [
    ['null', null, /must be an object with a name and a namespace, got null/],
    ['an array', [], /must be an object with a name and a namespace, got an array/],
    ['an unknown name', { name: 'frob', namespace }, /only supports .*, got frob$/],
    ['a missing name', { namespace }, /only supports .*, got undefined$/],
    ['a missing namespace', { name: 'deleteOne', filter }, /must be 'database\.collection', got undefined$/],
    ['a namespace without a dot', { name: 'deleteOne', namespace: 'shop', filter }, /got 'shop'$/],
    ['a namespace without a database', { name: 'deleteOne', namespace: '.orders', filter }, /got '\.orders'$/],
    ['a namespace without a collection', { name: 'deleteOne', namespace: 'shop.', filter }, /got 'shop\.'$/],
    ['a namespace with a zero', { name: 'deleteOne', namespace: 'shop.a\0b', filter }, /database\.collection/],
    ['a long namespace, of which it shows little', { name: 'deleteOne', namespace: 'x'.repeat(500) }, /got 'x{100}'$/],
    ['a missing filter', { name: 'deleteMany', namespace }, /^The filter of a client bulk write model must be/],
    ['an update without a filter', { name: 'updateOne', namespace, update }, /^The filter .* must be an object/],
    ['a replacement without a filter', { name: 'replaceOne', namespace, replacement: {} }, /^The filter .* must be/],
    ['a sort that is none', { name: 'updateOne', namespace, filter, update, sort: { a: 'up' } }, /sort direction/],
  ];
  for (const [what, model, message] of REFUSED) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => of(model),
        (error: Error) => error instanceof MongoInvalidArgumentError && message.test(error.message),
      );
    });
  }

  it('refuses an update without operators, and a replacement with them', () => {
    const updates = [{ a: 1 }, {}, [], [{ a: 1 }], undefined, 5];
    for (const wrong of updates) {
      for (const name of ['updateOne', 'updateMany']) {
        assert.throws(
          () => of({ name, namespace, filter, update: wrong }),
          (error: Error) => error instanceof MongoAPIError && /must only contain atomic modifiers/.test(error.message),
        );
      }
    }
    for (const replacement of [update, [update], undefined, 5]) {
      assert.throws(
        () => of({ name: 'replaceOne', namespace, filter, replacement }),
        (error: Error) => error instanceof MongoAPIError && /must not contain atomic modifiers/.test(error.message),
      );
    }
  });

  it('refuses what becomes another write when it is encoded', () => {
    const ignoring = { ignoreUndefined: true };
    const all = { name: 'deleteMany', namespace, filter: { owner: undefined } };
    const nothing = { name: 'updateOne', namespace, filter, update: { $set: undefined } };

    assert.doesNotThrow(() => [of(all), of(nothing)]);
    assert.throws(() => of(all, ignoring), /would match every document/);
    assert.throws(() => of(nothing, ignoring), MongoAPIError);
  });
});
