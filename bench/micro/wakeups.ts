/**
 * How often a client that has nothing to do wakes: a set of three in a process of its own, heartbeats streamed. Input and timers that come
 * within 50 ms are one wakeup: they are dealt with together.
 *
 *   node scripts/build.mjs && node .build/bench/micro/wakeups.js [heartbeats]
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { launch } from 'mongotempo-server';
import { MongoClient } from '../../src/client/mongo_client.js';
import { type Clock, systemClock } from '../../src/runtime/clock.js';
import { systemResolver } from '../../src/runtime/dns.js';
import { systemRandom } from '../../src/runtime/random.js';
import { openSocket } from '../../src/runtime/socket_transport.js';
import type { OpenTransport, TransportHandler } from '../../src/runtime/transport.js';

const HEARTBEAT_MS = 2000;
const TOGETHER_MS = 50;
const SERVERS = 3;

interface Wakeup {
  readonly at: number;
  readonly what: string;
}

async function main(heartbeats: number): Promise<void> {
  const wakeups: Wakeup[] = [];
  const wake = (what: string) => void wakeups.push({ at: performance.now(), what });
  const clock: Clock = {
    ...systemClock,
    setTimer: (ms, callback, keepAlive) =>
      systemClock.setTimer(
        ms,
        () => {
          wake('timer');
          callback();
        },
        keepAlive,
      ),
  };
  const open: OpenTransport = (address, options, handler) => {
    const where = 'host' in address ? `${address.host}:${address.port}` : address.socketPath;
    const listening: TransportHandler = {
      onStep: step => handler.onStep(step),
      onConnect: () => handler.onConnect(),
      onData(chunk, length) {
        wake(where);
        handler.onData(chunk, length);
      },
      onClose: error => handler.onClose(error),
    };
    return openSocket(address, options, listening);
  };
  const server = await launch({ topology: 'replicaset', nodes: SERVERS });
  const client = new MongoClient(
    server.uri,
    { heartbeatFrequencyMS: HEARTBEAT_MS },
    { clock, random: systemRandom, open, resolver: systemResolver },
  );
  await client.connect();
  await pause(HEARTBEAT_MS / 2);
  wakeups.length = 0;
  await pause(heartbeats * HEARTBEAT_MS);
  const seen = [...wakeups];
  await client.close();
  await server.stop();

  console.log(`${heartbeats} heartbeats of ${HEARTBEAT_MS} ms, ${SERVERS} servers`);
  console.log(
    `inputs ${seen.filter(({ what }) => what !== 'timer').length}, timers that fired ${seen.filter(({ what }) => what === 'timer').length}`,
  );
  for (const address of new Set(seen.map(({ what }) => what))) {
    const times = seen.filter(({ what }) => what === address).map(({ at }) => at);
    console.log(`${address}: ${(moments(times) / heartbeats).toFixed(2)} wakeups per heartbeat`);
  }
  const all = moments(seen.map(({ at }) => at));
  console.log(`the process: ${(all / heartbeats).toFixed(2)} wakeups per heartbeat, at most ${SERVERS} are allowed`);
}

function moments(times: readonly number[]): number {
  let [count, last] = [0, Number.NEGATIVE_INFINITY];
  for (const at of times) {
    if (at - last > TOGETHER_MS) {
      count++;
      last = at;
    }
  }
  return count;
}

void main(Number(process.argv[2] ?? 5));
