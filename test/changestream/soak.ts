import { setTimeout as pause } from 'node:timers/promises';
import { launch } from 'mongotempo-server';
import type { Document } from '../../src/bson/index.js';
import type { MongoClient as Client } from '../../src/client/mongo_client.js';
import { SeededRandom } from '../fuzz/random.js';
import { MongoClient } from '../support/checked_source_client.js';
import type { Pace } from '../support/pace.js';
import { injectFault } from './faults.js';
import { LAST, READER_OPTIONS, READERS } from './readers.js';

const WRITERS = 4;
/** Between two writes of a writer. */
const WRITE_PAUSE_MS = 5;
const FAULT_PAUSE_MS = 400;
/** Of what must succeed in the end. */
const MOST_ATTEMPTS = 10;
/** How long readers may take for what is left when nothing goes wrong any more. */
const REST_MS = 30_000;

export interface SoakOutcome {
  readonly changes: number;
  /** How often each thing went wrong. */
  readonly faults: ReadonlyMap<string, number>;
  /** Aggregates of all streams: the first ones and the resumes. */
  readonly aggregates: number;
  /** What is wrong with what readers have seen; empty if each has seen each change once, and in order. No machine is too slow for that. */
  readonly complaints: readonly string[];
  /** Whether readers had seen all in time. */
  readonly isComplete: boolean;
}

/**
 * Streams are read in each way while their replica set is disrupted again and again. What they must have seen is counted without a change stream: by
 * the documents that are there in the end.
 */
export async function soakChangeStreams(seconds: number, seed: number, ms: Pace = time => time): Promise<SoakOutcome> {
  const random = new SeededRandom(seed);
  const server = await launch({ topology: 'replicaset', nodes: 3, seed });
  const reading = new MongoClient(server.uri, { ...READER_OPTIONS });
  const writing = new MongoClient(server.uri, { ...READER_OPTIONS, timeoutMS: ms(2000) });
  const admin = new MongoClient(server.uri, { timeoutMS: ms(1000) });
  const aggregates = observeAggregates(reading);
  const logs = new Map<string, string[]>();
  const complaints: string[] = [];
  try {
    await writing.db('soak').createCollection('changes');
    const readers = Object.entries(READERS).map(async ([name, read]) => {
      const log: string[] = [];
      logs.set(name, log);
      const seen = (change: Document) => void log.push(nameOf(change));
      await read(reading, seen, ms).catch((error: unknown) => {
        complaints.push(`${name}: ${String(error)}`);
      });
    });
    await aggregates.whenThere(readers.length);
    const faults = new Map<string, number>();
    let isOver = false;
    const writers = Array.from({ length: WRITERS }, (_, writer) => write(writing, writer, () => isOver));
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      await pause(FAULT_PAUSE_MS);
      const fault = await injectFault({ server, admin, random });
      faults.set(fault, (faults.get(fault) ?? 0) + 1);
    }
    isOver = true;
    await Promise.all(writers);
    await server.call('whenPrimary');
    await writeLast(writing);
    const isComplete = await Promise.race([
      Promise.all(readers).then(() => true),
      pause(ms(REST_MS), false, { ref: false }),
    ]);
    const expected = await writtenBy(writing);
    for (const [name, log] of logs) complaints.push(...compare(name, log, expected, isComplete));
    complaints.push(...sameOrder(logs));
    return { changes: expected.size, faults, aggregates: aggregates.count, complaints, isComplete };
  } finally {
    await Promise.all([reading.close(), writing.close(), admin.close()]);
    await server.stop();
  }
}

/** A change by what it was made of: the writer and its number. */
function nameOf({ documentKey }: Document): string {
  return String((documentKey as Document)['_id']);
}

/** Counts the aggregates that were answered. */
function observeAggregates(client: Client) {
  const observed = {
    count: 0,
    /** Resolves when there were so many. */
    async whenThere(count: number): Promise<void> {
      while (observed.count < count) await pause(5);
    },
  };
  client.on('commandSucceeded', ({ commandName }) => {
    if (commandName === 'aggregate') observed.count++;
  });
  return observed;
}

/** Inserts one document after the other. One whose insert failed may be there nevertheless. */
async function write(client: Client, writer: number, isOver: () => boolean): Promise<void> {
  const changes = client.db('soak').collection('changes');
  for (let number = 0; !isOver(); number++) {
    await changes.insertOne({ _id: `${writer}-${number}` as never }).catch(() => undefined);
    await pause(WRITE_PAUSE_MS);
  }
}

/** The last change must be there. */
async function writeLast(client: Client): Promise<void> {
  const changes = client.db('soak').collection('changes');
  await again(() => changes.updateOne({ _id: LAST as never }, { $set: { is: 'last' } }, { upsert: true }));
}

/** Does it again where it meets what faults have left behind. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; attempt < MOST_ATTEMPTS; attempt++) {
    try {
      return await work();
    } catch {
      await pause(FAULT_PAUSE_MS);
    }
  }
  return await work();
}

/** The count that knows nothing of change streams: what is there, each document inserted once. */
async function writtenBy(client: Client): Promise<Set<string>> {
  const changes = client.db('soak').collection('changes');
  const documents = await again(() => changes.find({}, { timeoutMS: 0 }).toArray());
  return new Set(documents.map(({ _id }) => String(_id)));
}

/** @param isComplete - whether the reader has come to the end */
function compare(name: string, log: readonly string[], expected: ReadonlySet<string>, isComplete: boolean): string[] {
  const seen = new Set<string>();
  const twice = log.filter(change => seen.size === seen.add(change).size);
  const missing = isComplete ? [...expected].filter(change => !seen.has(change)) : [];
  const unknown = [...seen].filter(change => !expected.has(change));
  const few = (changes: readonly string[]) => `${changes.length} (${changes.slice(0, 5).join(', ')})`;
  return [
    ...(twice.length > 0 ? [`${name}: seen twice: ${few(twice)}`] : []),
    ...(missing.length > 0 ? [`${name}: lost: ${few(missing)}`] : []),
    ...(unknown.length > 0 ? [`${name}: never written: ${few(unknown)}`] : []),
    ...disorder(name, log),
  ];
}

/** Each writer waits for one write before the next, so that its changes come in the order of their numbers. */
function disorder(name: string, log: readonly string[]): string[] {
  const last = new Map<string, number>();
  for (const change of log) {
    const [writer = '', number = ''] = change.split('-');
    const before = last.get(writer) ?? -1;
    if (Number(number) < before) return [`${name}: ${change} came after ${writer}-${before}`];
    last.set(writer, Number(number));
  }
  return [];
}

/** All readers must have seen one order, as far as they have come. */
function sameOrder(logs: ReadonlyMap<string, readonly string[]>): string[] {
  const [longest, ...others] = [...logs].sort(([, a], [, b]) => b.length - a.length);
  if (longest === undefined) return ['there are no readers'];
  const [name, log] = longest;
  return others
    .filter(([, other]) => other.some((change, index) => change !== log[index]))
    .map(([other]) => `${other} and ${name} saw different orders`);
}
