import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { BasicTracerProvider, NoopSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { MongoClient, MongoClientOptions } from 'mongotempo';
import * as mongotempo from 'mongotempo';
import { COLLECTION, DATABASE, FIND_ONE_FILTER } from '../ops/documents.js';
import { connectInstrumented, connectOfficial } from './official.js';

/** What all clients have in common here. */
export interface Users {
  findOne(filter: object, options?: FindOneOptions): Promise<unknown>;
}

interface FindOneOptions {
  readonly timeoutMS?: number;
  readonly signal?: AbortSignal;
}

/** A way to run findOne, and with which other one its cost is compared. */
export interface Variant {
  readonly name: string;
  readonly what: string;
  /** The variant with which it is compared. Default: `plain`. */
  readonly of?: string;
  /** How many times as much it may cost; absent: it is only shown. */
  readonly most?: number;
  /** Whether it runs in the library without its call sites of events. */
  readonly withoutCallSites?: boolean;
  /** Default: a client of this package, with these options. */
  readonly connect?: (uri: string, connections: number) => Promise<Users>;
  readonly options?: MongoClientOptions;
  /** Done once with the client: listeners, subscribers. */
  readonly setUp?: (client: MongoClient) => void;
  /** Prepares the callers of one sample. Default: `findOne` without options. */
  readonly caller?: (users: Users) => Caller;
}

/** What the callers of one sample do. */
export interface Caller {
  readonly run: () => Promise<unknown>;
  /** Runs the callers, all together. */
  readonly around?: (all: () => Promise<void>) => Promise<void>;
}

/** Long enough for no operation to end by it, and shorter than the other timeouts, as in programs. */
const TIMEOUT_MS = 20_000;

const ignore = (): void => undefined;

/** Of a program, for comparison. Node.js works for it only once it is used. */
const STORAGE = new AsyncLocalStorage<string>();

const COMMANDS = ['commandStarted', 'commandSucceeded', 'commandFailed'] as const;
const POOL = ['connectionCheckOutStarted', 'connectionCheckedOut', 'connectionCheckedIn'] as const;
const SELECTIONS = ['serverSelectionStarted', 'serverSelectionSucceeded', 'serverSelectionFailed'] as const;
const OPERATIONS = ['operationStarted', 'operationSucceeded', 'operationFailed'] as const;

/** Adds a listener that reads nothing. */
function listen(client: MongoClient, names: readonly mongotempo.MonitoringEventName[]): void {
  for (const name of names) client.on(name, ignore);
}

/** Spans that go nowhere. */
function spans(): MongoClientOptions {
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new NoopSpanProcessor()] });
  return { tracing: { enabled: true, tracerProvider } };
}

export const PLAIN = 'plain';

export const VARIANTS: readonly Variant[] = [
  { name: PLAIN, what: 'findOne', of: 'withoutCallSites', most: 1.01 },
  { name: 'withoutCallSites', what: 'findOne of a build that publishes nothing', withoutCallSites: true },
  {
    name: 'timeoutMS',
    what: 'findOne with timeoutMS',
    most: 1.03,
    caller: users => ({ run: () => users.findOne(FIND_ONE_FILTER, { timeoutMS: TIMEOUT_MS }) }),
  },
  {
    name: 'clientTimeoutMS',
    what: 'findOne with the timeoutMS of its client',
    most: 1.03,
    options: { timeoutMS: TIMEOUT_MS },
  },
  {
    name: 'signal',
    what: 'findOne with one signal for all',
    most: 1.05,
    caller(users) {
      const { signal } = new AbortController();
      return { run: () => users.findOne(FIND_ONE_FILTER, { signal }) };
    },
  },
  {
    name: 'withDeadline',
    what: 'findOne inside of one withDeadline for all',
    most: 1.05,
    caller: users => ({
      run: () => users.findOne(FIND_ONE_FILTER),
      around: all => mongotempo.withDeadline(TIMEOUT_MS, all),
    }),
  },
  {
    name: 'asyncLocalStorage',
    what: 'findOne inside of the run of an AsyncLocalStorage of the program, for comparison with withDeadline',
    caller: users => ({
      run: () => users.findOne(FIND_ONE_FILTER),
      around: all => STORAGE.run('a store', all),
    }),
  },
  {
    name: 'commandListeners',
    what: 'findOne with three listeners of commands',
    most: 1.15,
    options: { monitorCommands: true },
    setUp: client => listen(client, COMMANDS),
  },
  {
    name: 'poolListeners',
    what: 'findOne with the listeners of check-outs and check-ins',
    most: 1.08,
    setUp: client => listen(client, POOL),
  },
  {
    name: 'selectionListeners',
    what: 'findOne with the listeners of server selections',
    most: 1.08,
    setUp: client => listen(client, SELECTIONS),
  },
  {
    name: 'operationListeners',
    what: 'findOne with listeners of operations',
    setUp: client => listen(client, OPERATIONS),
  },
  {
    name: 'statistics',
    what: 'findOne with the option statistics',
    most: 1.05,
    options: { statistics: true },
  },
  {
    name: 'noSDK',
    what: 'findOne with spans, where no SDK is registered',
    options: { tracing: { enabled: true } },
  },
  {
    name: 'spans',
    what: 'findOne with spans of the SDK of OpenTelemetry, which go nowhere',
    most: 1.15,
    options: spans(),
  },
  {
    name: 'everything',
    what: 'findOne with all these listeners, statistics and spans, compared with the official driver alone',
    of: 'official',
    most: 1 / 3,
    options: { monitorCommands: true, statistics: true, ...spans() },
    setUp: client => listen(client, [...COMMANDS, ...POOL, ...SELECTIONS, ...OPERATIONS]),
  },
  { name: 'official', what: 'findOne of the official driver', connect: connectOfficial },
  {
    name: 'officialSpans',
    what: 'findOne of the official driver with the spans of @opentelemetry/instrumentation-mongodb, which go nowhere',
    of: 'official',
    connect: connectInstrumented,
  },
];

/**
 * The collection of a variant, by a client that is connected, with so many connections.
 *
 * @param library - the folder of the package to use instead of this one; null for this one
 */
export async function connect(
  variant: Variant,
  uri: string,
  connections: number,
  library: string | null = null,
): Promise<Users> {
  if (variant.connect !== undefined) return await variant.connect(uri, connections);
  const { MongoClient } = library === null ? mongotempo : (createRequire(library)(library) as typeof mongotempo);
  const client = new MongoClient(uri, { maxPoolSize: connections, minPoolSize: connections, ...variant.options });
  variant.setUp?.(client);
  await client.connect();
  return client.db(DATABASE).collection(COLLECTION);
}

export function callerOf(variant: Variant, users: Users): Caller {
  return variant.caller?.(users) ?? { run: () => users.findOne(FIND_ONE_FILTER) };
}
