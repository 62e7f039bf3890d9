import { setTimeout as pause } from 'node:timers/promises';
import { launch } from 'mongotempo-server';
import { MongoClient } from '../support/checked_source_client.js';
import type { Pace } from '../support/pace.js';
import { DISRUPTIONS, type Disruption, indexOfPrimary } from './disruptions.js';
import { Writers } from './writers.js';

export const HEARTBEAT_MS = 500;
/** Of an insert. Shorter than a heartbeat, so that callers who wait for a member that was cut off are there again in time. */
const TIMEOUT_MS = 250;
const CALLERS = 50;
/** Between two disruptions, for the set and the client to come to rest. */
const REST_MS = 150;
/** For the process to get round to what happened, under load. */
const SLACK_MS = 100;
/** No insert for so long is an outage. */
const OUTAGE_MS = 10_000;

export interface Round {
  readonly disruption: string;
  /** From when there was a primary again to the first insert that was acknowledged. */
  readonly withoutWritesMS: number;
}

export interface Outcome {
  readonly rounds: readonly Round[];
  readonly acknowledged: number;
  readonly failed: ReadonlyMap<string, number>;
  /** Acknowledged inserts that are lost, and rejections that were not handled: no machine is too slow for that. */
  readonly lost: readonly string[];
  /** Outages that were longer than a heartbeat. */
  readonly late: readonly string[];
}

/** Callers write to a replica set of three while its primary is disrupted again and again, each way in turn. */
export async function failOver(
  rounds: number,
  onRound: (round: Round, number: number) => void = () => undefined,
  ms: Pace = time => time,
): Promise<Outcome> {
  const server = await launch({ topology: 'replicaset', nodes: 3, seed: 1 });
  const heartbeatFrequencyMS = ms(HEARTBEAT_MS);
  const client = new MongoClient(server.uri, { heartbeatFrequencyMS, connectTimeoutMS: heartbeatFrequencyMS });
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown) => void unhandled.push(reason);
  process.on('unhandledRejection', onUnhandled);
  try {
    await client.connect();
    const writers = new Writers(client, ms(TIMEOUT_MS));
    writers.start(CALLERS);
    const done: Round[] = [];
    for (let number = 0; number < rounds; number++) {
      const disruption = DISRUPTIONS[number % DISRUPTIONS.length];
      if (disruption === undefined) break;
      const round = await disrupt(server, disruption, writers, ms);
      done.push(round);
      onRound(round, number);
    }
    await writers.stop();
    return {
      rounds: done,
      acknowledged: writers.acknowledged.length,
      failed: writers.failed,
      lost: lossesOf(await writers.missing(), unhandled),
      late: latenessOf(done, ms(HEARTBEAT_MS + SLACK_MS)),
    };
  } finally {
    process.off('unhandledRejection', onUnhandled);
    await client.close();
    await server.stop();
  }
}

async function disrupt(
  server: Awaited<ReturnType<typeof launch>>,
  { name, happen, mend }: Disruption,
  writers: Writers,
  ms: Pace,
): Promise<Round> {
  const primary = await indexOfPrimary(server);
  await happen(server, primary);
  const since = performance.now();
  const outage = new AbortController();
  await Promise.race([
    writers.acknowledgement(),
    pause(ms(OUTAGE_MS), undefined, { signal: outage.signal }).catch(() => undefined),
  ]);
  outage.abort();
  const withoutWritesMS = performance.now() - since;
  await mend?.(server, primary);
  await pause(ms(REST_MS));
  return { disruption: name, withoutWritesMS };
}

function lossesOf(missing: readonly string[], unhandled: readonly unknown[]): string[] {
  return [
    ...(missing.length > 0
      ? [`${missing.length} acknowledged inserts are lost: ${missing.slice(0, 5).join(', ')}`]
      : []),
    ...unhandled.map(reason => `unhandled rejection: ${String(reason)}`),
  ];
}

function latenessOf(rounds: readonly Round[], mostMS: number): string[] {
  return rounds
    .filter(({ withoutWritesMS }) => withoutWritesMS > mostMS)
    .map(({ disruption, withoutWritesMS }) => `${withoutWritesMS.toFixed(0)} ms without writes after ${disruption}`);
}
