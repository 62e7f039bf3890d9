// 200 callers with deadlines of 50 to 500 ms on a pool of 10, over real sockets, while the server resets, delays, falls silent and steps down.
//   npm run soak                        60 seconds, a new seed
//   npm run soak -- --seconds 600       longer
//   npm run soak -- --seed 42           the same faults and calls, as far as time allows
// Exit code 1 if callers wait past their deadlines, if sockets or heap grow, or if timeouts cost connections.
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { launch } from 'mongotempo-server';
import { SeededRandom } from '../fuzz/random.js';
import { MongoClient } from '../support/checked_source_client.js';
import { callAgainAndAgain, type Outcomes } from './callers.js';
import { Faults } from './faults.js';
import { type Sample, Samples } from './samples.js';

const CALLERS = 200;
const POOL_SIZE = 10;
const DOCUMENTS = 100;
const MOST_LATE_MS = 25;
/** A quarter's heap may exceed that of the first by so much: what the compiler and the collector do is no leak. */
const HEAP_GROWTH = 1.15;
/** Of monitors, two for each server, and those that are about to be closed. */
const MOST_OTHER_SOCKETS = 9;
/** A fault may cost a pool, or hit several connections one by one. */
const CONNECTIONS_PER_FAULT = POOL_SIZE;

const { values } = parseArgs({ options: { seconds: { type: 'string' }, seed: { type: 'string' } } });
const seconds = Number(values.seconds ?? 60);
const seed = Number(values.seed ?? Date.now() % 2 ** 31);

void main();

async function main(): Promise<void> {
  console.log(`${CALLERS} callers, a pool of ${POOL_SIZE}, ${seconds} s, seed ${seed}`);
  const random = new SeededRandom(seed);
  const server = await launch({ topology: 'replicaset', nodes: 3, seed });
  const client = new MongoClient(server.uri, { maxPoolSize: POOL_SIZE, heartbeatFrequencyMS: 500 });
  const faults = new Faults(server, random);
  client.on('commandSucceeded', ({ address }) => {
    faults.primary = address;
  });
  const outcomes: Outcomes = { succeeded: 0, timedOut: 0, phases: new Map(), failed: new Map(), lateMS: [] };
  const orders = client.db('shop').collection('orders');
  await orders.insertMany(
    Array.from({ length: DOCUMENTS }, (_, index) => ({ _id: index as never, count: 0, text: 'x'.repeat(200) })),
  );

  const samples = new Samples(client, seconds);
  let isOver = false;
  faults.start();
  const callers = Array.from({ length: CALLERS }, () => callAgainAndAgain(orders, random, outcomes, () => isOver));
  await samples.take();
  isOver = true;
  await Promise.all(callers);
  await faults.stop();
  const mostOpened = samples.connections;
  await client.close();
  await server.stop();
  await pause(100);
  const left = process.getActiveResourcesInfo().filter(name => name.startsWith('TCP') || name === 'Timeout');

  const complaints = judge(outcomes, samples, faults, mostOpened, left);
  for (const complaint of complaints) console.log(`✖ ${complaint}`);
  if (complaints.length === 0) console.log('✔ no caller waited too long, nothing leaked');
  process.exitCode = complaints.length === 0 ? 0 : 1;
}

function judge(outcomes: Outcomes, samples: Samples, faults: Faults, opened: number, left: string[]): string[] {
  const complaints: string[] = [];
  const demand = (holds: boolean, complaint: string) => {
    if (!holds) complaints.push(complaint);
  };
  const { succeeded, timedOut, phases, failed, lateMS } = outcomes;
  const sorted = lateMS.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  console.log(`calls: ${succeeded} succeeded, ${timedOut} timed out (${list(phases)}), others: ${list(failed)}`);
  console.log(`faults: ${list(faults.counts)}`);
  console.log(
    `past the deadline, of ${sorted.length} calls that reached it: p50 ${at(0.5).toFixed(1)} ms, p99 ${at(0.99).toFixed(1)} ms, ` +
      `p99.9 ${at(0.999).toFixed(1)} ms, most ${at(1).toFixed(1)} ms`,
  );
  demand(succeeded > 0 && timedOut > 0, 'no call succeeded, or none timed out: nothing was tried');
  demand(
    at(0.99) <= MOST_LATE_MS,
    `p99 past the deadline is ${at(0.99).toFixed(1)} ms, at most ${MOST_LATE_MS} are allowed`,
  );

  const limit = CONNECTIONS_PER_FAULT * (faults.total + 3);
  const rate = `${(opened / seconds).toFixed(1)} per second, ${(opened / Math.max(1, faults.total)).toFixed(1)} per fault`;
  console.log(`connections opened: ${opened} (${rate}), at most ${samples.mostOpenedInASecond} in one second`);
  demand(opened <= limit, `${opened} connections opened, at most ${limit} would have been for ${faults.total} faults`);

  const [first, last] = samples.quarters();
  console.log(
    `sockets besides those of the pools: ${show(first, 'sockets')} at first, ${show(last, 'sockets')} at last; left at the end: ${left.join(', ') || 'none'}`,
  );
  console.log(`heap: ${show(first, 'heapMB')} MB at first, ${show(last, 'heapMB')} MB at last`);
  demand(last.sockets <= MOST_OTHER_SOCKETS, `${show(last, 'sockets')} sockets besides those of the pools`);
  demand(last.heapMB <= first.heapMB * HEAP_GROWTH + 2, 'the heap grows');
  demand(left.length === 0, `left behind: ${left.join(', ')}`);
  return complaints;
}

function show(sample: Sample, field: keyof Sample): string {
  return sample[field].toFixed(1);
}

function list(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ') || 'none';
}
