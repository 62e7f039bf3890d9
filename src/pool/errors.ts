import type { Deadline, DeadlineEnd } from '../csot/deadline.js';
import { brand, type ErrorDetails } from '../errors/base.js';
import { MongoErrorLabel } from '../errors/codes.js';
import { MongoDriverError } from '../errors/driver.js';
import { MongoNetworkError } from '../errors/network.js';

/** Connections of a pool at one moment. */
export interface PoolCounts {
  readonly maxPoolSize: number;
  readonly total: number;
  readonly idle: number;
  readonly inUse: number;
  readonly pending: number;
  readonly draining: number;
  readonly waitQueueLength: number;
}

/** `10 of 10 in use, 37 waiting, 0 being established, 0 draining` */
function describeCounts({ maxPoolSize, inUse, waitQueueLength, pending, draining }: PoolCounts): string {
  const limit = maxPoolSize === 0 ? '' : ` of ${maxPoolSize}`;
  return `${inUse}${limit} in use, ${waitQueueLength} waiting, ${pending} being established, ${draining} draining`;
}

/**
 * A connection was asked of a pool that is closed.
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
 * A pool was cleared because its server failed another operation or a check; the operation that met this did nothing and may be
 * tried again.
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
  /** What the pool held when the wait ended. */
  readonly counts: PoolCounts;

  constructor(message: string, address: string, counts: PoolCounts) {
    super(message, { host: address, phase: 'checkOut' });
    this.address = address;
    this.counts = counts;
  }

  static {
    // The name under which the official driver throws it, though it does not export the class.
    brand(this, 'MongoWaitQueueTimeoutError');
  }
}

/** The error of one connection that a clearing of its pool interrupted: each has its own, since whoever meets it adds labels. @internal */
export function interruptedError(address: string, cause: Error | undefined): MongoPoolClearedError {
  const text = `Connection to ${address} interrupted due to server monitor timeout`;
  return new MongoPoolClearedError(address, cause, text, { phase: 'read' });
}

/** The error of one who waited for a connection until the deadline ended. @internal */
export function checkOutTimeout(
  deadline: Deadline,
  end: DeadlineEnd,
  address: string,
  namespace: string,
  counts: PoolCounts,
): Error {
  return deadline.errorOf(
    end,
    {
      during: `while checking out a connection from connection pool of ${address}: ${describeCounts(counts)}`,
      phase: 'checkOut',
      host: address,
      namespace,
      maybeApplied: false,
      hint: 'Raise maxPoolSize or the timeout, or look for slow operations',
    },
    text => new MongoWaitQueueTimeoutError(text, address, counts),
  );
}
