/**
 * What it costs to discover many servers: a seed names them, and each is found to be unavailable while an operation waits. The time for each
 * server should not grow with their number: the last column is the work of one server in relation to that in the smallest deployment.
 *
 *   node scripts/build.mjs && node .build/bench/micro/discovery.js
 */

import { parseHello } from '../../src/description/hello.js';
import { unknownServer } from '../../src/description/server_description.js';
import { EventPublisher } from '../../src/events/publisher.js';
import { ConnectionPool } from '../../src/pool/pool.js';
import { systemClock } from '../../src/runtime/clock.js';
import { systemRandom } from '../../src/runtime/random.js';
import { Server } from '../../src/sdam/server.js';
import { writableSelector } from '../../src/sdam/server_selection.js';
import { Topology } from '../../src/sdam/topology.js';
import { connectionParts, deadline, establishSettings } from '../../test/support/pool_harness.js';
import { ScriptedServer, STANDALONE } from '../../test/support/scripted_server.js';
import { request } from '../../test/support/topology_harness.js';
import { median } from '../ops/statistics.js';

const SERVERS = [100, 300, 1000, 3000, 10_000];
const ROUNDS = 5;
const SEED = 'seed:27017';
const TIMES = { roundTripTime: 1, minRoundTripTime: 1, lastUpdateTime: 1 };
const POOL = {
  maxPoolSize: 10,
  minPoolSize: 0,
  maxConnecting: 2,
  maxIdleTimeMS: 0,
  waitQueueTimeoutMS: 0,
  pendingResponseTimeoutMS: 1000,
};

function openTopology(): Topology {
  const publisher = new EventPublisher([], systemClock);
  const parts = connectionParts(systemClock, new ScriptedServer().open);
  const options = {
    hosts: [SEED],
    replicaSet: 'rs',
    directConnection: false,
    loadBalanced: false,
    heartbeatFrequencyMS: 10_000,
    localThresholdMS: 15,
    srvMaxHosts: 0,
    serverSelector: undefined,
    serverSelectionFailFast: false,
  };
  const ports = { publisher, clock: systemClock, random: systemRandom, connection: parts };
  const nothing = { onHandshake: () => undefined, onConnectionError: () => undefined };
  const establish = establishSettings(parts);
  const openServer = (address: string) =>
    new Server(address, new ConnectionPool(address, POOL, { ...ports, ...nothing, establish }), null);
  const topology = new Topology(options, { ...ports, openServer });
  topology.open();
  return topology;
}

/** Milliseconds of all that follows from one hello. */
async function discover(count: number): Promise<number> {
  const topology = openTopology();
  const hosts = [SEED, ...Array.from({ length: count - 1 }, (_, index) => `h${index}.example:27017`)];
  const hello = { ...STANDALONE, isWritablePrimary: false, secondary: true, setName: 'rs', hosts, me: SEED };
  const waiting = topology.select(request(writableSelector, 'primary', deadline(systemClock))).catch(() => undefined);
  const startedAt = performance.now();
  topology.onServerDescription(parseHello(SEED, hello, TIMES));
  for (const host of hosts.slice(1)) topology.onServerDescription(unknownServer(host, null, null, 1));
  const tookMS = performance.now() - startedAt;
  topology.close();
  await waiting;
  return tookMS;
}

async function main(): Promise<void> {
  // More servers than are usual are what this is about.
  process.removeAllListeners('warning');
  for (let round = 0; round < 10; round++) await discover(300);
  console.log('servers        ms   µs for each   ratio');
  let smallest: number | undefined;
  for (const count of SERVERS) {
    const samples: number[] = [];
    for (let round = 0; round < ROUNDS; round++) samples.push(await discover(count));
    const each = (median(samples) * 1000) / count;
    smallest ??= each;
    const cells = [median(samples).toFixed(1).padStart(10), each.toFixed(2).padStart(14)];
    console.log(`${String(count).padEnd(7)}${cells.join('')}${(each / smallest).toFixed(2).padStart(8)}`);
  }
}

void main();
