import { type Attempt, textOfAttempt } from '../call/attempt.js';
import type { Deadline } from '../call/deadline.js';
import type { DeadlineEnd } from '../call/end_watch.js';
import { brand, type ErrorDetails } from '../errors/base.js';
import { MongoErrorLabel } from '../errors/codes.js';
import { MongoDriverError } from '../errors/driver.js';
import { MongoNetworkError, MongoNetworkTimeoutError } from '../errors/network.js';
import type { ConnectionProgress, PoolCounts } from '../errors/pool_counts.js';
import { nameOfStep } from './connection_errors.js';
import type { WireConnection } from './wire_connection.js';

/** `10 of 10 in use (1 by cursors, 0 by transactions), 37 waiting, 0 being established, 0 idle, 0 draining` */
function describeCounts(counts: PoolCounts, loadBalanced: boolean): string {
  const { maxPoolSize, inUse, inUseByCursors, inUseByTransactions, waitQueueLength, pending, idle, draining } = counts;
  const limit = maxPoolSize === 0 ? '' : ` of ${maxPoolSize}`;
  // CMAP, "WaitQueueTimeoutError", prescribes these words behind a load balancer.
  const kept = loadBalanced
    ? `maxPoolSize: ${maxPoolSize}, connections in use by cursors: ${inUseByCursors}, connections in use by transactions: ` +
      `${inUseByTransactions}, connections in use by other operations: ${inUse - inUseByCursors - inUseByTransactions}`
    : `${inUseByCursors} by cursors, ${inUseByTransactions} by transactions`;
  return (
    `${inUse}${limit} in use (${kept}), ${waitQueueLength} waiting, ${pending} being established${textOf(counts)}, ${idle} idle, ` +
    `${draining} draining`
  );
}

function textOf({ establishing }: PoolCounts): string {
  if (establishing === undefined) return '';
  const { phase, elapsedMS } = establishing;
  return ` (${nameOfStep(phase) ?? phase} the server for ${Math.round(elapsedMS)} ms)`;
}

/**
 * An operation asked a closed pool for a connection.
 *
 * @public
 */
export class MongoPoolClosedError extends MongoDriverError {
  /** `host:port` of the pool. */
  readonly address: string;

  constructor(address: string) {
    super('Attempted to check out a connection from closed connection pool', { host: address, phase: 'checkOut' });
    this.address = address;
  }

  static {
    brand(this, 'MongoPoolClosedError');
  }
}

/**
 * A pool was cleared because its server failed another operation or a check; the operation that got this error did nothing and may
 * be retried.
 *
 * @public
 */
export class MongoPoolClearedError extends MongoNetworkError {
  /** `host:port` of the pool. */
  readonly address: string;

  constructor(address: string, cause: unknown, message?: string, details?: ErrorDetails) {
    const reason = cause instanceof Error ? cause.message : 'unknown';
    super(message ?? `Connection pool for ${address} was cleared because another operation failed with: "${reason}"`, {
      host: address,
      phase: 'checkOut',
      ...details,
      cause,
      labels: [MongoErrorLabel.PoolRequestedRetry],
    });
    this.address = address;
  }

  static {
    brand(this, 'MongoPoolClearedError');
  }
}

/**
 * No connection became free within `waitQueueTimeoutMS` (or `serverSelectionTimeoutMS`), and `timeoutMS` is not in use.
 *
 * @public
 */
export class MongoWaitQueueTimeoutError extends MongoDriverError {
  /** `host:port` of the pool. */
  readonly address: string;
  /** The connections of the pool when the wait ended. */
  readonly pool: PoolCounts;

  constructor(message: string, address: string, pool: PoolCounts) {
    super(message, { host: address, phase: 'checkOut' });
    this.address = address;
    this.pool = pool;
  }

  static {
    // The official driver throws it by this name, though it does not export the class.
    brand(this, 'MongoWaitQueueTimeoutError');
  }
}

/** The error of one connection that was interrupted when its pool was cleared. Each has its own, since callers add labels. @internal */
export function interruptedError(address: string, cause: Error | undefined): MongoPoolClearedError {
  const text = `Connection to ${address} interrupted due to server monitor timeout`;
  return new MongoPoolClearedError(address, cause, text, { phase: 'read' });
}

/** What to look at when new connections do not become ready. */
const HINTS: Readonly<Record<ConnectionProgress['phase'], string>> = {
  resolve: 'The name of the server is not resolved: look at DNS',
  proxy: 'The proxy does not answer: look at it, at proxyHost and at proxyPort',
  connect: 'The server does not take new connections: look at it, at the network and at firewalls',
  tls: 'The server does not finish the TLS handshake: look whether it expects TLS on this port',
  hello: 'The server takes connections and does not answer: look at its load',
  auth: 'The server does not answer the authentication: look at its load, and at the service that checks the password',
};

/** The step of the new connection that check-outs wait for; null if they wait for their turn, in a full pool. */
function awaitedStep({ inUse, maxPoolSize, establishing }: PoolCounts): ConnectionProgress['phase'] | null {
  return establishing !== undefined && (maxPoolSize === 0 || inUse < maxPoolSize) ? establishing.phase : null;
}

/**
 * The error of a check-out whose deadline ended. Without `timeoutMS` it begins with the words of the specification
 * (CMAP, "WaitQueueTimeoutError").
 *
 * @internal
 */
export function checkOutTimeout(
  end: DeadlineEnd,
  address: string,
  waiter: { readonly request: Attempt; readonly deadline: Deadline },
  waitedMS: number,
  pool: PoolCounts,
  loadBalanced: boolean,
): Error {
  const { deadline, request } = waiter;
  const counts = describeCounts(pool, loadBalanced);
  const step = awaitedStep(pool);
  return deadline.errorOf(
    end,
    {
      during: `while checking out a connection from connection pool of ${address} after ${Math.round(waitedMS)} ms: ${counts}; wanted by ${textOfAttempt(request)}`,
      phase: step ?? 'checkOut',
      host: address,
      namespace: request.namespace,
      maybeApplied: false,
      pool,
      hint: step === null ? 'Raise maxPoolSize or the timeout, or look for slow operations' : HINTS[step],
    },
    text => new MongoWaitQueueTimeoutError(text, address, pool),
  );
}

/** Why a connection is closed before it was established: another one takes its place. @internal */
export function replacedError({
  address,
  id,
  waitsFor: { step },
  elapsedMS,
}: WireConnection): MongoNetworkTimeoutError {
  const text = `connection ${id} to ${address} was not established within ${elapsedMS.toFixed(1)} ms (${step}), and another one takes its place`;
  return new MongoNetworkTimeoutError(text, { host: address, phase: step, beforeHandshake: true });
}

/** Why a connection is closed although its late reply may come (`pendingResponseTimeoutMS` of 0). @internal */
export function lateReplyError(address: string, { commandName }: Attempt): MongoNetworkTimeoutError {
  const text = `the late reply from ${address} to ${commandName} is not waited for (pendingResponseTimeoutMS=0)`;
  return new MongoNetworkTimeoutError(text, { host: address, phase: 'read' });
}
