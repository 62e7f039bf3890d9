import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Binary, Long, Timestamp } from 'bson';
import {
  type ClientSession,
  MongoAPIError,
  MongoCompatibilityError,
  MongoExpiredSessionError,
  MongoInvalidArgumentError,
  MongoRuntimeError,
} from 'mongotempo';
import { MongoClient } from '../support/checked_client.js';
import { documents, rejection, withServer } from '../support/cluster.js';

function hex(lsid: unknown): string {
  return Buffer.from((lsid as { id: Binary }).id.buffer).toString('hex');
}

/** Sessions do more on a replica set. */
const SET = { cluster: { nodes: 1 } } as const;

describe('startSession', () => {
  it('gives operations one lsid, and the server session back to the next', async () => {
    await withServer(SET, async ({ client, collection, log }) => {
      const session = client.startSession();
      await collection.insertOne({}, { session });
      await collection.find({}, { session }).toArray();
      await collection.insertMany([{}], { session });
      const { id } = session;
      await session.endSession();
      await using next = client.startSession();
      await collection.insertOne({}, { session: next });

      const ids = log.started().map(({ command }) => hex(command['lsid']));
      assert.deepEqual([...new Set(ids)], [hex(id)]);
    });
  });

  it('works before the client is connected, and is counted and ended by close', async () => {
    await withServer(SET, async ({ client, log, collection }) => {
      const session = client.startSession();
      const ended: unknown[] = [];
      session.on('ended', it => ended.push(it));
      await collection.insertOne({}, { session });
      await client.close();

      assert.equal(session.hasEnded, true);
      assert.deepEqual(ended, [session]);
      assert.equal(log.started('endSessions').length, 1);
      const [lsid] = log.started('endSessions')[0]!.command['endSessions'] as { id: Binary }[];
      assert.equal(hex(lsid), hex(session.id));
    });
  });

  it('keeps a getMore in the session of its find', async () => {
    await withServer(SET, async ({ client, collection, log }) => {
      await collection.insertMany(documents(6));
      log.clear();
      await using session = client.startSession();

      await collection.find({}, { session, batchSize: 2 }).toArray();

      const lsids = log.started().map(({ command }) => hex(command['lsid']));
      assert.equal(log.started('getMore').length, 2);
      assert.deepEqual([...new Set(lsids)], [hex(session.id)]);
    });
  });

  it('refuses what cannot be, before anything is sent', async () => {
    await withServer(SET, async ({ client, collection, log, uri }) => {
      assert.throws(
        () => client.startSession({ causalConsistency: true, snapshot: true }),
        /Properties "causalConsistency" and "snapshot" are mutually exclusive/,
      );
      assert.throws(() => client.startSession({ defaultTimeoutMS: -1 }), MongoInvalidArgumentError);
      const session = client.startSession();
      await assert.rejects(collection.insertOne({}, { session: {} as never }), /must be a session of this client/);
      assert.throws(() => collection.find({}, { session: 1 as never }), /must be a session of this client/);
      await using other = new MongoClient(uri);
      await assert.rejects(
        other.db('a').command({ ping: 1 }, { session }),
        /ClientSession must be from the same MongoClient/,
      );
      const unacknowledged = await rejection(collection.insertOne({}, { session, writeConcern: { w: 0 } }));
      assert.ok(unacknowledged instanceof MongoAPIError);
      assert.match(unacknowledged.message, /Cannot have explicit session with unacknowledged writes/);
      await session.endSession();
      await assert.rejects(collection.insertOne({}, { session }), MongoExpiredSessionError);
      assert.throws(() => collection.find({}, { session }), MongoExpiredSessionError);
      assert.throws(() => session.startTransaction(), MongoExpiredSessionError);
      assert.equal(log.started().length, 0);
    });
  });

  it('cannot be put into a document by mistake', async () => {
    await withServer(SET, async ({ client, collection }) => {
      await using session = client.startSession();

      const error = await rejection(collection.insertOne({ session }));

      assert.ok(error instanceof MongoRuntimeError);
      assert.match(error.message, /ClientSession cannot be serialized to BSON/);
    });
  });

  it('is equal to itself by its id, and to nothing else', async () => {
    await withServer(SET, async ({ client }) => {
      await using one = client.startSession();
      await using other = client.startSession();

      assert.ok(one.equals(one));
      assert.ok(!one.equals(other));
      assert.ok(!one.equals({} as never));
    });
  });

  it('may be ended twice, and is ended by `await using`', async () => {
    await withServer(SET, async ({ client }) => {
      let kept: ClientSession;
      {
        await using session = client.startSession();
        kept = session;
      }
      assert.ok(kept.hasEnded);
      await kept.endSession();
    });
  });
});

describe('withSession', () => {
  it('gives what its function gives, and ends the session whatever happens', async () => {
    await withServer(SET, async ({ client, collection }) => {
      const sessions: ClientSession[] = [];
      const found = await client.withSession(async session => {
        sessions.push(session);
        await collection.insertOne({ a: 1 }, { session });
        return await collection.countDocuments({}, { session });
      });
      await assert.rejects(
        client.withSession({ causalConsistency: false }, async session => {
          sessions.push(session);
          assert.equal(session.supports.causalConsistency, false);
          throw new RangeError('mine');
        }),
        /mine/,
      );

      assert.equal(found, 1);
      assert.deepEqual(
        sessions.map(({ hasEnded }) => hasEnded),
        [true, true],
      );
    });
  });
});

describe('causal consistency', () => {
  it('lets a read see what an earlier operation of the session has seen, and only then', async () => {
    await withServer(SET, async ({ client, collection, log }) => {
      await using causal = client.startSession();
      await using plain = client.startSession({ causalConsistency: false });
      for (const session of [causal, plain]) {
        await collection.insertOne({}, { session });
        await collection.findOne({}, { session });
      }

      const [first, second] = log.started('find').map(({ command }) => command['readConcern'] as object | undefined);
      assert.ok((first as { afterClusterTime: Timestamp }).afterClusterTime instanceof Timestamp);
      assert.equal(second, undefined);
      assert.ok(causal.operationTime instanceof Timestamp);
    });
  });

  it('is taken over from another session by its two times', async () => {
    await withServer(SET, async ({ client, collection, log }) => {
      await using writer = client.startSession();
      await using reader = client.startSession();
      await collection.insertOne({}, { session: writer });

      reader.advanceClusterTime(writer.clusterTime!);
      reader.advanceOperationTime(writer.operationTime!);
      await collection.findOne({}, { session: reader });

      const { readConcern } = log.started('find')[0]!.command as { readConcern: { afterClusterTime: Timestamp } };
      assert.deepEqual(readConcern.afterClusterTime, writer.operationTime);
      reader.advanceOperationTime(new Timestamp({ t: 1, i: 1 }));
      assert.ok(reader.operationTime!.greaterThan(new Timestamp({ t: 1, i: 1 })));
    });
  });

  it('refuses times that no server sent', async () => {
    await withServer(SET, async ({ client }) => {
      await using session = client.startSession();
      const clusterTime = new Timestamp({ t: 5, i: 1 });
      const wrong: unknown[] = [
        null,
        {},
        { clusterTime: 5 },
        { clusterTime, signature: {} },
        { clusterTime, signature: { hash: new Binary(), keyId: 'x' } },
      ];
      for (const given of wrong) {
        assert.throws(() => session.advanceClusterTime(given as never), MongoInvalidArgumentError);
      }
      assert.throws(() => session.advanceOperationTime(5 as never), MongoInvalidArgumentError);
      assert.equal(session.clusterTime, undefined);

      session.advanceClusterTime({ clusterTime, signature: { hash: new Binary(Buffer.alloc(20)), keyId: Long.ZERO } });
      assert.deepEqual(session.clusterTime!.clusterTime, clusterTime);
    });
  });
});

describe('a snapshot session', () => {
  it('reads at the time of its first read', async () => {
    await withServer(SET, async ({ client, collection, log }) => {
      await collection.insertOne({ _id: 1 as never });
      await using session = client.startSession({ snapshot: true });

      assert.equal(session.snapshotTime, undefined);
      assert.equal((await collection.find({}, { session }).toArray()).length, 1);
      await collection.insertOne({ _id: 2 as never });
      assert.equal((await collection.find({}, { session }).toArray()).length, 1);
      assert.equal((await collection.find().toArray()).length, 2);

      const [first, second] = log.started('find').map(({ command }) => command['readConcern'] as object | undefined);
      assert.deepEqual(first, { level: 'snapshot' });
      assert.deepEqual(second, { level: 'snapshot', atClusterTime: session.snapshotTime });
      assert.throws(() => session.startTransaction(), MongoCompatibilityError);
    });
  });

  it('begins where another one reads, by snapshotTime', async () => {
    await withServer(SET, async ({ client, collection }) => {
      await collection.insertOne({});
      await using first = client.startSession({ snapshot: true });
      await collection.findOne({}, { session: first });
      await collection.insertOne({});

      await using second = client.startSession({ snapshot: true, snapshotTime: first.snapshotTime! });

      assert.equal((await collection.find({}, { session: second }).toArray()).length, 1);
    });
  });
});
