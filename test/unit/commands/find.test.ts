import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ObjectId } from '../../../src/bson/index.js';
import { checkFilter, type FindCommandOptions, find, findOne } from '../../../src/commands/find.js';
import { ReadConcern } from '../../../src/concern/read_concern.js';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import { MongoInvalidArgumentError } from '../../../src/errors/driver.js';
import { commandOf, contextWith, resultOf } from './support.js';

const context = contextWith();

/** The fields of a find beside its name and filter. */
function fieldsOf(options: FindCommandOptions) {
  const { find: _find, filter: _filter, ...fields } = commandOf(find(context, {}, options));
  return fields;
}

describe('find', () => {
  it('sends the options that are fields of the command', () => {
    const options = { min: { a: 1 }, max: { a: 9 }, returnKey: true, showRecordId: true, allowDiskUse: true } as const;
    const others = { allowPartialResults: true, tailable: true, awaitData: true, let: { x: 1 }, comment: 'why' };

    assert.deepEqual(fieldsOf({ ...options, ...others, collation: { locale: 'en' }, maxTimeMS: 5 }), {
      ...options,
      ...others,
      collation: { locale: 'en' },
      maxTimeMS: 5,
    });
    assert.deepEqual(fieldsOf({}), {});
  });

  it('names the collection, with the read concern and the server that the context has', () => {
    const readConcern = new ReadConcern('majority');
    const operation = find(contextWith({ readConcern, readPreference: ReadPreference.secondary }), { a: 1 }, {});

    assert.deepEqual(commandOf(operation), { find: 'orders', filter: { a: 1 }, readConcern: { level: 'majority' } });
    assert.deepEqual([operation.readPreference.mode, operation.retryable], ['secondary', true]);
  });

  it('takes an ObjectId for the filter of the _id', () => {
    const id = new ObjectId();

    assert.deepEqual(commandOf(find(context, id, {}))['filter'], { _id: id });
  });

  it('takes names as the projection or the hint', () => {
    assert.deepEqual(fieldsOf({ projection: ['a', 'b'], hint: ['a'] }), { projection: { a: 1, b: 1 }, hint: { a: 1 } });
    assert.deepEqual(fieldsOf({ projection: { a: 0 }, hint: 'a_1' }), { projection: { a: 0 }, hint: 'a_1' });
  });

  it('takes timeout as the opposite of noCursorTimeout, over which it takes precedence', () => {
    assert.deepEqual(fieldsOf({ noCursorTimeout: true }), { noCursorTimeout: true });
    assert.deepEqual(fieldsOf({ noCursorTimeout: true, timeout: true }), { noCursorTimeout: false });
    assert.deepEqual(fieldsOf({ timeout: false }), { noCursorTimeout: true });
  });

  const SIZES: [options: FindCommandOptions, fields: FindCommandOptions][] = [
    [{ limit: 0 }, {}],
    [{ limit: 5 }, { limit: 5 }],
    [{ limit: -5 }, { limit: 5, singleBatch: true }],
    [{ batchSize: 5 }, { batchSize: 5 }],
    [{ batchSize: 0 }, { batchSize: 0 }],
    [{ batchSize: -5 }, { limit: 5, singleBatch: true }],
    [
      { limit: 5, batchSize: 5 },
      { limit: 5, batchSize: 6 },
    ],
    [
      { limit: 5, batchSize: 2 },
      { limit: 5, batchSize: 2 },
    ],
    [
      { limit: 5, batchSize: -2 },
      { limit: 2, singleBatch: true },
    ],
    [
      { skip: 3, singleBatch: true },
      { skip: 3, singleBatch: true },
    ],
    [{ singleBatch: false }, {}],
  ];
  for (const [options, fields] of SIZES) {
    it(`sends ${JSON.stringify(options)} as ${JSON.stringify(fields)}`, () => {
      assert.deepEqual(fieldsOf(options), fields);
    });
  }
});

describe('findOne', () => {
  it('asks for one document in one batch', () => {
    const options = { skip: 2, limit: 7, batchSize: 9, sort: { a: 1 } } as const;

    assert.deepEqual(commandOf(findOne(context, { a: 1 }, options)), {
      find: 'orders',
      filter: { a: 1 },
      sort: new Map([['a', 1]]),
      skip: 2,
      limit: 1,
      singleBatch: true,
    });
  });

  it('gives the document, or null', () => {
    const reply = (firstBatch: unknown[]) => ({ cursor: { id: 0, ns: 'shop.orders', firstBatch } });

    assert.deepEqual(resultOf(findOne(context, {}, {}), reply([{ a: 1 }])), { a: 1 });
    assert.equal(resultOf(findOne(context, {}, {}), reply([])), null);
  });
});

describe('checkFilter', () => {
  it('refuses a filter that is no object, with the message of the method', () => {
    for (const filter of [null, undefined, 5, 'x', []]) {
      assert.throws(() => checkFilter(filter), MongoInvalidArgumentError);
      assert.throws(() => checkFilter(filter, 'own words'), /own words/);
    }
    assert.doesNotThrow(() => checkFilter({}));
  });
});
