import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Code, type Document, Long, type MongoClient, type Timestamp } from 'mongodb';
import { TestCluster } from '../../src/index.js';
import { opMsg, RawClient } from '../support/raw_client.js';
import { serverError, withCluster } from '../support/with_cluster.js';

interface Item extends Document {
  readonly _id: number;
}

async function withItems(run: (client: MongoClient) => Promise<void>): Promise<void> {
  await withCluster({ topology: 'standalone' }, async client => {
    const items = client.db('d').collection<Item>('c');
    await items.createIndex({ a: 1, b: -1 });
    await items.insertMany([3, 1, 2].map(_id => ({ _id, a: _id, b: 10 * _id })));
    await run(client);
  });
}

describe('find', () => {
  it('answers only the keys of the index that was used, with returnKey', () =>
    withItems(async client => {
      const items = client.db('d').collection<Item>('c');
      const keys = (filter: Document, hint?: Document) =>
        items.find(filter, { returnKey: true, ...(hint && { hint }) }).toArray();

      assert.deepEqual(await keys({ a: { $gt: 1 } }), [
        { a: 3, b: 30 },
        { a: 2, b: 20 },
      ]);
      assert.deepEqual(await keys({ _id: 2 }), [{ _id: 2 }]);
      assert.deepEqual(await keys({ b: 20 }), [{}]);
      assert.deepEqual(await keys({ b: 20 }, { a: 1, b: -1 }), [{ a: 2, b: 20 }]);
    }));

  it('shows record ids that documents keep, with showRecordId', () =>
    withItems(async client => {
      const items = client.db('d').collection<Item>('c');
      await items.deleteOne({ _id: 1 });
      await items.updateOne({ _id: 2 }, { $set: { c: 1 } });
      await items.insertOne({ _id: 4 });

      const shown = await items.find({}, { showRecordId: true, projection: { _id: 1 } }).toArray();

      assert.deepEqual(shown, [
        { _id: 3, $recordId: 1 },
        { _id: 2, $recordId: 3 },
        { _id: 4, $recordId: 4 },
      ]);
    }));

  it('keeps to the bounds of min and max, which need a hint', () =>
    withItems(async client => {
      const items = client.db('d').collection<Item>('c');
      const hint = { a: 1, b: -1 };
      const bounded = await items.find({}, { min: { a: 2, b: 20 }, max: { a: 3, b: 30 }, hint }).toArray();

      assert.deepEqual(
        bounded.map(({ _id }) => _id),
        [2],
      );
      assert.equal((await serverError(items.find({}, { min: { a: 2 } }).toArray())).code, 51173);
      assert.equal((await serverError(items.find({}, { min: { x: 2 }, hint }).toArray())).code, 51174);
    }));

  it('refuses on a view what only an index can answer', () =>
    withItems(async client => {
      const view = await client.db('d').createCollection('v', { viewOn: 'c', pipeline: [] });
      for (const options of [{ returnKey: true }, { showRecordId: true }, { min: { _id: 1 } }]) {
        const { code, message } = await serverError(view.find({}, options).toArray());

        assert.equal(code, 168);
        assert.match(message, /^Option \w+ not supported in aggregation/);
      }
    }));
});

describe('$rand', () => {
  it('is another number below 1 for each document, and takes no arguments', () =>
    withItems(async client => {
      const items = client.db('d').collection('c');
      const numbers = await items.aggregate([{ $project: { _id: 0, r: { $rand: {} } } }]).toArray();

      assert.equal(new Set(numbers.map(({ r }) => r as number)).size, 3);
      assert.ok(numbers.every(({ r }) => r >= 0 && r < 1));
      assert.equal(await items.countDocuments({ $expr: { $gte: [{ $rand: {} }, 1] } }), 0);
      assert.equal((await serverError(items.findOne({ $expr: { $rand: 1 } }))).code, 3_040_501);
    }));
});

describe('a read concern', () => {
  it('of level linearizable is an error of a pipeline that writes', () =>
    withCluster({ topology: 'replicaset' }, async client => {
      const items = client.db('d').collection('c', { readConcern: { level: 'linearizable' } });
      await items.insertOne({});
      for (const stage of [{ $out: 'o' }, { $merge: 'o' }]) {
        const { code, message } = await serverError(items.aggregate([stage]).toArray());

        assert.equal(code, 72);
        assert.match(message, /cannot be used with a 'linearizable' read concern level$/);
      }
      assert.equal((await items.aggregate([]).toArray()).length, 1);
    }));

  it('is an error of a write outside a transaction', () =>
    withCluster({ topology: 'replicaset' }, async client => {
      const command = { insert: 'c', documents: [{}], readConcern: { level: 'majority' } };
      const { code, message } = await serverError(client.db('d').command(command));

      assert.equal(code, 72);
      assert.match(message, /^Command insert does not support .*read concern not supported$/);
    }));

  it('of level linearizable needs the primary of a replica set', () =>
    withCluster({ topology: 'standalone' }, async client => {
      const command = { find: 'c', readConcern: { level: 'linearizable' } };

      assert.equal((await serverError(client.db('d').command(command))).codeName, 'NotAReplicaSet');
    }));
});

describe('a snapshot read at a given time', () => {
  /** Runs a command that answers the time at which it was done. */
  const timeOf = async (client: MongoClient): Promise<Timestamp> =>
    (await client.db('d').command({ ping: 1 }))['operationTime'] as Timestamp;
  const readAt = async (client: MongoClient, name: string, atClusterTime: unknown): Promise<number[]> => {
    const read = { find: name, readConcern: { level: 'snapshot', atClusterTime } };
    const { cursor } = (await client.db('d').command(read)) as { cursor: { firstBatch: Item[] } };
    return cursor.firstBatch.map(({ _id }) => _id).sort();
  };

  it('sees what was there then, also what was changed, dropped or renamed later', () =>
    withCluster({ topology: 'replicaset' }, async client => {
      const db = client.db('d');
      await db.collection<Item>('kept').insertMany([{ _id: 1 }, { _id: 2 }]);
      await db.collection<Item>('dropped').insertOne({ _id: 3 });
      await db.collection<Item>('renamed').insertOne({ _id: 4 });
      const then = await timeOf(client);
      await db.collection<Item>('kept').deleteOne({ _id: 1 });
      await db.collection<Item>('kept').insertOne({ _id: 5 });
      await db.collection('dropped').drop();
      await db.collection<Item>('dropped').insertOne({ _id: 6 });
      await db.renameCollection('renamed', 'other');

      assert.deepEqual(await readAt(client, 'kept', then), [1, 2]);
      assert.deepEqual(await readAt(client, 'dropped', then), [3]);
      assert.deepEqual(await readAt(client, 'renamed', then), [4]);
      assert.deepEqual(await readAt(client, 'other', then), []);
      assert.deepEqual(await readAt(client, 'kept', await timeOf(client)), [2, 5]);
    }));

  it('refuses a time that has not come, and what is no time', () =>
    withCluster({ topology: 'replicaset' }, async client => {
      const now = await timeOf(client);
      const later = new (now.constructor as new (value: Long) => Timestamp)(Long.fromBits(1, now.t + 1000, true));

      assert.equal((await serverError(readAt(client, 'c', later))).code, 72);
      assert.equal((await serverError(readAt(client, 'c', 5))).code, 14);
    }));
});

describe('listCollections', () => {
  it('reports what bounds a capped collection, in whole 256 bytes', () =>
    withCluster({ topology: 'standalone' }, async client => {
      const db = client.db('d');
      await db.createCollection('a', { capped: true, size: 1000, max: 10 });
      await db.createCollection('b');
      const optionsOf = async (name: string) => (await db.collection(name).options()) as object;

      assert.deepEqual(await optionsOf('a'), { capped: true, size: 1024, max: 10 });
      assert.deepEqual(await optionsOf('b'), {});
      await db.command({ collMod: 'a', cappedSize: 4096, cappedMax: 20 });
      assert.deepEqual(await optionsOf('a'), { capped: true, size: 4096, max: 20 });
      const stats = await db.command({ collStats: 'a' });
      assert.deepEqual([stats['capped'], stats['max'], stats['maxSize']], [true, 20, 4096]);
      assert.equal((await serverError(db.createCollection('x', { size: 10 }))).code, 72);
    }));
});

describe('older servers', () => {
  const errorOf = async (version: string, command: Document): Promise<[unknown, string]> => {
    let found: [unknown, string] = [0, ''];
    await withCluster({ topology: 'standalone', version }, async client => {
      const { code, message } = await serverError(client.db('d').command(command));
      found = [code, message];
    });
    return found;
  };
  const aggregate = { aggregate: 'c', pipeline: [], cursor: {} };

  it('before 5.0 refuse let', async () => {
    assert.deepEqual(await errorOf('4.4', { ...aggregate, let: {} }), [9, "unrecognized field 'let'"]);
    assert.match((await errorOf('4.4', { find: 'c', let: {} }))[1], /Unrecognized field 'let'/);
    assert.match((await errorOf('4.4', { delete: 'c', deletes: [], let: {} }))[1], /'delete.let' is an unknown field/);
    assert.deepEqual(await errorOf('4.4', { ...aggregate, odd: 1 }), [9, "unrecognized field 'odd'"]);
  });

  it('before 4.4.14 take a string as the comment of count and distinct, and no document', async () => {
    for (const command of [{ count: 'c' }, { distinct: 'c', key: 'a' }]) {
      assert.equal((await errorOf('4.4.13', { ...command, comment: { a: 1 } }))[0], 14);
      for (const [version, comment] of [
        ['4.4.13', 'text'],
        ['4.4.14', { a: 1 }],
        ['5.0', { a: 1 }],
      ] as const) {
        await withCluster({ topology: 'standalone', version }, async client => {
          await client.db('d').command({ ...command, comment });
        });
      }
    }
  });

  it('before 4.4 know no comment of a write, and of a read only a string', async () => {
    await using cluster = await TestCluster.start({ topology: 'standalone', version: '4.2' });
    const client = await RawClient.connect(cluster.node(0).port);
    const answerTo = async (command: Document): Promise<string> => {
      client.send(opMsg({ ...command, $db: 'd' }));
      return (await client.receive())!.payload.toString('latin1');
    };
    try {
      const insert = { insert: 'c', documents: [{}], comment: 'text' };
      assert.match(await answerTo(insert), /BSON field 'insert\.comment' is an unknown field/);
      assert.match(await answerTo({ find: 'c', comment: {} }), /'find\.comment' is the wrong type 'object'/);
      assert.match(await answerTo({ find: 'c', comment: 'text' }), /firstBatch/);
    } finally {
      client.close();
    }
  });
});

describe('mapReduce', () => {
  const command = {
    mapReduce: 'c',
    map: 'function () { emit(this.kind, { n: this.n, times: 1 }); }',
    reduce: new Code(
      'function (key, values) { return { n: Array.sum(values.map(v => v.n)), times: values.length * factor }; }',
    ),
    scope: { factor: 1 },
  };
  const withKinds = (run: (client: MongoClient) => Promise<void>): Promise<void> =>
    withCluster({ topology: 'standalone' }, async client => {
      const list = [
        { kind: 'a', n: 1 },
        { kind: 'a', n: 2 },
        { kind: 'b', n: 4 },
      ];
      await client.db('d').collection('c').insertMany(list);
      await run(client);
    });
  const resultsIn = (client: MongoClient, name: string, db = 'd') =>
    client
      .db(db)
      .collection(name)
      .find({}, { sort: { _id: 1 } })
      .toArray();

  it('answers its results', () =>
    withKinds(async client => {
      const finalize = 'function (key, value) { return value.n; }';
      const { results } = await client.db('d').command({ ...command, out: { inline: 1 }, finalize });

      assert.deepEqual(results, [
        { _id: 'a', value: 3 },
        { _id: 'b', value: 4 },
      ]);
    }));

  it('looks only at what query, sort and limit leave', () =>
    withKinds(async client => {
      const only = { query: { kind: 'a' }, sort: { n: -1 }, limit: 1 };
      const { results } = await client.db('d').command({ ...command, ...only, out: { inline: 1 } });

      assert.deepEqual(results, [{ _id: 'a', value: { n: 2, times: 1 } }]);
    }));

  it('writes its results into a collection that they replace', () =>
    withKinds(async client => {
      await client.db('d').collection('o').insertOne({ old: 1 });

      assert.equal((await client.db('d').command({ ...command, out: 'o' }))['result'], 'o');
      assert.deepEqual(await resultsIn(client, 'o'), [
        { _id: 'a', value: { n: 3, times: 2 } },
        { _id: 'b', value: { n: 4, times: 1 } },
      ]);
    }));

  it('brings its results into a collection, also of another database', () =>
    withKinds(async client => {
      const out = client.db('e').collection<{ _id: string; value?: unknown }>('o');
      await out.insertMany([{ _id: 'a', value: { n: 10, times: 1 } }, { _id: 'z' }]);

      const { result } = await client.db('d').command({ ...command, out: { reduce: 'o', db: 'e' } });

      assert.deepEqual(result, { db: 'e', collection: 'o' });
      assert.deepEqual(await resultsIn(client, 'o', 'e'), [
        { _id: 'a', value: { n: 13, times: 2 } },
        { _id: 'b', value: { n: 4, times: 1 } },
        { _id: 'z' },
      ]);
      await client.db('d').command({ ...command, out: { merge: 'o', db: 'e' } });
      assert.deepEqual((await resultsIn(client, 'o', 'e'))[0], { _id: 'a', value: { n: 3, times: 2 } });
    }));

  it('answers the error of its JavaScript, and one for fields that it does not know', () =>
    withKinds(async client => {
      const db = client.db('d');
      const throwing = { ...command, map: 'function () { throw new Error("no"); }', out: { inline: 1 } };

      assert.equal((await serverError(db.command(throwing))).code, 139);
      assert.equal((await serverError(db.command({ ...command, map: 5, out: { inline: 1 } }))).code, 14);
      assert.equal((await serverError(db.command({ ...command, out: { inline: 1 }, odd: 1 }))).code, 40_415);
    }));
});

describe('a string that is no UTF-8', () => {
  it('is stored, found and answered byte by byte, and so is the name of a field', async () => {
    await using cluster = await TestCluster.start({ topology: 'standalone' });
    const client = await RawClient.connect(cluster.node(0).port);
    const [placeholder, broken] = [Buffer.from('~~~~'), Buffer.from([0x61, 0xff, 0xc3, 0x28])];
    /** Sends a command in which every `~~~~` is four bytes that are no UTF-8. */
    const send = async (command: Document): Promise<Buffer> => {
      const message = Buffer.from(opMsg({ ...command, $db: 'd' }));
      for (let at = message.indexOf(placeholder); at !== -1; at = message.indexOf(placeholder)) message.set(broken, at);
      client.send(message);
      return (await client.receive())!.payload;
    };
    const count = (payload: Buffer): number => payload.toString('latin1').split(broken.toString('latin1')).length - 1;
    try {
      await send({
        insert: 'c',
        documents: [{ '~~~~': 1, text: '~~~~', inner: { list: ['~~~~'] } }, { text: 'other' }],
      });
      await send({ update: 'c', updates: [{ q: { text: '~~~~' }, u: { $set: { more: '~~~~' } } }] });

      assert.equal(count(await send({ find: 'c', filter: { text: '~~~~' } })), 4);
      assert.equal(count(await send({ find: 'c', filter: { text: '~~~~' }, projection: { text: 1 } })), 1);
      assert.equal(count(await send({ find: 'c', filter: { text: 'other' } })), 0);
      assert.equal(count(await send({ distinct: 'c', key: 'text' })), 1);
    } finally {
      client.close();
    }
  });
});
