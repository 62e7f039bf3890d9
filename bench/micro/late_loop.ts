/**
 * Operations in a program whose event loop is busy for longer than their `timeoutMS` while their replies arrive. On a warm pool the replies are here
 * when the loop turns again, and count. On a cold one, connections have to be established first, in turns that all come too late.
 *
 *   node scripts/build.mjs && node .build/bench/micro/late_loop.js [--assert]
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { MongoClient, MongoClientOptions } from 'mongotempo';
import { launch } from 'mongotempo-server';

const OPERATIONS = 100;
const TIMEOUT_MS = 20;
const BUSY_MS = 100;
/** Longer than a connection waits for a late reply. */
const SETTLE_MS = 1100;
/** Of 100 operations on a warm pool, and of 100 on a cold one that are started one by one. */
const LEAST = Object.freeze({ warm: 99, cold: 90 });

const DRIVERS = ['mongotempo', 'mongodb-csot'] as const;

interface Case {
  readonly name: keyof typeof LEAST;
  readonly inFlight: number;
}

const CASES: readonly Case[] = [
  { name: 'warm', inFlight: 1 },
  { name: 'warm', inFlight: 10 },
  { name: 'cold', inFlight: 1 },
  { name: 'cold', inFlight: 10 },
];

async function main(mustAssert: boolean): Promise<void> {
  const server = await launch({ topology: 'standalone' });
  console.log(`${OPERATIONS} operations, timeoutMS=${TIMEOUT_MS}, event loop busy for ${BUSY_MS} ms after each start`);
  try {
    for (const driver of DRIVERS) {
      for (const one of CASES) {
        const { succeeded, closed } = await measure(driver, server.uri, one);
        console.log(
          `${driver.padEnd(14)} ${one.name}, ${String(one.inFlight).padStart(2)} in flight: ${succeeded} succeeded, ${closed} connections closed`,
        );
        const isShort = driver === 'mongotempo' && one.inFlight === 1 && succeeded < LEAST[one.name];
        if (mustAssert && (isShort || (driver === 'mongotempo' && closed > 0))) process.exitCode = 1;
      }
    }
  } finally {
    await server.stop();
  }
}

async function measure(
  driver: string,
  uri: string,
  { name, inFlight }: Case,
): Promise<{ succeeded: number; closed: number }> {
  const module = (await import(driver)) as {
    MongoClient: new (uri: string, options: MongoClientOptions) => MongoClient;
  };
  const client = new module.MongoClient(uri, { minPoolSize: name === 'warm' ? inFlight : 0 });
  let closed = 0;
  client.on('connectionClosed', ({ reason }) => {
    if (reason !== 'poolClosed') closed++;
  });
  const collection = client.db('bench').collection('late');
  let ready = 0;
  client.on('connectionReady', () => {
    ready++;
  });
  if (name === 'warm') await collection.findOne({}, { timeoutMS: 0 });
  while (name === 'warm' && ready < inFlight) await pause(10);
  let succeeded = 0;
  for (let started = 0; started < OPERATIONS; started += inFlight) {
    const running = Promise.allSettled(
      Array.from({ length: inFlight }, () => collection.findOne({}, { timeoutMS: TIMEOUT_MS })),
    );
    // The commands are on their way, and no reply has come.
    await new Promise(setImmediate);
    beBusy(BUSY_MS);
    const outcomes = await running;
    succeeded += outcomes.filter(({ status }) => status === 'fulfilled').length;
  }
  await pause(SETTLE_MS);
  const result = { succeeded, closed };
  await client.close();
  return result;
}

function beBusy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

main(process.argv.includes('--assert')).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
