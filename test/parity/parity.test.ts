import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { EJSON } from 'bson';
import * as official from 'mongodb';
import { MongoClient } from 'mongotempo';
import { TestCluster, type TestClusterOptions } from 'mongotempo-server';
import type { Call, Item } from './call.js';
import { calls } from './calls/index.js';
import { differences } from './differences.js';

type Document = Record<string, unknown>;

/** What a call did, without what differs from run to run. */
interface Outcome {
  readonly commands: readonly Document[];
  readonly result: unknown;
  readonly error: { readonly name: string; readonly code: unknown; readonly message: string } | null;
}

class Driver {
  readonly #client: official.MongoClient;
  readonly #commands: Document[] = [];

  /** @param client - ours has the same interface */
  constructor(client: unknown) {
    this.#client = client as official.MongoClient;
    this.#client.on('commandStarted', ({ command }) => this.#commands.push(normalCommand(command)));
  }

  async outcome({ run }: Call): Promise<Outcome> {
    const db = this.#client.db('parity');
    const docs = db.collection<Item>('docs');
    await docs.deleteMany({});
    await docs.insertMany(Array.from({ length: 10 }, (_, n) => ({ _id: n, n, tag: n % 2 === 0 ? 'even' : 'odd' })));
    this.#commands.length = 0;
    let result: unknown = null;
    let error: Outcome['error'] = null;
    try {
      result = normal(await run({ client: this.#client, db, docs, admin: this.#client.db('admin') }));
    } catch (thrown) {
      const { name, code, message } = thrown as Error & { code?: unknown };
      error = { name, code, message };
    }
    return { commands: [...this.#commands], result, error };
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

/** Identifiers and the server's own times differ from run to run. */
const DROPPED = new Set(['lsid', '$clusterTime', 'operationTime', 'topologyVersion']);

function normal(value: unknown): unknown {
  const plain: unknown = JSON.parse(EJSON.stringify({ value }, { relaxed: false }));
  return masked((plain as { value: unknown }).value);
}

function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== 'object' || value === null) return value;
  if ('$oid' in value && value.$oid !== '64b7f9a0c2a1d2e3f4a5b6c7') return 'an ObjectId';
  const fields = Object.entries(value).filter(([key]) => !DROPPED.has(key));
  return Object.fromEntries(fields.map(([key, field]) => [key, masked(field)]));
}

function normalCommand(command: Document): Document {
  const plain = normal(command) as Document;
  if ('getMore' in plain) plain['getMore'] = 'a cursor';
  if ('killCursors' in plain) plain['cursors'] = ['a cursor'];
  if ('txnNumber' in plain) plain['txnNumber'] = 'a number';
  return plain;
}

/** A server that an error made Unknown is found again soon. */
const SETTINGS = { heartbeatFrequencyMS: 500 };

const topologies: readonly TestClusterOptions[] = [
  { topology: 'standalone', seed: 1 },
  { topology: 'replicaset', seed: 1 },
];

for (const options of topologies) {
  describe(`the same calls by mongotempo and by the official driver on a ${options.topology}`, () => {
    const clusters: TestCluster[] = [];
    let ours: Driver;
    let theirs: Driver;

    before(async () => {
      clusters.push(await TestCluster.start(options), await TestCluster.start(options));
      ours = new Driver(new MongoClient(clusters[0]!.uri, SETTINGS));
      theirs = new Driver(new official.MongoClient(clusters[1]!.uri, { monitorCommands: true, ...SETTINGS }));
    });

    after(async () => {
      await ours.close();
      await theirs.close();
      await Promise.all(clusters.map(async cluster => cluster.stop()));
    });

    for (const call of calls) {
      const known = differences.get(call.name);
      const difference = known?.on === undefined || known.on === options.topology ? known : undefined;
      it(difference === undefined ? call.name : `${call.name} (differs: ${difference.reason})`, async () => {
        const mine = await ours.outcome(call);
        const official = await theirs.outcome(call);

        for (const part of ['commands', 'result', 'error'] as const) {
          if (difference?.parts.includes(part) === true)
            assert.notDeepEqual(mine[part], official[part], `${part}: no difference any more`);
          else assert.deepEqual(mine[part], official[part], part);
        }
      });
    }
  });
}
