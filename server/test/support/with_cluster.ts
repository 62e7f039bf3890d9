import { type Document, MongoClient, type MongoClientOptions, MongoServerError } from 'mongodb';
import { TestCluster, type TestClusterOptions } from '../../src/index.js';

/** Runs a test against a cluster of its own, with the official driver as its client; both are closed afterwards. */
export async function withCluster(
  options: TestClusterOptions & { client?: MongoClientOptions },
  run: (client: MongoClient, cluster: TestCluster) => Promise<void>,
): Promise<void> {
  const { client: clientOptions, ...clusterOptions } = options;
  await using cluster = await TestCluster.start({ seed: 1, electionDelayMS: 20, ...clusterOptions });
  const client = new MongoClient(cluster.uri, { serverSelectionTimeoutMS: 30_000, ...clientOptions });
  try {
    await run(client, cluster);
  } finally {
    await client.close();
  }
}

/** The error that a command answers, for looking at its fields. */
export async function serverError(work: Promise<unknown>): Promise<MongoServerError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof MongoServerError) return error;
    throw error;
  }
  throw new Error('Expected the server to answer an error');
}

export async function failCommand(client: MongoClient, mode: Document | string, data: Document): Promise<void> {
  await client.db('admin').command({ configureFailPoint: 'failCommand', mode, data });
}
