import { type Collection, MongoClient, type MongoClientOptions } from 'mongotempo';
import type { EventLog } from '../support/event_log.js';
import type { Pace } from '../support/pace.js';

/** What was done when a stream was recorded. Times are those of the recording; a slow machine multiplies all of them. */
export interface Scenario {
  readonly peer: 'standalone' | 'rs' | 'lb' | 'none';
  /** Settings of the peer beside its mode. */
  readonly peerOptions?: Readonly<Record<string, unknown>>;
  /** Whether the URI names the replica set; without: where there is one, or no server at all. */
  readonly replicaSet?: boolean;
  readonly options?: (ms: Pace) => MongoClientOptions;
  /** Data of a fail point of the first server, set before. */
  readonly failure?: (ms: Pace) => object;
  readonly times?: number;
  /** A find before the fail point is set. */
  readonly warm?: boolean;
  readonly run: (collection: Collection, log: EventLog, where: Where) => Promise<unknown>;
}

export interface Where {
  readonly client: MongoClient;
  readonly addresses: readonly string[];
  readonly ms: Pace;
  /** Sets a fail point of the first server. */
  readonly fail: (data: object, times: number) => Promise<void>;
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

/** The scenarios of the README, and those that the design describes and that may be recorded later, by their names. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  standalone_find: { peer: 'standalone', run: collection => collection.findOne() },
  rs_find: { peer: 'rs', run: (collection, log) => ready(log, 3).then(() => collection.findOne()) },
  cmd_error: {
    peer: 'standalone',
    failure: () => ({ failCommands: ['find'], errorCode: 8 }),
    run: collection => tried(collection.findOne()),
  },
  net_error: {
    peer: 'standalone',
    options: () => ({ retryReads: false }),
    failure: () => ({ failCommands: ['find'], closeConnection: true }),
    run: (collection, log) => tried(collection.findOne()).then(() => ready(log, 2)),
  },
  waitqueue: {
    peer: 'standalone',
    options: () => ({ maxPoolSize: 1 }),
    failure: ms => ({ failCommands: ['find'], blockConnection: true, blockTimeMS: ms(400) }),
    async run(collection, log, { ms }) {
      const first = collection.findOne();
      await log.some('commandStarted');
      await tried(collection.findOne({}, { timeoutMS: ms(100) }));
      await first;
    },
  },
  stepdown_notprimary: {
    peer: 'rs',
    failure: () => ({
      failCommands: ['insert'],
      errorCode: 10107,
      errorLabels: ['RetryableWriteError'],
      bumpTopologyVersion: true,
    }),
    run: (collection, log) => ready(log, 3).then(() => collection.insertOne({})),
  },
  retry_write: {
    peer: 'rs',
    failure: () => ({ failCommands: ['insert'], closeConnection: true }),
    run: (collection, log) => ready(log, 3).then(() => collection.insertOne({})),
  },
  hb_fail: {
    peer: 'standalone',
    options: () => ({ heartbeatFrequencyMS: 500 }),
    async run(_, log) {
      await ready(log, 2);
    },
    // Of the two hellos of the recording, one is that of Go's connection for round trip times.
    failure: () => ({ failCommands: ['hello'], closeConnection: true, appName: 'rec' }),
  },
  idle: {
    peer: 'standalone',
    options: ms => ({ maxIdleTimeMS: ms(50) }),
    run: async (collection, _, { ms }) => {
      await collection.findOne();
      await pause(ms(120));
      await collection.findOne();
    },
  },
  minpool: {
    peer: 'standalone',
    options: () => ({ minPoolSize: 2 }),
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
    options: () => ({ heartbeatFrequencyMS: 500 }),
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
    failure: () => ({ failCommands: ['commitTransaction'], closeConnection: true }),
    async run(collection, log, { client }) {
      await ready(log, 3);
      await client.withSession(session => session.withTransaction(() => collection.insertOne({}, { session })));
    },
  },
  auth: {
    peer: 'standalone',
    // The peer accepts no connection.
    options: () => ({ auth: { username: 'user', password: 'wrong' }, authMechanism: 'PLAIN' }),
    async run(collection, log) {
      await tried(collection.findOne());
      await ready(log, 2);
    },
  },
  csot_select: {
    peer: 'none',
    options: ms => ({ serverSelectionTimeoutMS: ms(5000) }),
    run: (collection, _, { ms }) => tried(collection.findOne({}, { timeoutMS: ms(200) })),
  },
  csot_read: {
    peer: 'standalone',
    warm: true,
    failure: ms => ({ failCommands: ['find'], blockConnection: true, blockTimeMS: ms(300) }),
    async run(collection, log, { ms }) {
      await tried(collection.findOne({}, { timeoutMS: ms(100) }));
      await log.some('connectionPendingResponseSucceeded');
      await collection.findOne();
    },
  },
  csot_retry: {
    peer: 'rs',
    options: ms => ({ timeoutMS: ms(1000) }),
    failure: () => ({ failCommands: ['insert'], errorCode: 189, errorLabels: ['RetryableWriteError'] }),
    times: 4,
    run: (collection, log) => ready(log, 3).then(() => collection.insertOne({})),
  },
  csot_read_long: {
    peer: 'standalone',
    warm: true,
    options: ms => ({ pendingResponseTimeoutMS: ms(400) }),
    failure: ms => ({ failCommands: ['find'], blockConnection: true, blockTimeMS: ms(1500) }),
    async run(collection, log, { ms }) {
      await tried(collection.findOne({}, { timeoutMS: ms(100) }));
      await log.some('connectionClosed');
      await collection.findOne();
    },
  },
  csot_maxtime: {
    peer: 'standalone',
    warm: true,
    failure: ms => ({ failCommands: ['find'], blockConnection: true, blockTimeMS: ms(300), honorMaxTimeMS: true }),
    async run(collection, _, { client, ms }) {
      await tried(collection.findOne({}, { timeoutMS: ms(100) }));
      while (client.poolStats()[0]?.idle !== 1) await pause(1);
      await collection.findOne();
    },
  },
  net_error_retry: {
    peer: 'standalone',
    failure: () => ({ failCommands: ['find'], closeConnection: true }),
    run: collection => collection.findOne(),
  },
  shutdown91: {
    peer: 'rs',
    failure: () => ({
      failCommands: ['insert'],
      errorCode: 91,
      errorLabels: ['RetryableWriteError'],
      bumpTopologyVersion: true,
    }),
    run: (collection, log) => ready(log, 3).then(() => collection.insertOne({})),
  },
  hb_fail_poll: {
    peer: 'standalone',
    options: () => ({ heartbeatFrequencyMS: 500, serverMonitoringMode: 'poll' }),
    failure: () => ({ failCommands: ['hello'], closeConnection: true, appName: 'rec' }),
    async run(_, log) {
      await ready(log, 2);
    },
  },
  election: {
    peer: 'rs',
    async run(_, log, { addresses }) {
      await ready(log, 3);
      await using control = new MongoClient(`mongodb://${addresses[0]}/?directConnection=true`);
      const isElected = ({ newDescription }: { newDescription: { type: string } }) =>
        newDescription.type === 'RSPrimary';
      const elected = log.next('serverDescriptionChanged', isElected);
      await control.db('admin').command({ mockElect: Number(addresses[1]?.split(':')[1]) });
      await elected;
    },
  },
  lb_neterror: {
    peer: 'lb',
    options: () => ({ retryReads: false }),
    failure: () => ({ failCommands: ['find'], closeConnection: true }),
    run: collection => tried(collection.findOne()),
  },
  unack: {
    peer: 'standalone',
    run: collection => collection.insertOne({ x: 1 }, { writeConcern: { w: 0 } }),
  },
  close_inuse: {
    peer: 'standalone',
    failure: ms => ({ failCommands: ['find'], blockConnection: true, blockTimeMS: ms(3000) }),
    async run(collection, log, { client }) {
      const found = tried(collection.findOne());
      await log.some('commandStarted');
      await client.close();
      await found;
    },
  },
};
