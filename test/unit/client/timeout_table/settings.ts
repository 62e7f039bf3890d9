import { withDeadline } from '../../../../src/call/scope.js';
import { SharedDeadline } from '../../../../src/call/shared_deadline.js';
import type { MongoClient } from '../../../../src/client/mongo_client.js';
import type { Clock } from '../../../../src/runtime/clock.js';
import type { ClientSession } from '../../../../src/sessions/client_session.js';
import type { MongoClientOptions } from '../../../../src/uri/client_options.js';

/** Milliseconds, by the place where they are set. Each sets nothing where it is absent. */
export interface Times {
  readonly connectionString?: number;
  readonly client?: number;
  readonly database?: number;
  readonly collection?: number;
  /** `startSession({ defaultTimeoutMS })`; the call has the session. */
  readonly session?: number;
  /** `startTransaction({ timeoutMS })`; the call is part of the transaction. */
  readonly transaction?: number;
  /** `withTransaction(fn, { timeoutMS })`; the call is made in the function. */
  readonly withTransaction?: number;
  readonly own?: number;
  readonly withDeadline?: number;
  /** The option `deadline`. */
  readonly deadline?: number;
  /** The option `signal`, which aborts after so long. */
  readonly signal?: number;
  readonly serverSelectionTimeoutMS?: number;
  readonly waitQueueTimeoutMS?: number;
  readonly connectTimeoutMS?: number;
  readonly socketTimeoutMS?: number;
}

export type SettingName = keyof Times;

/** How documents name the settings. */
export const SETTINGS = {
  connectionString: 'connection string `timeoutMS=`',
  client: '`new MongoClient(url, { timeoutMS })`',
  database: '`client.db(name, { timeoutMS })`',
  collection: '`db.collection(name, { timeoutMS })`',
  session: '`startSession({ defaultTimeoutMS })`',
  transaction: '`startTransaction({ timeoutMS })`',
  withTransaction: '`withTransaction(fn, { timeoutMS })` around it',
  own: 'its own `{ timeoutMS }`',
  withDeadline: '`withDeadline(ms, …)` around it',
  deadline: '`{ deadline }`',
  signal: '`{ signal }`',
  serverSelectionTimeoutMS: '`serverSelectionTimeoutMS`',
  waitQueueTimeoutMS: '`waitQueueTimeoutMS`',
  connectTimeoutMS: '`connectTimeoutMS`',
  socketTimeoutMS: '`socketTimeoutMS`',
} satisfies Readonly<Record<SettingName, string>>;

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** The client of a test: no limit but those of the times. */
export function clientOptions(times: Times): MongoClientOptions {
  const { client, serverSelectionTimeoutMS = 0, waitQueueTimeoutMS = 0, connectTimeoutMS = 0 } = times;
  const { socketTimeoutMS = 0 } = times;
  const limits = { serverSelectionTimeoutMS, waitQueueTimeoutMS, connectTimeoutMS, socketTimeoutMS };
  return { ...limits, ...(client !== undefined && { timeoutMS: client }) };
}

export function url({ connectionString }: Times): string {
  return `mongodb://a:27017/${connectionString === undefined ? '' : `?timeoutMS=${connectionString}`}`;
}

/** Gives the databases, collections and sessions that a client makes the times of their levels, so that one call can be tried with any. */
export function setLevels(client: MongoClient, { database, collection, session, transaction }: Times): void {
  const makeDb = client.db.bind(client);
  const startSession = client.startSession.bind(client);
  client.db = (name, options) => {
    const db = makeDb(name, { ...options, ...given('timeoutMS', database) });
    const makeCollection = db.collection.bind(db) as (name: string, options: object) => never;
    db.collection = (name, own) => makeCollection(name, { ...own, ...given('timeoutMS', collection) });
    return db;
  };
  client.startSession = options =>
    startSession({
      ...options,
      ...given('defaultTimeoutMS', session),
      ...(transaction !== undefined && { defaultTransactionOptions: { timeoutMS: transaction } }),
    });
}

function given<K extends string>(name: K, value: number | undefined): { readonly [name in K]?: number } {
  return value === undefined ? {} : ({ [name]: value } as { [name in K]: number });
}

/** Options of a call. Methods that take no options ignore them. */
export interface OwnOptions {
  timeoutMS?: number;
  signal?: AbortSignal;
  deadline?: SharedDeadline;
  session?: ClientSession;
}

/** Makes a call with the times of its own options and of what surrounds it. */
export function callWith(
  client: MongoClient,
  clock: Clock,
  times: Times,
  call: (own: OwnOptions) => Promise<unknown>,
  withoutSession: boolean,
): Promise<unknown> {
  const own: OwnOptions = {};
  if (times.own !== undefined) own.timeoutMS = times.own;
  if (times.deadline !== undefined) own.deadline = shared(times.deadline, clock);
  if (times.signal !== undefined) {
    const controller = new AbortController();
    own.signal = controller.signal;
    clock.setTimer(times.signal, () => controller.abort());
  }
  const { withTransaction } = times;
  if (!withoutSession && (times.session ?? times.transaction) !== undefined) {
    own.session = client.startSession();
    if (times.transaction !== undefined) own.session.startTransaction();
  }
  const alone = withoutSession || withTransaction === undefined;
  const made = () => (alone ? call(own) : inTransaction(client, withTransaction, own, call));
  return times.withDeadline === undefined ? made() : withDeadline(shared(times.withDeadline, clock), made);
}

/** The end of the call, and not that of the transaction, which is aborted after it. */
function inTransaction(
  client: MongoClient,
  timeoutMS: number,
  own: OwnOptions,
  call: (own: OwnOptions) => Promise<unknown>,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const running = client.startSession().withTransaction(
      session => {
        const called = call({ ...own, session });
        called.then(resolve, reject);
        return called;
      },
      { timeoutMS },
    );
    running.catch(reject);
  });
}

function shared(ms: number, clock: Clock): SharedDeadline {
  return SharedDeadline.start(ms, 'withDeadline', shared, clock);
}
