import type { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { call, create, type LogMessage, MissingMethod } from '../drivers/driver.js';
import { type Doc, plain } from './bson_values.js';
import type { TestContext } from './context.js';
import { Observer } from './observer.js';
import type { ObservedSpan } from './tracing.js';

/** Fields of a client entity that this runner knows. */
const FIELDS: ReadonlySet<string> = new Set([
  ...['id', 'uriOptions', 'useMultipleMongoses', 'observeEvents', 'ignoreCommandMonitoringEvents'],
  ...['observeSensitiveCommands', 'observeLogMessages', 'observeTracingMessages', 'serverApi', 'awaitMinPoolSizeMS'],
  'storeEventsAsEntities',
]);

/** "storeEventsAsEntities": names are those of the specifications, `CommandStartedEvent`. */
interface StoredEvents {
  readonly id: string;
  readonly events: readonly string[];
}

/** The longest that a new client may take to connect before the test goes on: it may be meant to fail. */
const CONNECT_MS = 2000;

/** Between two attempts of a client whose pools have to be full. */
const RECONNECT_MS = 10;

export async function createClient(id: string, options: Doc, context: TestContext): Promise<void> {
  for (const field of Object.keys(options)) {
    if (!FIELDS.has(field)) throw new Error(`A client entity has no option ${field} that this runner knows`);
  }
  const { driver, entities } = context;
  const uriOptions = (plain(options['uriOptions'] ?? {}) ?? {}) as Doc;
  const logs: LogMessage[] = [];
  const spans: ObservedSpan[] = [];
  const client = create(driver, 'MongoClient', uriFor(options, uriOptions, context), {
    ...driver.clientOptions,
    monitorCommands: true,
    // A test that waits for a server to come back need not wait half a second each time.
    minHeartbeatFrequencyMS: 50,
    ...serverApi(options['serverApi']),
    ...logging(options['observeLogMessages'], context, message => logs.push(message)),
    ...tracing(options['observeTracingMessages'], context, span => spans.push(span)),
  });
  const observer = new Observer(client as EventEmitter, {
    events: (options['observeEvents'] ?? []) as string[],
    ignoredCommands: (options['ignoreCommandMonitoringEvents'] ?? []) as string[],
    sensitive: options['observeSensitiveCommands'] === true,
  });
  entities.addClient(id, client, { observer, logs, spans });
  for (const { id: entity, events } of (options['storeEventsAsEntities'] ?? []) as StoredEvents[]) {
    const stored: Doc[] = [];
    entities.add(entity, 'value', stored);
    observer.store(events, event => stored.push(event));
  }
  await Promise.race([connects(client), sleep(CONNECT_MS, null, { ref: false })]);
  await fillPool(options, uriOptions, client, observer);
}

/** Whether a client could connect. */
async function connects(client: object): Promise<boolean> {
  try {
    await call(client, 'connect');
    return true;
  } catch {
    return false;
  }
}

/** "useMultipleMongoses": true names every router, anything else one. Options of the test go before those of the server. */
function uriFor({ useMultipleMongoses }: Doc, uriOptions: Doc, { server }: TestContext): string {
  const base = useMultipleMongoses === true ? server.uri : server.singleRouterUri;
  const [, start = '', hosts = '', query = ''] = /^(mongodb:\/\/(?:[^@/]*@)?)([^/?]*)\/?\??(.*)$/.exec(base) ?? [];
  const parameters = new URLSearchParams(query);
  const isDirect = uriOptions['directConnection'] === true;
  if (isDirect) parameters.delete('replicaSet');
  for (const [name, value] of Object.entries(uriOptions)) {
    for (const other of [...parameters.keys()])
      if (other.toLowerCase() === name.toLowerCase()) parameters.delete(other);
    if (name === 'readPreferenceTags') {
      for (const tags of value as Doc[]) parameters.append(name, tagText(tags));
    } else parameters.append(name, String(value));
  }
  return `${start}${isDirect ? (hosts.split(',')[0] ?? '') : hosts}/?${parameters.toString()}`;
}

function tagText(tags: Doc): string {
  return Object.entries(tags)
    .map(([key, value]) => `${key}:${String(value)}`)
    .join(',');
}

function serverApi(value: unknown): object {
  return value === undefined ? {} : { serverApi: plain(value) };
}

function logging(components: unknown, { driver }: TestContext, write: (message: LogMessage) => void): object {
  if (components === undefined) return {};
  const options = driver.logOptions(components as Doc, write);
  if (options === undefined) throw new MissingMethod('the driver writes no log messages');
  return options;
}

function tracing(value: unknown, { driver }: TestContext, write: (span: ObservedSpan) => void): object {
  if (value === undefined) return {};
  const options = driver.tracingOptions(value as Doc, write);
  if (options === undefined) throw new MissingMethod('the driver has no OpenTelemetry');
  return options;
}

/** "awaitMinPoolSizeMS": what happens until the pools are full is not observed. */
async function fillPool(
  { awaitMinPoolSizeMS }: Doc,
  { minPoolSize }: Doc,
  client: object,
  observer: Observer,
): Promise<void> {
  if (awaitMinPoolSizeMS === undefined) return;
  const least = Number(minPoolSize ?? 0);
  const waitMS = Number(plain(awaitMinPoolSizeMS));
  const end = performance.now() + waitMS;
  // A timeoutMS of the client may be too short to connect at once, and a client that could not has no pools.
  while (!(await connects(client)) && performance.now() < end) await sleep(RECONNECT_MS);
  const isFull = (): boolean => observer.ready.size > 0 && [...observer.ready.values()].every(ready => ready >= least);
  await observer.until(isFull, Math.max(end - performance.now(), 0), () => `pools of ${least} connections`);
  observer.clear();
}
