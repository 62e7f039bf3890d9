import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ClientBulkWriteModel, type Document, MongoClientBulkWriteError } from 'mongodb';
import { bodyOf, documentSequence, opMsg, RawClient } from '../support/raw_client.js';
import { failCommand, serverError, withCluster } from '../support/with_cluster.js';

interface Thing extends Document {
  _id: number | string;
}
type Models = ClientBulkWriteModel<Record<string, Thing>>[];

async function bulkError(work: Promise<unknown>): Promise<MongoClientBulkWriteError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof MongoClientBulkWriteError) return error;
    throw error;
  }
  throw new Error('Expected the bulk write to fail');
}

const a = 'shop.a';
const b = 'shop.b';

for (const topology of ['standalone', 'replicaset'] as const) {
  describe(`bulkWrite with the official driver on a ${topology}`, () => {
    const mixed: Models = [
      { namespace: a, name: 'insertOne', document: { _id: 1, n: 1 } },
      { namespace: b, name: 'insertOne', document: { _id: 1, n: 1 } },
      { namespace: b, name: 'insertOne', document: { _id: 2, n: 1 } },
      { namespace: b, name: 'updateOne', filter: { _id: 1 }, update: { $inc: { n: 1 } } },
      { namespace: b, name: 'replaceOne', filter: { _id: 2 }, replacement: { n: 9 } },
      { namespace: a, name: 'updateOne', filter: { _id: 7 }, update: { $set: { n: 7 } }, upsert: true },
      { namespace: a, name: 'deleteOne', filter: { _id: 1 } },
    ];

    it('writes to many collections and counts what it did', () =>
      withCluster({ topology }, async client => {
        const result = await client.bulkWrite<Record<string, Thing>>([
          ...mixed,
          { namespace: b, name: 'updateMany', filter: {}, update: { $set: { tag: 1 } } },
          { namespace: a, name: 'deleteMany', filter: {} },
        ]);

        assert.deepEqual(
          [result.insertedCount, result.matchedCount, result.modifiedCount, result.upsertedCount, result.deletedCount],
          [3, 4, 4, 1, 2],
        );
        assert.deepEqual(await client.db('shop').collection('b').find().toArray(), [
          { _id: 1, n: 2, tag: 1 },
          { _id: 2, n: 9, tag: 1 },
        ]);
        assert.equal(await client.db('shop').collection('a').countDocuments(), 0);
      }));

    it('tells of every operation when asked for verbose results', () =>
      withCluster({ topology }, async client => {
        const result = await client.bulkWrite<Record<string, Thing>>(mixed, { verboseResults: true });

        assert.deepEqual(
          [...(result.insertResults ?? [])].map(([index, { insertedId }]) => [index, insertedId as unknown]),
          [
            [0, 1],
            [1, 1],
            [2, 2],
          ],
        );
        assert.deepEqual(Object.fromEntries(result.updateResults ?? []), {
          3: { matchedCount: 1, modifiedCount: 1, didUpsert: false },
          4: { matchedCount: 1, modifiedCount: 1, didUpsert: false },
          5: { matchedCount: 1, modifiedCount: 0, upsertedId: 7, didUpsert: true },
        });
        assert.deepEqual(Object.fromEntries(result.deleteResults ?? []), { 6: { deletedCount: 1 } });
      }));

    const failing: Models = [
      { namespace: a, name: 'insertOne', document: { _id: 1 } },
      { namespace: a, name: 'insertOne', document: { _id: 1 } },
      { namespace: a, name: 'updateOne', filter: {}, update: { $foo: { n: 1 } } },
      { namespace: a, name: 'insertOne', document: { _id: 2 } },
    ];

    it('stops at the first error when ordered, goes on when not', () =>
      withCluster({ topology }, async client => {
        const ordered = await bulkError(client.bulkWrite<Record<string, Thing>>(failing, { verboseResults: true }));
        await client.db('shop').dropCollection('a');
        const unordered = await bulkError(client.bulkWrite<Record<string, Thing>>(failing, { ordered: false }));

        assert.deepEqual([...ordered.writeErrors.keys()], [1]);
        assert.equal(ordered.writeErrors.get(1)?.code, 11000);
        assert.match(
          ordered.writeErrors.get(1)?.message ?? '',
          /^E11000 duplicate key error collection: shop.a index: _id_/,
        );
        assert.deepEqual([...unordered.writeErrors.keys()], [1, 2]);
        assert.equal(unordered.writeErrors.get(2)?.code, 9);
        assert.equal(unordered.partialResult?.insertedCount, 2);
      }));
  });
}

describe('bulkWrite', () => {
  it('gives results that do not fit into one reply with getMore', () =>
    withCluster({ client: { monitorCommands: true } }, async client => {
      let getMores = 0;
      client.on('commandStarted', ({ commandName }) => (getMores += commandName === 'getMore' ? 1 : 0));
      const upsert = (letter: string): Models[number] => ({
        namespace: a,
        name: 'updateOne',
        filter: { _id: letter.repeat(8 * 1024 * 1024) },
        update: { $set: { x: 1 } },
        upsert: true,
      });

      const result = await client.bulkWrite<Record<string, Thing>>([upsert('a'), upsert('b')], {
        verboseResults: true,
      });

      assert.equal(result.updateResults?.size, 2);
      assert.equal(getMores, 1);
    }));

  it('gives let to filters and pipelines', () =>
    withCluster({}, async client => {
      const things = client.db('shop').collection<{ _id: number; n?: number }>('a');
      await things.insertMany([{ _id: 1 }, { _id: 2 }]);

      await client.bulkWrite<Record<string, Thing>>(
        [
          {
            namespace: a,
            name: 'updateOne',
            filter: { $expr: { $eq: ['$_id', '$$one'] } },
            update: [{ $set: { n: '$$one' } }],
          },
          { namespace: a, name: 'deleteOne', filter: { $expr: { $eq: ['$_id', '$$two'] } } },
        ],
        { let: { one: 1, two: 2 } },
      );

      assert.deepEqual(await things.find().toArray(), [{ _id: 1, n: 1 }]);
    }));

  it('is executed once when it is retried', () =>
    withCluster({ topology: 'replicaset' }, async client => {
      await failCommand(client, { times: 1 }, { failCommands: ['bulkWrite'], errorCode: 91 });
      await client.bulkWrite<Record<string, Thing>>([{ namespace: a, name: 'insertOne', document: { _id: 1 } }]);
      const command = {
        bulkWrite: 1,
        ops: [{ update: 0, filter: { _id: 1 }, updateMods: { $inc: { n: 1 } } }],
        nsInfo: [{ ns: a }],
        lsid: (await client.db('admin').command({ startSession: 1 }))['id'] as Document,
        txnNumber: 1n,
        $db: 'admin',
      };

      const raw = await RawClient.connect(Number(new URL(`x://${client.options.hosts[0]!.toString()}`).port));
      for (let time = 0; time < 2; time++) {
        raw.send(opMsg(command));
        assert.equal(bodyOf(await raw.receive())['nModified'], 1);
      }
      raw.close();

      assert.deepEqual(await client.db('shop').collection('a').find().toArray(), [{ _id: 1, n: 1 }]);
    }));

  it('takes operations as document sequences, and answers the documented reply', () =>
    withCluster({}, async (_client, cluster) => {
      const raw = await RawClient.connect(cluster.node(0).port);
      const sequence = Buffer.concat([
        documentSequence('ops', [
          { insert: 0, document: { _id: 1 } },
          { delete: 0, filter: {}, multi: true },
        ]),
        documentSequence('nsInfo', [{ ns: a }]),
      ]);
      raw.send(opMsg({ bulkWrite: 1, $db: 'admin' }, { sequence }));
      const reply = bodyOf(await raw.receive());
      raw.close();

      assert.deepEqual(JSON.parse(JSON.stringify(reply)), {
        cursor: {
          firstBatch: [
            { ok: 1, idx: 0, n: 1 },
            { ok: 1, idx: 1, n: 1 },
          ],
          id: 0,
          ns: 'admin.$cmd.bulkWrite',
        },
        nErrors: 0,
        nInserted: 1,
        nMatched: 0,
        nModified: 0,
        nUpserted: 0,
        nDeleted: 1,
        ok: 1,
      });
    }));

  const wrong: readonly (readonly [string, Document, number, RegExp])[] = [
    ['no operations', { ops: [], nsInfo: [] }, 16, /^Write batch sizes must be between 1 and 100000. Got 0 operations/],
    [
      'a namespace that is not listed',
      { ops: [{ insert: 1, document: {} }], nsInfo: [{ ns: a }] },
      2,
      /^BulkWrite ops entry \{ insert: 1, document: \{\} \} has an invalid nsInfo index\.$/,
    ],
    ['an invalid namespace', { ops: [{ insert: 0, document: {} }], nsInfo: [{ ns: 'x' }] }, 73, /^Invalid namespace/],
    ['an unknown operation', { ops: [{ foo: 0 }], nsInfo: [{ ns: a }] }, 40415, /bulkWrite\.ops\.foo/],
    ['a missing list', { nsInfo: [{ ns: a }] }, 40414, /^BSON field 'bulkWrite.ops' is missing but a required field$/],
  ];
  for (const [what, fields, code, text] of wrong) {
    it(`refuses ${what}`, () =>
      withCluster({}, async client => {
        const error = await serverError(client.db('admin').command({ bulkWrite: 1, ...fields }));

        assert.equal(error.code, code);
        assert.match(error.message, text);
      }));
  }

  it('runs on the admin database only', () =>
    withCluster({}, async client => {
      const error = await serverError(client.db('shop').command({ bulkWrite: 1, ops: [], nsInfo: [] }));

      assert.deepEqual([error.code, error.message], [13, 'bulkWrite may only be run against the admin database.']);
    }));
});
