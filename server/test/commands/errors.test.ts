import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Long, MongoBulkWriteError } from 'mongodb';
import { serverError, withCluster } from '../support/with_cluster.js';

describe('errors', () => {
  const wrong: readonly (readonly [string, object, number, string, string])[] = [
    ['an unknown command', { foo: 1 }, 59, 'CommandNotFound', "no such command: 'foo'"],
    [
      'a filter that is no document',
      { find: 'c', filter: 'x' },
      14,
      'TypeMismatch',
      "BSON field 'find.filter' is the wrong type 'string', expected type 'object'",
    ],
    ['an unknown field', { find: 'c', foo: 1 }, 40415, 'Location40415', "BSON field 'find.foo' is an unknown field."],
    [
      'a missing field',
      { insert: 'c' },
      40414,
      'Location40414',
      "BSON field 'insert.documents' is missing but a required field",
    ],
    ['an unknown query operator', { find: 'c', filter: { a: { $foo: 1 } } }, 2, 'BadValue', 'unknown operator: $foo'],
    [
      'an unknown stage',
      { aggregate: 'c', pipeline: [{ $foo: 1 }], cursor: {} },
      40324,
      'Location40324',
      "Unrecognized pipeline stage name: '$foo'",
    ],
    [
      'an unknown stage in an update, which fails as a whole',
      { update: 'c', updates: [{ q: {}, u: [{ $foo: 1 }] }] },
      40324,
      'Location40324',
      "Unrecognized pipeline stage name: '$foo'",
    ],
    [
      'an aggregate without cursor',
      { aggregate: 'c', pipeline: [] },
      9,
      'FailedToParse',
      "The 'cursor' option is required, except for aggregate with the explain argument",
    ],
    [
      'an unknown cursor',
      { getMore: Long.fromNumber(5), collection: 'c' },
      43,
      'CursorNotFound',
      'cursor id 5 not found',
    ],
    [
      'an empty batch',
      { insert: 'c', documents: [] },
      16,
      'InvalidLength',
      'Write batch sizes must be between 1 and 100000. Got 0 operations.',
    ],
    [
      'an admin command elsewhere',
      { listDatabases: 1 },
      13,
      'Unauthorized',
      'listDatabases may only be run against the admin database.',
    ],
    ['an API version that is none', { ping: 1, apiVersion: '2' }, 322, 'APIVersionError', 'API version must be "1"'],
  ];
  for (const [name, command, code, codeName, message] of wrong) {
    it(`answers ${code} for ${name}`, () =>
      withCluster({}, async client => {
        const error = await serverError(client.db('test').command(command));

        assert.deepEqual([error.code, error.codeName, error.message], [code, codeName, message]);
      }));
  }

  it('answers a duplicate _id with the pattern and the value of its key', () =>
    withCluster({}, async client => {
      const things = client.db('db').collection<{ _id: number }>('coll');
      await things.insertOne({ _id: 1 });

      const error = await serverError(things.insertOne({ _id: 1 }));

      assert.equal(error.message, 'E11000 duplicate key error collection: db.coll index: _id_ dup key: { _id: 1 }');
      assert.equal(error.code, 11000);
      assert.deepEqual(error['keyPattern'], { _id: 1 });
      assert.deepEqual(error['keyValue'], { _id: 1 });
    }));

  it('stops an ordered batch at the first error and goes through an unordered one', () =>
    withCluster({}, async client => {
      const things = client.db('db').collection<{ _id: number }>('coll');
      const documents = [{ _id: 1 }, { _id: 1 }, { _id: 2 }];

      await assert.rejects(
        things.insertMany(documents),
        (error: unknown) => error instanceof MongoBulkWriteError && error.insertedCount === 1,
      );
      await things.deleteMany({});
      await assert.rejects(things.insertMany(documents, { ordered: false }), (error: unknown) => {
        assert.ok(error instanceof MongoBulkWriteError);
        assert.deepEqual(
          [error.insertedCount, [error.writeErrors].flat().map(({ index, code }) => [index, code])],
          [2, [[1, 11000]]],
        );
        return true;
      });
    }));

  it('refuses to change an _id', () =>
    withCluster({}, async client => {
      const things = client.db('db').collection<{ _id: number }>('coll');
      await things.insertOne({ _id: 1 });

      const error = await serverError(things.updateOne({ _id: 1 }, { $set: { _id: 2 } }));

      assert.equal(error.code, 66);
    }));

  it('refuses a document above 16 MB', () =>
    withCluster({}, async client => {
      const things = client.db('db').collection<{ _id: number; text?: string }>('coll');
      await things.insertOne({ _id: 1, text: 'x'.repeat(16 * 1024 * 1024 - 100) });

      const error = await serverError(
        things.updateOne({ _id: 1 }, [{ $set: { more: { $concat: ['$text', '$text'] } } }]),
      );

      assert.equal(error.code, 10334);
    }));

  it('refuses a hint that names no index', () =>
    withCluster({}, async client => {
      const things = client.db('db').collection('coll');
      await things.insertOne({});

      assert.equal((await serverError(things.find({}, { hint: 'none' }).toArray())).code, 2);
      assert.equal((await things.find({}, { hint: '_id_' }).toArray()).length, 1);
    }));

  it('tells of a write concern that the set cannot satisfy', () =>
    withCluster({ topology: 'replicaset' }, async client => {
      const things = client.db('db').collection<{ _id: number }>('coll');

      const error = await serverError(things.insertOne({ _id: 1 }, { writeConcern: { w: 4 } }));

      assert.equal(error.code, 100);
      assert.equal(await things.countDocuments(), 1);
    }));
});
