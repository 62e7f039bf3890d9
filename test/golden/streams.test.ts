import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Collection, MongoClient, type MongoClientOptions } from 'mongotempo';
import { EventLog } from '../support/event_log.js';
import { freePorts, goStreams, ourStreams, type Streams, skipReason, startPeer } from '../support/golden.js';

interface Scenario {
  readonly peer: 'standalone' | 'rs' | 'lb' | 'none';
  readonly options?: MongoClientOptions;
  /** Data of a fail point of the first server, set before. */
  readonly failure?: object;
  readonly times?: number;
  /** A find before the fail point is set. */
  readonly warm?: boolean;
  readonly run: (
    collection: Collection,
    log: EventLog,
    where: { readonly client: MongoClient; readonly addresses: readonly string[] },
  ) => Promise<unknown>;
}

/** A failure is a part of some scenarios. */
function tried(work: Promise<unknown>): Promise<unknown> {
  return work.catch(() => undefined);
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}

function ready(log: EventLog, count: number): Promise<unknown> {
  return log.some('connectionPoolReady', () => log.named('connectionPoolReady').length >= count);
}

const scenarios: Readonly<Record<string, Scenario>> = {
  standalone_find: { peer: 'standalone', run: collection => collection.findOne() },
  rs_find: { peer: 'rs', run: (collection, log) => ready(log, 3).then(() => collection.findOne()) },
  cmd_error: {
    peer: 'standalone',
    failure: { failCommands: ['find'], errorCode: 8 },
    run: collection => tried(collection.findOne()),
  },
  net_error: {
    peer: 'standalone',
    options: { retryReads: false },
    failure: { failCommands: ['find'], closeConnection: true },
    run: (collection, log) => tried(collection.findOne()).then(() => ready(log, 2)),
  },
  waitqueue: {
    peer: 'standalone',
    options: { maxPoolSize: 1 },
    failure: { failCommands: ['find'], blockConnection: true, blockTimeMS: 400 },
    async run(collection, log) {
      const first = collection.findOne();
      await log.some('commandStarted');
      await tried(collection.findOne({}, { timeoutMS: 100 }));
      await first;
    },
  },
  stepdown_notprimary: {
    peer: 'rs',
    failure: {
      failCommands: ['insert'],
      errorCode: 10107,
      errorLabels: ['RetryableWriteError'],
      bumpTopologyVersion: true,
    },
    run: (collection, log) => ready(log, 3).then(() => collection.insertOne({})),
  },
  retry_write: {
    peer: 'rs',
    failure: { failCommands: ['insert'], closeConnection: true },
    run: (collection, log) => ready(log, 3).then(() => collection.insertOne({})),
  },
  hb_fail: {
    peer: 'standalone',
    options: { heartbeatFrequencyMS: 500 },
    async run(_, log) {
      await ready(log, 2);
    },
    // Of the two hellos of the recording, one is that of Go's connection for round trip times.
    failure: { failCommands: ['hello'], closeConnection: true, appName: 'rec' },
  },
  idle: {
    peer: 'standalone',
    options: { maxIdleTimeMS: 50 },
    run: async collection => {
      await collection.findOne();
      await pause(120);
      await collection.findOne();
    },
  },
  minpool: {
    peer: 'standalone',
    options: { minPoolSize: 2 },
    run: async (_, log) => log.some('connectionReady', () => log.named('connectionReady').length === 2),
  },
  cursor: {
    peer: 'standalone',
    async run(collection) {
      const cursor = collection.find({}, { batchSize: 2 });
      for (let i = 0; i < 3; i++) await cursor.next();
      await cursor.close();
    },
  },
  cursor_timeout0: {
    peer: 'standalone',
    run: collection => collection.find({}, { batchSize: 2, timeoutMS: 0 }).toArray(),
  },
  streaming: {
    peer: 'standalone',
    options: { heartbeatFrequencyMS: 500 },
    async run(collection, log) {
      await log.some('serverHeartbeatStarted', ({ awaited }) => awaited);
      await collection.findOne();
      await log.some('serverHeartbeatSucceeded', () => log.named('serverHeartbeatSucceeded').length === 3);
    },
  },
  lb: {
    peer: 'lb',
    async run(collection) {
      await collection.findOne();
      await collection.find({}, { batchSize: 2 }).toArray();
    },
  },
  remove: {
    peer: 'rs',
    async run(_, log, { addresses }) {
      await ready(log, 3);
      await using control = new MongoClient(`mongodb://${addresses[0]}/?directConnection=true`);
      await control.db('admin').command({ mockRemove: Number(addresses[2]?.split(':')[1]) });
      await log.some('serverClosed');
    },
  },
  txn: {
    peer: 'rs',
    failure: { failCommands: ['commitTransaction'], closeConnection: true },
    async run(collection, log, { client }) {
      await ready(log, 3);
      await client.withSession(session => session.withTransaction(() => collection.insertOne({}, { session })));
    },
  },
  auth: {
    peer: 'standalone',
    // The peer takes nobody.
    options: { auth: { username: 'user', password: 'wrong' }, authMechanism: 'PLAIN' },
    async run(collection, log) {
      await tried(collection.findOne());
      await ready(log, 2);
    },
  },
  csot_select: {
    peer: 'none',
    options: { serverSelectionTimeoutMS: 5000 },
    run: collection => tried(collection.findOne({}, { timeoutMS: 200 })),
  },
  csot_read: {
    peer: 'standalone',
    warm: true,
    failure: { failCommands: ['find'], blockConnection: true, blockTimeMS: 300 },
    async run(collection, log) {
      await tried(collection.findOne({}, { timeoutMS: 100 }));
      await log.some('connectionPendingResponseSucceeded');
      await collection.findOne();
    },
  },
  csot_retry: {
    peer: 'rs',
    options: { timeoutMS: 1000 },
    failure: { failCommands: ['insert'], errorCode: 189, errorLabels: ['RetryableWriteError'] },
    times: 4,
    run: (collection, log) => ready(log, 3).then(() => collection.insertOne({})),
  },
};

/** A deliberate difference: what is left out of one side's streams before they are compared. */
interface Difference {
  readonly reason: string;
  readonly scenarios: readonly string[] | 'all';
  readonly leaveOut: (side: 'go' | 'ours', stream: string, text: string, index: number) => boolean;
}

const differences: readonly Difference[] = [
  {
    reason:
      'heartbeats come when their server has something to tell; one scenario is about them, and its peer has nothing to tell',
    scenarios: Object.keys(scenarios).filter(name => name !== 'streaming'),
    leaveOut: (_, stream) => stream === 'heartbeats',
  },
  {
    reason: 'Go publishes no events while it waits for a late reply',
    scenarios: ['csot_read'],
    leaveOut: (side, _, text) => side === 'ours' && text.startsWith('ConnectionPendingResponse'),
  },
  {
    reason: 'the pool is cleared and the connection closed before whoever waited for it is told (CMAP); Go tells first',
    scenarios: ['auth'],
    leaveOut: (_, __, text) => text.startsWith('ConnectionCheckOutFailed'),
  },
  {
    reason: 'after a cancelled check Go publishes a second change from Unknown to Unknown',
    scenarios: 'all',
    leaveOut: (side, stream, text) =>
      side === 'go' &&
      /^(topology|server)/.test(stream) &&
      text.includes('Unknown') &&
      text.split(' -> ')[0] === text.split(' -> ')[1],
  },
  {
    reason: 'in Go a pool is ready, and so may be cleared, before its server is known',
    scenarios: ['csot_select'],
    leaveOut: (side, _, text) => side === 'go' && /^ConnectionPool(Ready|Cleared)$/.test(text),
  },
  {
    reason:
      'the first error of a server that was Unknown is published as a change, since the error is part of the description',
    scenarios: ['csot_select'],
    leaveOut: (side, _, text) => side === 'ours' && text.split(' -> ')[0] === text.split(' -> ')[1],
  },
];

function comparable(side: 'go' | 'ours', scenario: string, streams: Streams): Streams {
  const applied = differences.filter(
    difference => difference.scenarios === 'all' || difference.scenarios.includes(scenario),
  );
  const kept = Object.entries(streams).map(([stream, texts]) => [
    stream,
    texts.filter((text, index) => !applied.some(({ leaveOut }) => leaveOut(side, stream, text, index))),
  ]);
  return Object.fromEntries(kept) as Streams;
}

async function record(name: string, { peer, options, failure, times = 1, warm, run }: Scenario): Promise<Streams> {
  const server =
    peer === 'none'
      ? { addresses: [`127.0.0.1:${(await freePorts(1))[0]}`], stop: () => undefined }
      : await startPeer(peer);
  try {
    const [first] = server.addresses;
    const uri = `mongodb://${first}/?${peer === 'lb' ? 'loadBalanced=true' : peer === 'standalone' ? '' : 'replicaSet=rs0'}`;
    const client = new MongoClient(uri, {
      appName: 'rec',
      heartbeatFrequencyMS: 10_000,
      minHeartbeatFrequencyMS: 20,
      // Go's client does not authenticate before its first operation.
      ...({ __skipPingOnConnect: true } as object),
      ...options,
    });
    const log = new EventLog(client);
    const fail = async () => {
      if (failure === undefined) return;
      await using control = new MongoClient(`mongodb://${first}/?directConnection=true`);
      await control.db('admin').command({ configureFailPoint: 'failCommand', mode: { times }, data: failure });
    };
    if (peer !== 'none') await client.connect();
    if (warm === true) await client.db('db').collection('c').findOne();
    await fail();
    await run(client.db('db').collection('c'), log, { client, addresses: server.addresses });
    await client.close();
    return comparable('ours', name, ourStreams(log.events, server.addresses));
  } finally {
    server.stop();
  }
}

describe('events come in the order of the Go driver', { skip: skipReason }, () => {
  for (const [name, scenario] of Object.entries(scenarios)) {
    it(name, async () => {
      const expected = comparable('go', name, goStreams(name));

      assert.deepEqual(await record(name, scenario), expected);
    });
  }

  const later: Readonly<Record<string, string>> = {
    interrupt: 'Go lets the first timeout of a check pass and interrupts at the second; the peer blocks two',
  };
  for (const [name, reason] of Object.entries(later)) it(name, { skip: reason }, () => undefined);
});
