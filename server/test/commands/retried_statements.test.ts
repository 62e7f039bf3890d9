import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Binary, Double, Int32, Long } from 'bson';
import { TestCluster } from '../../src/index.js';
import { RawClient } from '../support/raw_client.js';

type Reply = Record<string, unknown>;

/** A connection to a set of one, and commands of one session. */
async function withSession(
  run: (send: (command: Reply, database?: string) => Promise<Reply>) => Promise<void>,
): Promise<void> {
  await using cluster = await TestCluster.start({ topology: 'replicaset', nodes: 1, seed: 1 });
  const client = await RawClient.connect(cluster.node(0).port);
  const lsid = { id: new Binary(Buffer.alloc(16, 7), Binary.SUBTYPE_UUID) };
  try {
    await run(async (command, $db = 'd') => client.command({ ...command, lsid, $db }));
  } finally {
    client.close();
  }
}

function pick(reply: Reply, ...names: string[]): Reply {
  return Object.fromEntries(names.filter(name => name in reply).map(name => [name, reply[name]]));
}

const txnNumber = Long.fromNumber(1);

describe('a retryable write that is sent again', () => {
  it('is not executed again, and says so', () =>
    withSession(async send => {
      const insert = { insert: 'c', documents: [{ _id: 1 }, { _id: 2 }], txnNumber };
      assert.deepEqual(pick(await send(insert), 'n', 'retriedStmtIds', 'ok'), { n: 2, ok: 1 });
      const again = pick(await send(insert), 'n', 'retriedStmtIds', 'writeErrors', 'ok');
      assert.deepEqual(again, { n: 2, retriedStmtIds: [0, 1], ok: 1 });
      const update = { updates: [{ q: { _id: 1 }, u: { $inc: { a: 1 } } }], txnNumber: Long.fromNumber(2) };
      await send({ update: 'c', ...update });
      const updated = await send({ update: 'c', ...update });
      assert.deepEqual(pick(updated, 'n', 'nModified', 'retriedStmtIds'), { n: 1, nModified: 1, retriedStmtIds: [0] });
      const { cursor } = await send({ find: 'c', filter: { _id: 1 } });
      assert.deepEqual((cursor as { firstBatch: unknown }).firstBatch, [{ _id: 1, a: 1 }]);
    }));

  it('is executed from the statement on that failed', () =>
    withSession(async send => {
      await send({ insert: 'c', documents: [{ _id: 2 }] });
      const insert = { insert: 'c', documents: [{ _id: 1 }, { _id: 2 }, { _id: 3 }], txnNumber };
      const failed = await send(insert);
      assert.deepEqual([failed['n'], (failed['writeErrors'] as { index: number }[])[0]?.index], [1, 1]);
      await send({ delete: 'c', deletes: [{ q: { _id: 2 }, limit: 1 }] });
      assert.deepEqual(pick(await send(insert), 'n', 'retriedStmtIds', 'writeErrors'), { n: 3, retriedStmtIds: [0] });
    }));

  it('knows statements by the ids that the client gives them', () =>
    withSession(async send => {
      const insert = { insert: 'c', txnNumber };
      await send({ ...insert, documents: [{ _id: 1 }], stmtId: new Int32(4) });
      const reply = await send({
        ...insert,
        documents: [{ _id: 1 }, { _id: 2 }],
        stmtIds: [new Int32(4), new Int32(9)],
      });
      assert.deepEqual(pick(reply, 'n', 'retriedStmtIds', 'writeErrors'), { n: 2, retriedStmtIds: [4] });
    }));

  it('tells again what an upsert and a findAndModify found', () =>
    withSession(async send => {
      const upsert = { update: 'c', updates: [{ q: { _id: 1 }, u: { $inc: { a: 1 } }, upsert: true }], txnNumber };
      await send(upsert);
      assert.deepEqual(pick(await send(upsert), 'n', 'nModified', 'upserted', 'retriedStmtIds'), {
        ...{ n: 1, nModified: 0, upserted: [{ index: 0, _id: 1 }], retriedStmtIds: [0] },
      });
      const modify = { findAndModify: 'c', query: { _id: 1 }, update: { $inc: { a: 1 } }, new: true };
      const first = await send({ ...modify, txnNumber: Long.fromNumber(2) });
      const second = await send({ ...modify, txnNumber: Long.fromNumber(2) });
      assert.deepEqual(first['value'], { _id: 1, a: 2 });
      assert.deepEqual(pick(second, 'value', 'retriedStmtId'), { value: { _id: 1, a: 2 }, retriedStmtId: 0 });
    }));

  it('counts what a bulkWrite did before', () =>
    withSession(async send => {
      const bulk = {
        bulkWrite: new Double(1),
        ops: [
          { insert: 0, document: { _id: 1 } },
          { update: 0, filter: { _id: 1 }, updateMods: { $inc: { a: 1 } } },
          { delete: 0, filter: { _id: 1 } },
        ],
        nsInfo: [{ ns: 'd.c' }],
        txnNumber,
      };
      const counts = { nErrors: 0, nInserted: 1, nMatched: 1, nModified: 1, nUpserted: 0, nDeleted: 1 };
      const names = [...Object.keys(counts), 'retriedStmtIds'];
      assert.deepEqual(pick(await send(bulk, 'admin'), ...names), counts);
      assert.deepEqual(pick(await send(bulk, 'admin'), ...names), { ...counts, retriedStmtIds: [0, 1, 2] });
    }));

  it('may not write many documents', () =>
    withSession(async send => {
      const updates = [{ q: {}, u: { $set: { a: 1 } }, multi: true }];
      const updated = await send({ update: 'c', updates, txnNumber });
      assert.equal((updated['writeErrors'] as { code: number }[])[0]?.code, 72);
      const deleted = await send({ delete: 'c', deletes: [{ q: {}, limit: 0 }], txnNumber: Long.fromNumber(2) });
      assert.equal((deleted['writeErrors'] as { code: number }[])[0]?.code, 72);
    }));
});
