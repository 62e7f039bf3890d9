import { EJSON } from 'bson';
import type { Collection, MongoClient, MongoClientOptions } from 'mongotempo';
import type { GoEvent } from '../support/golden.js';
import type { Scenario } from './scenarios.js';

/** One call of a user, as its commands in a stream show it. */
interface Call {
  readonly name: string;
  readonly command: Readonly<Record<string, unknown>>;
  getMores: number;
  isKilled: boolean;
  /** The events of attempts that failed, by their index in the stream. */
  readonly failures: number[];
  attempts: number;
}

/**
 * What was done when a stream was recorded that no scenario names: the servers, the options and the calls that its events tell of, each
 * failure made by a fail point before its call.
 */
export function deriveScenario(events: readonly GoEvent[]): Scenario {
  const calls = callsIn(events);
  return {
    peer: peerOf(events),
    replicaSet: events.some(
      ({ type, to }) => type === 'TopologyDescriptionChanged' && /^ReplicaSet/.test(topologyOf(to)),
    ),
    options: () => optionsOf(events, calls),
    async run(collection, log, { client, fail }) {
      const wanted = new Set(events.filter(({ type }) => type === 'ServerOpening').map(({ address }) => address)).size;
      if (peerOf(events) === 'rs') await log.some('connectionPoolReady', () => pools(client) >= wanted);
      for (const call of calls) {
        const failure = failureOf(call, events);
        if (failure !== undefined) await fail(failure, call.failures.length);
        await perform(call, client, collection).catch(() => undefined);
      }
      // Without a server no call leaves a trace.
      if (peerOf(events) === 'none') await collection.findOne().catch(() => undefined);
      const opened = events.filter(({ type }) => type === 'ConnectionReady').length;
      const areOpen = () => log.named('connectionReady').length >= opened;
      if (opened > 0) await log.some('connectionReady', areOpen);
      const cleared = events.filter(({ type }) => type === 'ConnectionPoolCleared').length;
      // A pool that was cleared is ready again before the recording ends.
      const isReady = () => log.named('connectionPoolReady').length >= wanted + cleared;
      const wasReady = events.findLastIndex(({ type }) => type === 'ConnectionPoolReady');
      const wasCleared = events.findLastIndex(({ type }) => type === 'ConnectionPoolCleared');
      if (cleared > 0 && wasReady > wasCleared) await log.some('connectionPoolReady', isReady);
    },
  };
}

/** The text of a topology; descriptions of servers are objects. */
function topologyOf(to: GoEvent['to']): string {
  return typeof to === 'string' ? to : '';
}

function pools(client: MongoClient): number {
  return client.poolStats().filter(({ state }) => state === 'ready').length;
}

function peerOf(events: readonly GoEvent[]): Scenario['peer'] {
  const topologies = events.filter(({ type }) => type === 'TopologyDescriptionChanged').map(({ to }) => topologyOf(to));
  if (topologies.some(text => text.startsWith('LoadBalanced'))) return 'lb';
  if (!events.some(({ type }) => type === 'HeartbeatSucceeded')) return 'none';
  return topologies.some(text => /=RS/.test(text)) ? 'rs' : 'standalone';
}

function optionsOf(events: readonly GoEvent[], calls: readonly Call[]): MongoClientOptions {
  const { maxPoolSize, minPoolSize } = events.find(({ type }) => type === 'ConnectionPoolCreated')?.options ?? {};
  const awaited = events.filter(event => event.type === 'HeartbeatSucceeded' && event.awaited === true);
  const isFrequent = awaited.some(({ durNs = 0 }) => durNs > 400e6 && durNs < 900e6);
  const isPolled =
    peerOf(events) !== 'lb' && !events.some(event => event.type === 'HeartbeatStarted' && event.awaited === true);
  const isRetried = calls.some(({ attempts }) => attempts > 1);
  return {
    ...(maxPoolSize === undefined ? {} : { maxPoolSize }),
    ...(minPoolSize === undefined ? {} : { minPoolSize }),
    ...(isFrequent || isPolled ? { heartbeatFrequencyMS: 500 } : {}),
    ...(isPolled ? { serverMonitoringMode: 'poll' } : {}),
    ...(calls.some(({ failures }) => failures.length > 0) && !isRetried
      ? { retryReads: false, retryWrites: false }
      : {}),
    ...(peerOf(events) === 'none' ? { serverSelectionTimeoutMS: 200 } : {}),
  };
}

/** Groups the commands of a stream by the calls that they belong to. */
function callsIn(events: readonly GoEvent[]): Call[] {
  const calls: Call[] = [];
  for (const [index, { type, name = '', command }] of events.entries()) {
    const last = calls.at(-1);
    if (type === 'CommandFailed' && name !== 'endSessions') last?.failures.push(index);
    if (type !== 'CommandStarted' || name === 'endSessions') continue;
    if (name === 'getMore' && last !== undefined) last.getMores++;
    else if (name === 'killCursors' && last !== undefined) last.isKilled = true;
    else if (last !== undefined && isRetry(last, name)) last.attempts++;
    else calls.push({ name, command: parse(command), getMores: 0, isKilled: false, failures: [], attempts: 1 });
  }
  return calls;
}

/** The recorder cuts long commands; what is cut off has no part in the order of events. */
function parse(command: string | undefined): Readonly<Record<string, unknown>> {
  try {
    return EJSON.parse(command ?? '{}') as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** The same command after a failure, which it had been retried for. */
function isRetry({ name, failures, attempts }: Call, next: string): boolean {
  return name === next && failures.length === attempts;
}

function failureOf({ name, failures }: Call, events: readonly GoEvent[]): object | undefined {
  const [index] = failures;
  if (index === undefined) return undefined;
  const failCommands = [name];
  const { failure = '' } = events[index] ?? {};
  if (/EOF|closed unexpectedly|reset/.test(failure)) return { failCommands, closeConnection: true };
  const since = events.slice(0, index).findLastIndex(({ type }) => type === 'CommandStarted');
  const between = events.slice(since, index).map(({ type }) => type);
  const errorLabels = failures.length > 0 && name !== 'find' ? ['RetryableWriteError'] : [];
  if (!between.includes('ServerDescriptionChanged')) return { failCommands, errorCode: 8, errorLabels };
  const errorCode = between.includes('ConnectionPoolCleared') ? 91 : 10_107;
  return { failCommands, errorCode, errorLabels, bumpTopologyVersion: true };
}

async function perform(
  { name, command, getMores, isKilled }: Call,
  client: MongoClient,
  collection: Collection,
): Promise<unknown> {
  const plain = EJSON.deserialize(EJSON.serialize(command)) as Record<string, unknown>;
  const batchSize = Number(plain['batchSize'] ?? 0);
  if (name === 'find' && batchSize === 0) return collection.findOne();
  if (name === 'find' || name === 'aggregate') {
    const options = batchSize === 0 ? {} : { batchSize };
    const cursor = name === 'find' ? collection.find({}, options) : collection.aggregate([], options);
    if (!isKilled) return cursor.toArray();
    for (let read = 0; read < batchSize * getMores + 1; read++) await cursor.next();
    return cursor.close();
  }
  if (name === 'insert') return collection.insertOne({ x: 1 });
  if (name === 'update') return collection.updateOne({}, { $set: { x: 1 } });
  if (name === 'delete') return collection.deleteOne({});
  const { lsid: _, $db, txnNumber: __, $clusterTime: ___, ...own } = plain;
  return client.db(typeof $db === 'string' ? $db : 'db').command(own);
}
