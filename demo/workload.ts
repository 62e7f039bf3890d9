import { setTimeout as sleep } from 'node:timers/promises';
import { type Collection, MongoError } from 'mongotempo';
import { type OperationLog, percentiles } from './operation_log.js';
import { generator, makeOrder, type Order } from './orders.js';
import { count, isTerminal, LiveLine, milliseconds } from './terminal.js';

/** Each operation of the workload has this long, retries and elections included. */
export const TIMEOUT_MS = 2000;
const PAUSE_AFTER_FAILURE_MS = 20;

/** What the server has acknowledged, and what may or may not have been done. */
export class Acknowledged {
  /** Numbers of orders whose insertion was acknowledged, in the order of acknowledgement. */
  readonly inserted: number[] = [];
  /** Numbers of orders whose insertion failed: they may be there, once. */
  readonly doubtfulInserts = new Set<number>();
  /** By number of the order: changes that were acknowledged, and changes that failed. */
  readonly updates = new Map<number, number>();
  readonly doubtfulUpdates = new Map<number, number>();
}

export interface Workload {
  readonly orders: Collection<Order>;
  readonly log: OperationLog;
  readonly acknowledged: Acknowledged;
  readonly loaded: number;
  readonly workers: number;
}

/** Reads and writes in parallel until the signal is aborted. Resolves when all operations have ended. */
export async function runWorkload(workload: Workload, signal: AbortSignal): Promise<void> {
  let last = workload.loaded;
  const nextNumber = (): number => ++last;
  const workers = Array.from({ length: workload.workers }, async (_, index) => {
    const random = generator(index + 1);
    while (!signal.aborted) {
      const result = await oneOperation(workload, random, nextNumber);
      if (result instanceof MongoError) await sleep(PAUSE_AFTER_FAILURE_MS);
    }
  });
  await Promise.all(workers);
}

function oneOperation(workload: Workload, random: () => number, nextNumber: () => number): Promise<unknown> {
  const { orders, log, loaded } = workload;
  const number = 1 + Math.floor(random() * loaded);
  const chance = random();
  if (chance < 0.3) return insert(workload, nextNumber());
  if (chance < 0.55) return update(workload, number);
  if (chance < 0.9) return log.run('findOne', TIMEOUT_MS, () => orders.findOne({ number }));
  const customer = makeOrder(number).customer.id;
  const query = (): Promise<unknown> => orders.find({ 'customer.id': customer }, { limit: 20 }).toArray();
  return log.run('find.toArray', TIMEOUT_MS, query);
}

async function insert({ orders, log, acknowledged }: Workload, number: number): Promise<unknown> {
  const result = await log.run('insertOne', TIMEOUT_MS, () => orders.insertOne(makeOrder(number)));
  if (result instanceof MongoError) acknowledged.doubtfulInserts.add(number);
  else acknowledged.inserted.push(number);
  return result;
}

/** $inc shows whether a retry has applied a change twice, which $set would hide. */
async function update({ orders, log, acknowledged }: Workload, number: number): Promise<unknown> {
  const change = { $inc: { revision: 1 } };
  const result = await log.run('updateOne', TIMEOUT_MS, () => orders.updateOne({ number }, change));
  const tally = result instanceof MongoError ? acknowledged.doubtfulUpdates : acknowledged.updates;
  tally.set(number, (tally.get(number) ?? 0) + 1);
  return result;
}

/** Shows throughput and latencies until the signal is aborted: one line on a terminal, one a second elsewhere. */
export async function showProgress(
  log: OperationLog,
  primary: () => string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const line = new LiveLine();
  const intervalMS = isTerminal ? 250 : 1000;
  const begin = performance.now();
  let before = begin;
  while (!signal.aborted) {
    await sleep(intervalMS, undefined, { signal }).catch(() => undefined);
    const now = performance.now();
    const recent = log.takeRecent();
    if (now - before < intervalMS / 2) break;
    const { p50, p99, max } = percentiles(recent);
    const rate = count(Math.round((recent.length / (now - before)) * 1000));
    const latency = (value: number): string => (recent.length === 0 ? '–' : milliseconds(value)).padStart(8);
    const columns = [
      `${((now - begin) / 1000).toFixed(1).padStart(5)} s`,
      `${rate.padStart(6)} ops/s`,
      `p50 ${latency(p50)}`,
      `p99 ${latency(p99)}`,
      `max ${latency(max)}`,
      `failed ${count(log.failed)}`,
      primary() ?? 'no primary',
    ];
    line.show(columns.join(' │ '));
    before = now;
  }
  line.end();
}
