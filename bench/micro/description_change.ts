/**
 * What one change of the description costs: a member is found to be primary again, or to have other tags, by the number of servers, and by
 * that of the operations that wait, all of which the change wakes, or none.
 *
 *   node scripts/build.mjs && node .build/bench/micro/description_change.js
 */
import type { Document } from '../../src/bson/index.js';
import { ReadPreference } from '../../src/concern/read_preference.js';
import { parseHello } from '../../src/description/hello.js';
import { EventPublisher } from '../../src/events/publisher.js';
import { ConnectionPool } from '../../src/pool/pool.js';
import { systemClock } from '../../src/runtime/clock.js';
import { systemRandom } from '../../src/runtime/random.js';
import { Server } from '../../src/sdam/server.js';
import { readPreferenceSelector, type ServerSelector, writableSelector } from '../../src/sdam/server_selection.js';
import { Topology } from '../../src/sdam/topology.js';
import { connectionParts, deadline, establishSettings } from '../../test/support/pool_harness.js';
import { ScriptedServer, STANDALONE } from '../../test/support/scripted_server.js';
import { request } from '../../test/support/topology_harness.js';
import { median } from '../ops/statistics.js';

const SERVERS = [3, 10, 50];
const WAITERS = [10, 100, 1000];
const ROUNDS = 60;
const WARM_UP = 20;

const TIMES = { roundTripTime: 1, minRoundTripTime: 1, lastUpdateTime: 1 };
const POOL = {
  maxPoolSize: 10,
  minPoolSize: 0,
  maxConnecting: 2,
  maxIdleTimeMS: 0,
  waitQueueTimeoutMS: 0,
  pendingResponseTimeoutMS: 1000,
};

interface Case {
  readonly name: string;
  readonly selector: () => ServerSelector;
  /** What the first member says before and with the change. */
  readonly from: Document;
  readonly to: Document;
}

const PRIMARY = { isWritablePrimary: true, secondary: false };
const nowhere = new ReadPreference('secondary', [{ dc: 'nowhere' }]);
const CASES: readonly Case[] = [
  { name: 'writes, all woken', selector: () => writableSelector, from: {}, to: PRIMARY },
  { name: 'writes, none woken', selector: () => writableSelector, from: {}, to: { tags: { dc: 'east' } } },
  {
    name: 'reads by tags, none woken',
    selector: () => readPreferenceSelector(nowhere),
    from: {},
    to: { tags: { dc: 'east' } },
  },
];

function openTopology(count: number) {
  const hosts = Array.from({ length: count }, (_, index) => `h${index}:27017`);
  const publisher = new EventPublisher([], systemClock);
  const parts = connectionParts(systemClock, new ScriptedServer().open);
  const topology = new Topology(
    {
      hosts,
      replicaSet: 'rs',
      directConnection: false,
      loadBalanced: false,
      heartbeatFrequencyMS: 10_000,
      localThresholdMS: 15,
      srvMaxHosts: 0,
      serverSelector: undefined,
      serverSelectionFailFast: false,
    },
    {
      clock: systemClock,
      random: systemRandom,
      publisher,
      openServer: address => {
        const ports = { publisher, clock: systemClock, random: systemRandom, connection: parts };
        const nothing = { onHandshake: () => undefined, onConnectionError: () => undefined };
        return new Server(
          address,
          new ConnectionPool(address, POOL, { ...ports, ...nothing, establish: establishSettings(parts) }),
          null,
        );
      },
    },
  );
  topology.open();
  const tell = (address: string, fields: Document) => {
    const hello = { ...STANDALONE, isWritablePrimary: false, secondary: true, setName: 'rs', hosts, me: address };
    return parseHello(address, { ...hello, ...fields }, TIMES);
  };
  for (const address of hosts) topology.onServerDescription(tell(address, {}));
  return { topology, tell: (fields: Document) => tell(hosts[0] ?? '', fields) };
}

/** Microseconds of one change. */
async function measure({ selector, from, to }: Case, servers: number, waiters: number): Promise<number> {
  const { topology, tell } = openTopology(servers);
  const samples: number[] = [];
  let waiting: Promise<unknown>[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    topology.onServerDescription(tell(from));
    if (waiting.length === 0) {
      const one = () => topology.select(request(selector(), 'it', deadline(systemClock))).catch(() => undefined);
      waiting = Array.from({ length: waiters }, one);
    }
    const changed = tell(to);
    const startedAt = performance.now();
    topology.onServerDescription(changed);
    const tookMS = performance.now() - startedAt;
    if (round >= WARM_UP) samples.push(tookMS * 1000);
    if (to === PRIMARY) {
      await Promise.all(waiting);
      waiting = [];
    }
  }
  topology.close();
  await Promise.all(waiting);
  return median(samples);
}

async function main(): Promise<void> {
  // The compiler sees all cases before any is measured.
  for (const one of CASES) await measure(one, 10, 100);
  for (const one of CASES) {
    console.log(`\n${one.name}: microseconds of one change`);
    console.log(`servers  ${WAITERS.map(waiters => `${waiters} waiters`.padStart(13)).join('')}`);
    for (const servers of SERVERS) {
      const cells: string[] = [];
      for (const waiters of WAITERS) cells.push((await measure(one, servers, waiters)).toFixed(1).padStart(13));
      console.log(`${String(servers).padEnd(9)}${cells.join('')}`);
    }
  }
}

void main();
