/**
 * What it costs to take a connection from a warm pool and to give it back, beside two awaits of a settled promise.
 *
 *   node scripts/build.mjs && node .build/bench/micro/check_out.js
 */
import { createHook } from 'node:async_hooks';
import { Deadline } from '../../src/call/deadline.js';
import { EventPublisher } from '../../src/events/publisher.js';
import { ConnectionPool } from '../../src/pool/pool.js';
import { systemClock } from '../../src/runtime/clock.js';
import { systemRandom } from '../../src/runtime/random.js';
import { attempt, connectionParts, establishSettings } from '../../test/support/pool_harness.js';
import { ScriptedServer } from '../../test/support/scripted_server.js';
import { median } from '../ops/statistics.js';

const TIMES = 200_000;
const ROUNDS = 15;

const lending = attempt(Deadline.background(systemClock));

async function main(): Promise<void> {
  const server = new ScriptedServer();
  const parts = connectionParts(systemClock, server.open);
  const options = {
    maxPoolSize: 10,
    minPoolSize: 0,
    maxConnecting: 2,
    maxIdleTimeMS: 0,
    waitQueueTimeoutMS: 0,
    pendingResponseTimeoutMS: 1000,
  };
  const pool = new ConnectionPool('db1:27017', options, {
    publisher: new EventPublisher([], systemClock),
    clock: systemClock,
    random: systemRandom,
    connection: parts,
    establish: establishSettings(parts),
    onHandshake: () => undefined,
    onConnectionError: error => console.error(error),
  });
  pool.ready();
  pool.checkIn(await pool.checkOut(lending));

  const lend = (): void => {
    const connection = pool.tryCheckOut(lending);
    if (connection === null) throw new Error('the pool is not warm');
    pool.checkIn(connection);
  };
  const settled = Promise.resolve();
  const rounds: { pool: number; awaits: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    let startedAt = performance.now();
    for (let index = 0; index < TIMES; index++) lend();
    const ofPool = performance.now() - startedAt;
    startedAt = performance.now();
    for (let index = 0; index < TIMES; index++) {
      await settled;
      await settled;
    }
    rounds.push({ pool: ofPool, awaits: performance.now() - startedAt });
  }
  let promises = 0;
  const hook = createHook({
    init(_id, type) {
      if (type === 'PROMISE') promises++;
    },
  }).enable();
  for (let index = 0; index < 1000; index++) lend();
  hook.disable();
  pool.close();

  const ns = (milliseconds: number) => ((milliseconds * 1e6) / TIMES).toFixed(0);
  const [ofPool, awaits] = [median(rounds.map(round => round.pool)), median(rounds.map(round => round.awaits))];
  console.log(
    `check-out and check-in ${ns(ofPool)} ns, two awaits of a settled promise ${ns(awaits)} ns: ${(ofPool / awaits).toFixed(2)}`,
  );
  console.log(`promises made in 1000 check-outs and check-ins: ${promises}`);
}

void main();
