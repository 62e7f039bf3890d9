import { decodeDocument } from '../../src/bson/decode.js';
import { Binary, type Document, Long, ObjectId, Timestamp } from '../../src/bson/index.js';
import { RawDocument } from '../../src/bson/raw_document.js';
import { batchOperation, outcomeOfFailed } from '../../src/bulk/batch.js';
import { ClientTally } from '../../src/bulk/client_result.js';
import { Tally } from '../../src/bulk/tally.js';
import { countDocuments } from '../../src/commands/aggregate.js';
import { clientBulkWriteOperation, clientReplyOfFailed, clientWriteOf } from '../../src/commands/client_bulk_write.js';
import { count } from '../../src/commands/count.js';
import { cursorReplyOf, firstDocumentOf } from '../../src/commands/cursor_reply.js';
import { deleteDocuments } from '../../src/commands/delete.js';
import { distinct } from '../../src/commands/distinct.js';
import { findOneAndUpdate } from '../../src/commands/find_and_modify.js';
import { getMore, killCursors } from '../../src/commands/get_more.js';
import { insertOne } from '../../src/commands/insert.js';
import { createSearchIndexes } from '../../src/commands/search_indexes.js';
import { update } from '../../src/commands/update.js';
import { parseHello } from '../../src/description/hello.js';
import { unknownServer } from '../../src/description/server_description.js';
import { compareTopologyVersion } from '../../src/description/topology_version.js';
import {
  isMaxTimeMSExpired,
  isRetryableOverload,
  isRetryableRead,
  isRetryableWrite,
  stateChangeOf,
} from '../../src/errors/classify.js';
import { MongoUnexpectedServerResponseError } from '../../src/errors/driver.js';
import { MongoServerError } from '../../src/errors/server.js';
import type { Operation, OperationReply } from '../../src/executor/operation.js';
import { labelWriteError, pauseBeforeRetry } from '../../src/executor/retry.js';
import { describeConnection } from '../../src/pool/handshake.js';
import { reactTo, reactToFailedCheck } from '../../src/sdam/error_reaction.js';
import { ClusterClock } from '../../src/sessions/cluster_time.js';
import { MessageEncoder } from '../../src/wire/message_encoder.js';
import { Reply } from '../../src/wire/reply.js';
import { replyMessage } from '../support/scripted_peer.js';
import { quiet, STANDALONE } from '../support/scripted_server.js';
import { contextWith, targetWith } from '../unit/commands/support.js';
import { harness } from '../unit/sdam/monitoring.js';
import { accepted, Finding, type FuzzTarget } from './target.js';

/** Replies are small; what they make the driver build is not bounded by their bytes alone (texts of errors, a monitor with its events). */
const ROOM = 4 * 1024 * 1024;
const SENT = 3;
const source = { close: () => undefined };

const processId = new ObjectId();
const topologyVersion = { processId, counter: Long.fromNumber(1) };
const clusterTime = {
  clusterTime: new Timestamp({ t: 1_700_000_000, i: 1 }),
  signature: { hash: new Binary(Buffer.alloc(20)), keyId: Long.fromString('7312345678901234567') },
};
const HELLO: Document = {
  ...STANDALONE,
  setName: 'rs',
  setVersion: 1,
  electionId: new ObjectId(),
  hosts: ['db1:27017', 'db2:27017'],
  passives: ['db3:27017'],
  arbiters: ['db4:27017'],
  me: 'db1:27017',
  primary: 'db1:27017',
  tags: { dc: 'east' },
  secondary: false,
  lastWrite: { opTime: { ts: new Timestamp({ t: 1, i: 1 }), t: 1n }, lastWriteDate: new Date(1000) },
  topologyVersion,
  connectionId: 7,
  compression: ['zlib'],
  saslSupportedMechs: ['SCRAM-SHA-256'],
  $clusterTime: clusterTime,
  operationTime: new Timestamp({ t: 1, i: 1 }),
};

function bodyOf(bytes: Buffer): RawDocument {
  return RawDocument.at(bytes, 0, bytes.length);
}

/** Like `accepted`, where the error that a reply holds is a result too. */
function answered(read: () => unknown): boolean {
  return accepted(() => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof MongoServerError)) throw error;
      judgeError(error);
    }
  });
}

/** All that the driver asks an error for before it is thrown to the user. */
function judgeError(error: MongoServerError): void {
  if (typeof error.message !== 'string') throw new Finding('an error whose message is no text');
  if (error.code !== undefined && typeof error.code !== 'number') throw new Finding('an error whose code is no number');
  labelWriteError(error, 8, false);
  const description = unknownServer('a:1', null, topologyVersion);
  const context = {
    connectionGeneration: 0,
    poolGeneration: 0,
    phase: 'afterHandshake',
    description,
    loadBalanced: false,
  } as const;
  const { markUnknown } = reactTo(error, context);
  reactToFailedCheck(error, description).markUnknown?.equals(markUnknown);
  const pause = pauseBeforeRetry(error, 1, true, 1, Infinity);
  if (!(pause >= 0 && pause <= 10_000)) throw new Finding(`a pause of ${pause} ms`);
  isRetryableRead(error);
  isRetryableWrite(error);
  isRetryableOverload(error);
  isMaxTimeMSExpired(error);
  stateChangeOf(error);
}

const encoder = new MessageEncoder();

/** Sends documents as a bulk write does: a batch that takes none, or too many of them, would never end. */
function judgeBatches(document: Document): void {
  const { limits, server, serverConnectionId } = describeConnection(
    'a:1',
    document,
    { roundTripTime: 1, lastUpdateTime: 1 },
    [],
  );
  // Not the same object: all fields are compared, as they are with what the next check says.
  const again = parseHello('a:1', document, { roundTripTime: 1, minRoundTripTime: 0, lastUpdateTime: 1 });
  if (!server.equals(again)) throw new Finding('a description that differs from itself');
  compareTopologyVersion(server.topologyVersion, topologyVersion);
  if (serverConnectionId !== null && typeof serverConnectionId !== 'bigint')
    throw new Finding('a number of a connection that is none');
  const documents = Array.from({ length: SENT }, () => ({}));
  for (let from = 0, batches = 0; from < SENT; from += encoder.taken) {
    if (++batches > SENT) throw new Finding('inserts without documents, and no end of them');
    const sequence = { field: 'documents', documents, from };
    encoder.encode(
      { requestId: 1, flags: 0, body: { insert: 'c' }, rawFields: [], maxTimeMS: 0, sequence },
      limits,
      {},
    );
  }
}

/** A monitor that gets this hello once, after a good one. Every start of a check has its end, and what comes later is good again. */
async function judgeMonitor(bytes: Buffer, streaming: boolean): Promise<void> {
  const { monitor, server, clock, checked, failed, events } = harness({ streaming });
  let isHostile = false;
  server.hello = ({ body, peer, requestId }) => {
    if (body['maxAwaitTimeMS'] === undefined && !isHostile) return HELLO;
    if (!isHostile) return null;
    isHostile = false;
    peer.send(replyMessage(bytes, requestId));
    return null;
  };
  monitor.start();
  await quiet();
  const before = checked.length + failed.length;
  isHostile = true;
  if (streaming) {
    for (const peer of server.openPeers) {
      for (const { body, requestId } of peer.commands.splice(0)) {
        if (body['maxAwaitTimeMS'] !== undefined) peer.send(replyMessage(bytes, requestId));
      }
    }
    isHostile = false;
  } else {
    await clock.advance(10_000);
  }
  await quiet();
  if (checked.length + failed.length === before) throw new Finding('a check that ended neither well nor badly');
  for (const error of failed) {
    const isExpected = error instanceof MongoUnexpectedServerResponseError || error instanceof MongoServerError;
    if (!isExpected) throw new Finding('a check failed with something else than a protocol error', error);
  }
  monitor.close();
  await quiet();
  const ends = events.count('serverHeartbeatSucceeded') + events.count('serverHeartbeatFailed');
  if (events.count('serverHeartbeatStarted') !== ends) throw new Finding('a check that began and never ended');
  if (clock.pendingTimers > 0) throw new Finding(`${clock.pendingTimers} timers were left`);
}

const hello: FuzzTarget = {
  name: 'hello',
  seeds: [
    HELLO,
    STANDALONE,
    { ok: 0, code: 91, errmsg: 'down', topologyVersion },
    { ...HELLO, ok: true, msg: 'isdbgrid' },
  ],
  allowance: () => 4 * ROOM,
  async run(bytes) {
    const valid = answered(() => judgeBatches(decodeDocument(bytes, bodyOf(bytes).start)));
    await judgeMonitor(bytes, false);
    await judgeMonitor(bytes, true);
    return valid;
  },
};

const clusterTimes: FuzzTarget = {
  name: '$clusterTime',
  seeds: [
    { ok: 1, $clusterTime: clusterTime, operationTime: new Timestamp({ t: 1, i: 1 }) },
    { ok: 1, $clusterTime: { clusterTime: clusterTime.clusterTime } },
    { ok: 1, $clusterTime: { ...clusterTime, more: { deep: [1, 'x'] } } },
  ],
  allowance: () => ROOM,
  run(bytes) {
    const clock = new ClusterClock();
    const valid = accepted(() => clock.learn(bodyOf(bytes)));
    const { field } = clock;
    if (field === null) return false;
    if (!valid) throw new Finding('a cluster time was refused and kept');
    if (field.length > 5000) throw new Finding(`a cluster time of ${field.length} bytes was kept`);
    // What is kept is sent: as a field of a document it must be whole.
    const document = Buffer.concat([Buffer.alloc(4), field, Buffer.of(0)]);
    document.writeInt32LE(document.length, 0);
    let kept: unknown;
    try {
      kept = decodeDocument(document, 0)['$clusterTime'];
    } catch (error) {
      throw new Finding('a cluster time was kept that is malformed', error);
    }
    const { clusterTime: time, signature } = kept as { clusterTime: unknown; signature?: { hash: unknown } | null };
    if (!(time instanceof Timestamp)) throw new Finding('a cluster time was kept without a timestamp');
    if (signature !== undefined && signature !== null && !(signature.hash instanceof Binary))
      throw new Finding('a signature was kept without a hash');
    return true;
  },
};

const context = contextWith();
const update$: Document = { $set: { a: 1 } };
const statements = Array.from({ length: SENT }, () => ({ q: {}, u: update$ }));
const runs = (['insert', 'update', 'delete'] as const).map(kind => ({
  kind,
  statements,
  changes: null,
  positions: null,
}));
const clientWrites = [
  { name: 'insertOne', namespace: 'a.b', document: {} },
  { name: 'updateOne', namespace: 'a.b', filter: {}, update: update$ },
  { name: 'deleteOne', namespace: 'a.b', filter: {} },
].map(model => clientWriteOf(model, document => document as Document, {}));

/** The result of a batch, also where its write concern was not satisfied. */
function resultOrWritten<T>(
  operation: Operation<T>,
  reply: OperationReply,
  written: (error: unknown) => T | undefined,
): T {
  try {
    return operation.result({ ...reply, taken: SENT });
  } catch (error) {
    const result = written(error);
    if (result === undefined) throw error;
    return result;
  }
}

/** Readers of replies to writes, and of the counts and values of other commands. */
const readers: readonly ((reply: OperationReply) => unknown)[] = [
  insertOne(context, { _id: 1 }, {}).result,
  update('updateOne', context, {}, update$, {}).result,
  deleteDocuments('deleteOne', context, {}, {}).result,
  findOneAndUpdate(context, {}, update$, {}).result,
  count(context, {}, {}).result,
  countDocuments(context, {}, {}).result,
  distinct(context, 'a', {}, {}).result,
  createSearchIndexes(context, []).result,
  ...runs.map(run => (reply: OperationReply) => {
    const tally = new Tally();
    const operation = batchOperation(context, run, 0, {});
    tally.add(run, 0, resultOrWritten(operation, reply, outcomeOfFailed));
    const result = tally.result();
    result.getWriteConcernError()?.toString();
    result.getWriteErrors().map(error => `${error.code} ${error.errmsg} ${String(error)}`);
    for (const counted of [result.insertedCount, result.modifiedCount, result.deletedCount, result.upsertedCount]) {
      if (!Number.isInteger(counted) || counted < 0) throw new Finding(`a count of ${counted}`);
    }
    for (const { index } of result.getWriteErrors()) {
      if (!(index >= 0 && index < SENT)) throw new Finding(`an error of a write at ${index}`);
    }
  }),
  reply => {
    const tally = new ClientTally(clientWrites, true, true);
    const operation = clientBulkWriteOperation(context, clientWrites, [], 0, {});
    tally.addReply(resultOrWritten(operation, reply, clientReplyOfFailed));
    const { document } = reply.reply;
    tally.addResult(document, 0, SENT);
    const results = (document['cursor'] as { firstBatch: Document[] }).firstBatch;
    for (const result of results) tally.addResult(result, 0, SENT);
    tally.partialResult();
  },
];

const writes: FuzzTarget = {
  name: 'replies to writes',
  seeds: [
    { ok: 1, n: 1, nModified: 1, upserted: [{ index: 0, _id: 1 }] },
    {
      ok: 1,
      n: 0,
      writeErrors: [{ index: 0, code: 11000, codeName: 'DuplicateKey', errmsg: 'E11000', errInfo: { a: 1 } }],
      errorLabels: ['RetryableWriteError'],
    },
    {
      ok: 1,
      n: 1,
      writeConcernError: { code: 91, codeName: 'x', errmsg: 'down', errInfo: {}, errorLabels: [] },
      topologyVersion,
    },
    {
      ok: 0,
      code: 10107,
      codeName: 'NotWritablePrimary',
      errmsg: 'not primary',
      errorLabels: ['RetryableError', 'SystemOverloadedError'],
      baseBackoffMS: 5,
      topologyVersion,
    },
    { ok: 1, value: { _id: 1 }, lastErrorObject: { n: 1 }, values: [1, 2], indexesCreated: [{ name: 'a' }] },
    {
      ok: 1,
      nErrors: 0,
      nInserted: 1,
      nMatched: 1,
      nModified: 1,
      nUpserted: 0,
      nDeleted: 1,
      cursor: {
        id: 0n,
        ns: 'admin.$cmd.bulkWrite',
        firstBatch: [
          { idx: 0, ok: 1, n: 1 },
          { idx: 1, ok: 1, n: 1, nModified: 1, upserted: { _id: 1 } },
          { idx: 2, ok: 0, code: 1, errmsg: 'x' },
        ],
      },
    },
  ],
  allowance: () => ROOM,
  run(bytes) {
    let valid = false;
    for (const read of readers) {
      valid =
        answered(() => {
          const reply = new Reply(bodyOf(bytes), false, source);
          const error = reply.error({ host: 'a:1' });
          if (error !== null) throw error;
          read({ reply, taken: 1, address: 'a:1' });
        }) || valid;
    }
    return valid;
  },
};

const cursors: FuzzTarget = {
  name: 'replies with cursors',
  seeds: [
    {
      ok: 1,
      cursor: { id: Long.fromNumber(5), ns: 'shop.orders', firstBatch: [{ a: 1, n: 1 }, {}], nextBatch: [{ a: 2 }] },
    },
    { ok: 1, cursor: { id: 5, ns: 'nodot', firstBatch: [], nextBatch: [] } },
    { ok: 1, cursor: { id: Long.MIN_VALUE, firstBatch: [], nextBatch: [] } },
  ],
  allowance: () => ROOM,
  run(bytes) {
    let valid = false;
    for (const field of ['firstBatch', 'nextBatch'] as const) {
      for (const known of ['shop.orders', '']) {
        valid =
          accepted(() => {
            const reply: OperationReply = { reply: new Reply(bodyOf(bytes), false, source), taken: 0, address: 'a:1' };
            judgeCursor(cursorReplyOf(reply, field, known));
            firstDocumentOf(reply, decodeDocument, known, cursor => {
              judgeCursor(cursor);
              return killCursors(cursor, context);
            });
          }) || valid;
      }
    }
    return valid;
  },
};

/** What is sent about a cursor names a database and a collection, and the same cursor. */
function judgeCursor(cursor: { id: bigint; namespace: string; address: string }): void {
  if (cursor.id === 0n) return;
  const more = { batchSize: undefined, comment: undefined, kind: 'nonTailable', maxAwaitTimeMS: undefined } as const;
  for (const operation of [getMore(cursor, context, more), killCursors(cursor, context)]) {
    const body = operation.command(targetWith());
    const collection = (body['collection'] ?? body['killCursors']) as unknown;
    const named = [operation.database, collection];
    for (const name of named) {
      if (typeof name !== 'string' || name === '' || name.includes('\0')) {
        throw new Finding(`a command about a cursor goes to ${JSON.stringify(named)}`);
      }
    }
    if (named.join('.') !== cursor.namespace) throw new Finding(`${named.join('.')} is not ${cursor.namespace}`);
    const id = (body['getMore'] ?? (body['cursors'] as unknown[])[0]) as Long;
    if (id.toBigInt() !== cursor.id) throw new Finding(`cursor ${cursor.id} became ${id.toString()}`);
    encoder.encode(
      { requestId: 1, flags: 0, body, rawFields: [], maxTimeMS: 0, sequence: undefined },
      { maxBsonObjectSize: 16_777_216, maxMessageSizeBytes: 48_000_000, maxWriteBatchSize: 100_000 },
      {},
    );
  }
}

export const replyTargets: readonly FuzzTarget[] = [hello, clusterTimes, writes, cursors];
