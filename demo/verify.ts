import type { Collection } from 'mongotempo';
import type { Order } from './orders.js';
import type { Acknowledged } from './workload.js';

const READ_TIMEOUT_MS = 60_000;
const CHUNK = 500;

export interface Findings {
  readonly inserts: number;
  readonly updates: number;
  /** Writes that failed for their caller: each may have been applied once. */
  readonly doubtful: number;
  /** What is wrong, in words; empty when nothing was lost or done twice. */
  readonly faults: readonly string[];
}

/** Looks for the orders of these numbers by an index, while the workload goes on. Returns those that are not there exactly once. */
export async function findAbsent(orders: Collection<Order>, numbers: readonly number[]): Promise<number[]> {
  const found = new Map<number, number>();
  for (let from = 0; from < numbers.length; from += CHUNK) {
    const filter = { number: { $in: numbers.slice(from, from + CHUNK) } };
    const options = { projection: { number: 1 }, batchSize: CHUNK, timeoutMS: READ_TIMEOUT_MS };
    for await (const { number } of orders.find(filter, options)) found.set(number, (found.get(number) ?? 0) + 1);
  }
  return numbers.filter(number => found.get(number) !== 1);
}

/**
 * Reads everything back and compares it with what the server has acknowledged: each order that was loaded or inserted is there exactly
 * once, and each change was made exactly once. Of what failed, each may have been done once.
 */
export async function verify(orders: Collection<Order>, loaded: number, acknowledged: Acknowledged): Promise<Findings> {
  const copies = new Map<number, number>();
  const revisions = new Map<number, number>();
  const options = { projection: { number: 1, revision: 1 }, batchSize: 5000, timeoutMS: READ_TIMEOUT_MS };
  for await (const { number, revision } of orders.find({}, options)) {
    copies.set(number, (copies.get(number) ?? 0) + 1);
    revisions.set(number, revision);
  }
  const { inserted, doubtfulInserts, updates, doubtfulUpdates } = acknowledged;
  const expected = [...Array.from({ length: loaded }, (_, index) => index + 1), ...inserted];
  const faults: string[] = [];
  const complain = (what: string, numbers: readonly number[]): void => {
    if (numbers.length > 0) faults.push(`${numbers.length} ${what}: order ${numbers.slice(0, 5).join(', ')}`);
  };
  complain(
    'documents are missing',
    expected.filter(number => !copies.has(number)),
  );
  complain(
    'documents are there twice',
    [...copies].filter(([, n]) => n > 1).map(([number]) => number),
  );
  const known = new Set(expected);
  const strangers = [...copies.keys()].filter(number => !known.has(number) && !doubtfulInserts.has(number));
  complain('documents were never sent', strangers);
  const bounds = expected.map(number => {
    const least = updates.get(number) ?? 0;
    return { number, revision: revisions.get(number) ?? 0, least, most: least + (doubtfulUpdates.get(number) ?? 0) };
  });
  complain(
    'orders lack an update',
    bounds.filter(b => b.revision < b.least).map(b => b.number),
  );
  complain(
    'orders have an update too many',
    bounds.filter(b => b.revision > b.most).map(b => b.number),
  );
  const doubtful = doubtfulInserts.size + total(doubtfulUpdates);
  return { inserts: inserted.length, updates: total(updates), doubtful, faults };
}

function total(tally: ReadonlyMap<number, number>): number {
  return [...tally.values()].reduce((sum, times) => sum + times, 0);
}
