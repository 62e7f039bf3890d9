import { AsyncLocalStorage } from 'node:async_hooks';
import { BasicTracerProvider, NoopSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { type Collection, MongoClient, type MongoClientOptions, withDeadline } from 'mongotempo';
import { COLLECTION, DATABASE, FIND_ONE_FILTER } from '../ops/documents.js';

/** A way to run findOne with a client whose cost is compared with that of a plain findOne. */
export interface Variant {
  readonly name: string;
  readonly what: string;
  /** By how much it may cost more than `plain`, in percent; absent: it is only shown. */
  readonly mostPercent?: number;
  readonly options?: MongoClientOptions;
  /** Done once with the client: listeners, subscribers. */
  readonly setUp?: (client: MongoClient) => void;
  /** Prepares the callers of one sample. Default: `findOne` without options. */
  readonly caller?: (users: Collection) => Caller;
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

export const PLAIN = 'plain';

export const VARIANTS: readonly Variant[] = [
  { name: PLAIN, what: 'findOne' },
  {
    name: 'timeoutMS',
    what: 'findOne with timeoutMS',
    mostPercent: 3,
    caller: users => ({ run: () => users.findOne(FIND_ONE_FILTER, { timeoutMS: TIMEOUT_MS }) }),
  },
  {
    name: 'clientTimeoutMS',
    what: 'findOne with the timeoutMS of its client',
    mostPercent: 3,
    options: { timeoutMS: TIMEOUT_MS },
  },
  {
    name: 'signal',
    what: 'findOne with one signal for all',
    mostPercent: 5,
    caller(users) {
      const { signal } = new AbortController();
      return { run: () => users.findOne(FIND_ONE_FILTER, { signal }) };
    },
  },
  {
    name: 'withDeadline',
    what: 'findOne inside of one withDeadline for all',
    mostPercent: 5,
    caller: users => ({
      run: () => users.findOne(FIND_ONE_FILTER),
      around: all => withDeadline(TIMEOUT_MS, all),
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
    mostPercent: 15,
    options: { monitorCommands: true },
    setUp: client =>
      void client.on('commandStarted', ignore).on('commandSucceeded', ignore).on('commandFailed', ignore),
  },
  {
    name: 'poolListeners',
    what: 'findOne with the listeners of check-outs and check-ins',
    mostPercent: 8,
    setUp: client =>
      void client
        .on('connectionCheckOutStarted', ignore)
        .on('connectionCheckedOut', ignore)
        .on('connectionCheckedIn', ignore),
  },
  {
    name: 'selectionListeners',
    what: 'findOne with the listeners of server selections',
    mostPercent: 8,
    setUp: client =>
      void client
        .on('serverSelectionStarted', ignore)
        .on('serverSelectionSucceeded', ignore)
        .on('serverSelectionFailed', ignore),
  },
  {
    name: 'operationListeners',
    what: 'findOne with listeners of operations',
    setUp: client =>
      void client.on('operationStarted', ignore).on('operationSucceeded', ignore).on('operationFailed', ignore),
  },
  {
    name: 'statistics',
    what: 'findOne with the option statistics',
    mostPercent: 5,
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
    options: {
      tracing: {
        enabled: true,
        tracerProvider: new BasicTracerProvider({ spanProcessors: [new NoopSpanProcessor()] }),
      },
    },
  },
];

/** The client of a variant, connected, with so many connections. */
export async function connect(variant: Variant, uri: string, connections: number): Promise<MongoClient> {
  const client = new MongoClient(uri, { maxPoolSize: connections, minPoolSize: connections, ...variant.options });
  variant.setUp?.(client);
  await client.connect();
  return client;
}

export function callerOf(variant: Variant, client: MongoClient): Caller {
  const users = client.db(DATABASE).collection(COLLECTION);
  return variant.caller?.(users) ?? { run: () => users.findOne(FIND_ONE_FILTER) };
}
