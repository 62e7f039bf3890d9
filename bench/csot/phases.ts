import type { Caller, SetUp } from './callers.js';
import * as call from './callers.js';
import { cursor, type Misbehaviour, type Request, refusal, reply, reset, silence } from './misbehaviour.js';

/** How an operation may end. */
export type Outcome =
  | 'MongoOperationTimeoutError'
  | 'resolved'
  /** The callback of a transaction threw it. */
  | 'CallbackError'
  /** The errors of the last attempt, where the number of attempts is limited. */
  | 'MongoNetworkError'
  | 'MongoServerError';

/** One way for an operation to run out of time. */
export interface Phase {
  readonly name: string;
  readonly what: string;
  readonly server: Misbehaviour;
  readonly caller: Caller;
  /** Done with the client of a sample before its callers begin. */
  readonly setUp?: SetUp;
  readonly maxPoolSize?: number;
  /** Whether each operation has a client of its own, instead of one for all callers that is connected before. */
  readonly ownClients?: boolean;
  /** Default: `MongoOperationTimeoutError`. */
  readonly expects?: readonly Outcome[];
  /** Why the operation may end before its time, if it may. */
  readonly early?: string;
  /** What it does after its time, if that is more than to reject. The limits of `--assert` do not apply. */
  readonly late?: string;
}

/** Connections that an operation without a timeout holds, in the phase `poolFull`. */
const HELD = 4;
/** A slow server answers so long after `maxTimeMS`. */
const LATE_MS = 50;

/** A connection that cannot be made counts as overload too (Client Backpressure). */
const OVERLOAD_RULE =
  'after overload there are at most 2 retries, and none whose backoff lasts longer than what remains';

const maxTimeMS = ({ command }: Request): number => Number(command['maxTimeMS'] ?? 0);
const oneDocumentAndMore = () => cursor(7n, 'firstBatch', [{ _id: 1 }]);
const openCursor = { find: oneDocumentAndMore, getMore: silence };
const transient = refusal(112, 'WriteConflict', ['TransientTransactionError']);

export const PHASES: readonly Phase[] = [
  {
    name: 'noPrimary',
    what: 'selection: the replica set has no primary',
    server: { isSecondary: true },
    caller: call.insertOne,
  },
  {
    name: 'refused',
    what: 'the server is known, and refuses connections',
    server: { listener: 'refuses' },
    caller: call.findOne,
    expects: ['MongoOperationTimeoutError', 'MongoNetworkError'],
    early: OVERLOAD_RULE,
  },
  {
    name: 'poolFull',
    what: 'every connection of the pool is in use',
    server: { answers: { find: silence } },
    setUp: call.holdConnections(HELD),
    maxPoolSize: HELD,
    caller: call.findOne,
  },
  {
    name: 'synDropped',
    what: 'connecting: SYN is not answered',
    server: { listener: 'dropsSyn' },
    caller: call.findOne,
  },
  {
    name: 'tlsHangs',
    what: 'connecting: the TLS handshake is not answered',
    server: { listener: 'hangsInTls' },
    caller: call.findOne,
  },
  {
    name: 'helloHangs',
    what: 'connecting: hello is not answered',
    server: { answers: { hello: ({ isFirst }) => (isFirst ? silence() : reply({})) } },
    caller: call.findOne,
  },
  {
    name: 'authenticationHangs',
    what: 'connecting: saslStart is not answered',
    server: { authenticates: true, answers: { saslStart: silence } },
    caller: call.findOne,
  },
  {
    name: 'slowServer',
    what: `find is answered ${LATE_MS} ms after maxTimeMS`,
    server: { answers: { find: request => cursorAfter(maxTimeMS(request) + LATE_MS) } },
    caller: call.findOne,
  },
  {
    name: 'serverMaxTime',
    what: 'find is answered by MaxTimeMSExpired after maxTimeMS, as a server should',
    server: { answers: { find: request => refusal(50, 'MaxTimeMSExpired', [], maxTimeMS(request))() } },
    caller: call.findOne,
    early: 'maxTimeMS is rounded down, and the server may be faster',
  },
  {
    name: 'trickle',
    what: 'the reply to find comes one byte at a time',
    server: { answers: { find: () => ({ kind: 'trickle', document: { ok: 1, text: 'x'.repeat(4000) }, everyMS: 2 }) } },
    caller: call.findOne,
  },
  { name: 'silentFind', what: 'find is not answered', server: { answers: { find: silence } }, caller: call.findOne },
  {
    name: 'silentInsert',
    what: 'insert is not answered',
    server: { answers: { insert: silence } },
    caller: call.insertOne,
  },
  {
    name: 'refusedRead',
    what: 'retries: find is refused by code 134 each time',
    server: { answers: { find: refusal(134, 'ReadConcernMajorityNotAvailableYet') } },
    caller: call.findOne,
  },
  {
    name: 'stepDown',
    what: 'retries: insert meets NotWritablePrimary each time',
    server: { answers: { insert: refusal(10107, 'NotWritablePrimary', ['RetryableWriteError']) } },
    caller: call.insertOne,
  },
  {
    name: 'networkReset',
    what: 'retries: the connection is reset at each find',
    server: { answers: { find: reset } },
    caller: call.findOne,
  },
  {
    name: 'retryThenSilence',
    what: 'find is refused by code 134, and the retry is not answered',
    server: {
      answers: {
        find: request => (request.attempt === 1 ? refusal(134, 'ReadConcernMajorityNotAvailableYet')() : silence()),
      },
    },
    caller: call.findOne,
  },
  {
    name: 'overload',
    what: 'retries: find is refused for overload each time',
    server: {
      answers: { find: refusal(462, 'IngressRequestRateLimitExceeded', ['SystemOverloadedError', 'RetryableError']) },
    },
    caller: call.findOne,
    expects: ['MongoOperationTimeoutError', 'MongoServerError'],
    early: OVERLOAD_RULE,
  },
  {
    name: 'getMoreLifetime',
    what: 'cursorLifetime: find and next, then getMore is not answered',
    server: { answers: openCursor },
    caller: call.nextOfLifetime,
  },
  {
    name: 'getMoreIteration',
    what: 'iteration: a next whose getMore is not answered',
    server: { answers: openCursor },
    caller: call.nextOfIteration,
  },
  {
    name: 'toArray',
    what: 'toArray whose getMore is not answered',
    server: { answers: openCursor },
    caller: call.toArray,
  },
  {
    name: 'transientLoop',
    what: 'withTransaction: insert fails with TransientTransactionError each time',
    server: { answers: { insert: transient } },
    caller: call.withTransaction,
    early: 'no attempt is made if its backoff lasts longer than what remains',
    late: 'abortTransaction, which is answered',
  },
  {
    name: 'silentCommit',
    what: 'withTransaction: commitTransaction is not answered',
    server: { answers: { commitTransaction: silence } },
    caller: call.withTransaction,
  },
  {
    name: 'silentTransactionInsert',
    what: 'withTransaction: insert is not answered',
    server: { answers: { insert: silence } },
    caller: call.withTransaction,
    late: 'abortTransaction, which is answered',
  },
  {
    name: 'silentAbort',
    what: 'withTransaction: the callback throws, and abortTransaction is not answered',
    server: { answers: { abortTransaction: silence } },
    caller: call.withTransactionThatThrows,
    expects: ['CallbackError'],
  },
  {
    name: 'bulkWrite',
    what: 'bulkWrite of a collection: its second command is not answered',
    server: { answers: { update: silence } },
    caller: call.bulkWrite,
  },
  {
    name: 'clientBulkWrite',
    what: 'bulkWrite of a client is not answered',
    server: { answers: { bulkWrite: silence } },
    caller: call.clientBulkWrite,
  },
  {
    name: 'connect',
    what: 'connect to a server that does not answer hello',
    server: { answers: { hello: silence } },
    caller: call.connect,
    ownClients: true,
  },
  {
    name: 'lazyConnect',
    what: 'the first operation of a client that is not connected, to the same server',
    server: { answers: { hello: silence } },
    caller: call.lazyFindOne,
    ownClients: true,
  },
  {
    name: 'close',
    what: 'close: endSessions is not answered',
    server: { answers: { endSessions: silence } },
    caller: call.close,
    expects: ['resolved'],
    ownClients: true,
  },
];

export function phaseOf(name: string): Phase {
  const phase = PHASES.find(one => one.name === name);
  if (phase === undefined) throw new Error(`There is no phase ${name}`);
  return phase;
}

function cursorAfter(afterMS: number) {
  return reply({ cursor: { firstBatch: [], id: 0n, ns: 'bench.users' } }, afterMS);
}
