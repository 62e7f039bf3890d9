import type { Collection, Db, Document, MongoClientOptions } from 'mongotempo';
import { launch, TestCluster, type TestClusterOptions } from 'mongotempo-server';
import { MongoClient } from './checked_client.js';
import { EventLog } from './event_log.js';

/** Checks follow each other quickly, since the server is near; the time for a selection is that of a busy machine. */
const CLIENT_OPTIONS: MongoClientOptions = { serverSelectionTimeoutMS: 30_000, minHeartbeatFrequencyMS: 20 };

export interface Setup {
  readonly uri: string;
  readonly client: MongoClient;
  readonly log: EventLog;
  readonly db: Db;
  readonly collection: Collection;
}

export interface SetupWithCluster extends Setup {
  readonly cluster: TestCluster;
}

export interface SetupOptions {
  readonly cluster?: TestClusterOptions;
  readonly client?: MongoClientOptions;
}

async function runWith<S extends Setup>(
  uri: string,
  options: MongoClientOptions | undefined,
  run: (setup: S) => Promise<void>,
  more: Omit<S, keyof Setup>,
): Promise<void> {
  await using client = new MongoClient(uri, { ...CLIENT_OPTIONS, ...options });
  const log = new EventLog(client);
  const db = client.db('shop');
  await run({ uri, client, log, db, collection: db.collection('orders'), ...more } as S);
}

/** Runs a test against a server in this process and a client of it; both are closed afterwards. */
export async function withServer(
  options: SetupOptions,
  run: (setup: SetupWithCluster) => Promise<void>,
): Promise<void> {
  await using cluster = await TestCluster.start({ seed: 1, electionDelayMS: 20, ...options.cluster });
  await runWith<SetupWithCluster>(cluster.uri, options.client, run, { cluster });
}

/** The same with a server in a process of its own, whose clock does not share this event loop. */
export async function withServerProcess(
  { cluster, client }: Omit<SetupOptions, 'cluster'> & { cluster?: Omit<TestClusterOptions, 'clock'> },
  run: (setup: Setup) => Promise<void>,
): Promise<void> {
  const server = await launch({ seed: 1, electionDelayMS: 20, ...cluster });
  try {
    await runWith<Setup>(server.uri, client, run, {});
  } finally {
    await server.stop();
  }
}

/** Sets the fail point `failCommand` of one server, from a client of its own. */
export async function failCommand(
  where: string,
  data: Document,
  mode: Document | 'alwaysOn' | 'off' = { times: 1 },
): Promise<void> {
  const uri = where.startsWith('mongodb:') ? where : `mongodb://${where}/?directConnection=true`;
  await using admin = new MongoClient(uri);
  await admin.db('admin').command({ configureFailPoint: 'failCommand', mode, data });
}

/** The error that work is rejected with. */
export async function rejection<E = Error>(work: Promise<unknown>): Promise<E> {
  try {
    await work;
  } catch (error) {
    return error as E;
  }
  throw new Error('It was expected to be rejected');
}

export function documents(count: number, more: Document = {}): Document[] {
  return Array.from({ length: count }, (_, index) => ({ _id: index, ...more }));
}
