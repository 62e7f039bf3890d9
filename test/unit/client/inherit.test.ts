import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serialize } from '../../../src/bson/index.js';
import { adminContext, clientContext, deriveContext, type LevelOptions } from '../../../src/client/inherit.js';
import type { MongoClientOptions } from '../../../src/uri/client_options.js';
import { resolveOptions } from '../../../src/uri/resolve.js';

const contextOf = (options: MongoClientOptions = {}) => clientContext(resolveOptions('mongodb://a', options));

function databaseOf(client: MongoClientOptions = {}, own?: LevelOptions) {
  return deriveContext(contextOf(client), { database: 'shop', collection: '' }, 'database', own);
}

function collectionOf(client: MongoClientOptions = {}, database?: LevelOptions, own?: LevelOptions) {
  return deriveContext(databaseOf(client, database), { database: 'shop', collection: 'orders' }, 'collection', own);
}

describe('what a client, a database and a collection hand down', () => {
  it('a client hands down its settings, and names nothing', () => {
    const context = contextOf({
      readPreference: 'nearest',
      readConcernLevel: 'majority',
      writeConcern: { w: 2 },
      timeoutMS: 500,
    });

    assert.deepEqual([context.database, context.collection, context.namespace], ['', '', '']);
    assert.equal(context.readPreference.mode, 'nearest');
    assert.equal(context.readConcern?.level, 'majority');
    assert.equal(context.writeConcern?.w, 2);
    assert.deepEqual(context.budget, { timeoutMS: 500, source: 'the client' });
    assert.equal(context.session, null);
  });

  it('a client without timeoutMS hands down none', () => {
    assert.equal(contextOf().budget.timeoutMS, undefined);
  });

  it('a client hands down how documents are decoded', () => {
    const bytes = Buffer.from(serialize({ a: 5n }));

    assert.deepEqual(contextOf({ useBigInt64: true }).decode(bytes, 0), { a: 5n });
    assert.deepEqual(contextOf().decode(bytes, 0), { a: 5 });
  });

  it('a database and a collection have the names that operations and messages use', () => {
    assert.equal(databaseOf().namespace, 'shop');
    const { database, collection, namespace } = collectionOf();
    assert.deepEqual([database, collection, namespace], ['shop', 'orders', 'shop.orders']);
  });

  it('a level without settings of its own hands down those above it', () => {
    const options: MongoClientOptions = {
      readPreference: 'nearest',
      readConcernLevel: 'majority',
      writeConcern: { w: 2 },
    };
    const above = contextOf(options);

    for (const own of [undefined, {}, { readPreference: undefined, readConcern: undefined } as never]) {
      const { readPreference, readConcern, writeConcern, decode } = collectionOf(options, own, own);
      assert.equal(readPreference.mode, above.readPreference.mode);
      assert.equal(readConcern?.level, above.readConcern?.level);
      assert.equal(writeConcern?.w, 2);
      assert.equal(typeof decode, 'function');
    }
  });

  it('the nearest level that has a setting decides', () => {
    const context = collectionOf(
      { readPreference: 'nearest', writeConcern: { w: 2 }, readConcernLevel: 'majority' },
      { readPreference: 'secondary', writeConcern: { w: 3 } },
      { readPreference: 'primary' },
    );

    assert.equal(context.readPreference.mode, 'primary');
    assert.equal(context.writeConcern?.w, 3);
    assert.equal(context.readConcern?.level, 'majority');
  });

  it('the nearest level that has a timeoutMS decides, 0 included, and is named by messages', () => {
    const client = { timeoutMS: 500 };

    assert.deepEqual(collectionOf(client).budget, { timeoutMS: 500, source: 'the client' });
    assert.deepEqual(collectionOf(client, { timeoutMS: 300 }).budget, { timeoutMS: 300, source: 'the database' });
    assert.deepEqual(collectionOf(client, { timeoutMS: 300 }, { timeoutMS: 0 }).budget, {
      timeoutMS: 0,
      source: 'the collection',
    });
    assert.deepEqual(collectionOf({}, {}, { timeoutMS: 7 }).budget, { timeoutMS: 7, source: 'the collection' });
  });

  for (const [what, derive] of [
    ['the database', () => databaseOf({}, { timeoutMS: -1 })],
    ['the collection', () => collectionOf({}, {}, { timeoutMS: -1 })],
  ] as const) {
    it(`a wrong timeoutMS of ${what} is refused`, () => {
      assert.throws(derive, new RegExp(`^MongoInvalidArgumentError: timeoutMS of ${what} is -1`));
    });
  }

  it('options of BSON override one by one', () => {
    const bytes = Buffer.from(serialize({ a: 5n, b: 1 }));
    const context = collectionOf({ useBigInt64: true }, { ignoreUndefined: true }, { promoteValues: true });

    assert.deepEqual(context.decode(bytes, 0), { a: 5n, b: 1 });
    assert.equal(context.bsonOptions.useBigInt64, true);
    assert.equal(context.bsonOptions.ignoreUndefined, true);
    assert.deepEqual(collectionOf({ useBigInt64: true }, {}, { useBigInt64: false }).decode(bytes, 0), { a: 5, b: 1 });
  });

  it('options are read from the object itself and not from what it inherits', () => {
    const inherited = Object.create({ timeoutMS: 5, readPreference: 'nearest' }) as LevelOptions;

    const context = databaseOf({ timeoutMS: 500 }, inherited);

    assert.equal(context.budget.timeoutMS, 500);
    assert.equal(context.readPreference.mode, 'primary');
  });

  it('an unknown option of a level that is close to a known one is named by a warning', async () => {
    const warned = new Promise<Error>(resolve => {
      process.on('warning', function onWarning(warning: Error) {
        if (!warning.message.includes('readPreferense')) return;
        process.off('warning', onWarning);
        resolve(warning);
      });
    });

    databaseOf({}, { readPreferense: 'nearest' } as never);

    assert.match((await warned).message, /did you mean "readPreference"\?$/);
  });

  it('operations on the whole deployment run on admin with the settings of the client', () => {
    const context = adminContext(contextOf({ readPreference: 'nearest', timeoutMS: 500 }));

    assert.deepEqual([context.database, context.collection, context.namespace], ['admin', '', 'admin']);
    assert.equal(context.readPreference.mode, 'nearest');
    assert.equal(context.budget.timeoutMS, 500);
  });
});
