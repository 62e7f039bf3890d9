import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Binary, type Document, Long } from 'bson';
import { TestCluster } from '../../src/index.js';
import { ManualClock } from '../support/manual_clock.js';
import { RawClient } from '../support/raw_client.js';
import { serverError, withCluster } from '../support/with_cluster.js';

const minute = 60_000;

interface CursorReply {
  readonly cursor: { readonly id: Long; readonly firstBatch: readonly Document[] };
}

/** A collection with three documents, and a socket that sends commands without a session. */
async function withDocuments(
  run: (send: (command: Document) => Promise<Record<string, unknown>>, clock: ManualClock) => Promise<void>,
): Promise<void> {
  const clock = new ManualClock();
  await using cluster = await TestCluster.start({ topology: 'replicaset', nodes: 1, seed: 1, clock });
  const client = await RawClient.connect(cluster.node(0).port);
  const send = async (command: Document): Promise<Record<string, unknown>> => client.command({ ...command, $db: 'd' });
  try {
    await send({ insert: 'c', documents: [{ _id: 1 }, { _id: 2 }, { _id: 3 }] });
    await run(send, clock);
  } finally {
    client.close();
  }
}

describe('idle cursors', () => {
  async function open(
    send: (command: Document) => Promise<Record<string, unknown>>,
    options: Document = {},
  ): Promise<Long> {
    const reply = (await send({ find: 'c', batchSize: 1, ...options })) as unknown as CursorReply;
    return Long.fromValue(reply.cursor.id);
  }

  it('are closed after ten minutes', () =>
    withDocuments(async (send, clock) => {
      const id = await open(send);
      clock.advance(9 * minute);
      const getMore = { getMore: id, collection: 'c', batchSize: 1 };
      assert.equal((await send(getMore))['ok'], 1);
      clock.advance(9 * minute);
      const status = (await send({ serverStatus: 1 }))['metrics'] as { cursor: { open: { total: number } } };
      assert.equal(status.cursor.open.total, 1);
      clock.advance(minute);
      assert.equal((await send(getMore))['code'], 43);
    }));

  it('stay when the client says noCursorTimeout', () =>
    withDocuments(async (send, clock) => {
      const id = await open(send, { noCursorTimeout: true });
      clock.advance(60 * minute);
      assert.equal((await send({ getMore: id, collection: 'c' }))['ok'], 1);
    }));

  it('are closed with their session when they have one', () =>
    withDocuments(async (send, clock) => {
      const lsid = { id: new Binary(Buffer.alloc(16, 1), Binary.SUBTYPE_UUID) };
      const id = await open(send, { lsid, noCursorTimeout: true });
      const getMore = { getMore: id, collection: 'c', batchSize: 1, lsid };
      clock.advance(29 * minute);
      assert.equal((await send(getMore))['ok'], 1);
      clock.advance(29 * minute);
      await send({ ping: 1, lsid });
      clock.advance(29 * minute);
      assert.equal((await send(getMore))['ok'], 1);
      clock.advance(30 * minute);
      assert.equal((await send({ ...getMore, batchSize: 5 }))['code'], 43);
    }));
});

describe('idle sessions', () => {
  it('are forgotten after thirty minutes, and with them what was written in them', () =>
    withDocuments(async (send, clock) => {
      const lsid = { id: new Binary(Buffer.alloc(16, 1), Binary.SUBTYPE_UUID) };
      const insert = { insert: 'c', documents: [{ _id: 4 }], lsid, txnNumber: Long.fromNumber(1) };
      await send(insert);
      assert.deepEqual((await send(insert))['retriedStmtIds'], [0]);
      clock.advance(30 * minute);
      const reply = await send(insert);
      assert.equal('retriedStmtIds' in reply, false);
      assert.equal((reply['writeErrors'] as Document[])[0]?.['code'], 11_000);
    }));
});

describe('a transaction', () => {
  it('is aborted after sixty seconds, and lets those go on that waited for it', async () => {
    const clock = new ManualClock();
    await withCluster({ topology: 'replicaset', nodes: 1, clock }, async client => {
      const collection = client.db('d').collection<{ _id: number; a?: number }>('c');
      await collection.insertOne({ _id: 1 });
      const session = client.startSession();
      session.startTransaction();
      await collection.updateOne({ _id: 1 }, { $set: { a: 1 } }, { session });
      clock.advance(59_000);
      await collection.updateOne({ _id: 1 }, { $inc: { a: 1 } }, { session });

      const waiting = collection.updateOne({ _id: 1 }, { $set: { a: 9 } });
      let isWaiting = false;
      while (!isWaiting) {
        const { inprog } = await client.db('admin').command({ currentOp: 1, waitingForLock: true });
        isWaiting = (inprog as Document[]).length === 1;
      }
      clock.advance(1000);
      await waiting;

      const error = await serverError(session.commitTransaction());
      assert.equal(error.code, 251);
      assert.deepEqual(await collection.findOne(), { _id: 1, a: 9 });
      await session.endSession();
    });
  });

  it('that has ended in time is not touched', async () => {
    const clock = new ManualClock();
    await withCluster({ topology: 'replicaset', nodes: 1, clock }, async client => {
      const collection = client.db('d').collection<{ _id: number }>('c');
      await client.withSession(async session =>
        session.withTransaction(async () => {
          await collection.insertOne({ _id: 1 }, { session });
        }),
      );
      clock.advance(2 * minute);
      assert.equal(await collection.countDocuments(), 1);
    });
  });
});
