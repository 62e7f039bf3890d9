import type { TopologyDescription } from '../description/topology_description.js';
import type { ServerType, TopologyType } from '../description/types.js';
import { brand, type ErrorDetails, MongoError } from '../errors/base.js';
import type { ConnectionProgress } from '../errors/pool_counts.js';

/**
 * The deployment as a whole is the reason of an error.
 *
 * @public
 */
export class MongoSystemError extends MongoError {
  /** What was known about the deployment. */
  readonly reason: TopologyDescription;

  constructor(message: string, reason: TopologyDescription, details: ErrorDetails = {}) {
    super(message, { cause: reason.error ?? undefined, ...details });
    this.reason = reason;
    if (typeof reason.error?.code === 'number') this.code = reason.error.code;
  }

  static {
    brand(this, 'MongoSystemError');
  }
}

/** A server that did not suit an operation. @public */
export interface UnsuitableServer {
  readonly address: string;
  readonly type: ServerType;
  /** Why it is Unknown; null when no error is the reason. */
  readonly error: MongoError | null;
  /** Milliseconds since the error was met; null without one. */
  readonly errorAgeMS: number | null;
  /** Milliseconds of a round trip, on average; null while none was measured. */
  readonly roundTripTimeMS: number | null;
  /** What the check that was under way waited for. Absent between two checks. */
  readonly check?: ConnectionProgress;
}

/** Why no server suited an operation. @public */
export interface SelectionFailure {
  readonly wanted: string;
  readonly servers: readonly UnsuitableServer[];
  readonly hint: string | undefined;
  /** The last error of the network; of the servers, when there is none of the network. */
  readonly cause: MongoError | undefined;
}

/**
 * No server that suits an operation was found in time. `reason` holds what was known of each server; `cause` is the last network error met.
 *
 * The message begins with the words of that error (`connect ECONNREFUSED 127.0.0.1:27017`), or of the server's, as in the official driver; what the
 * operation wanted, each server and a hint follow on the same line. Without such an error it begins with `Server selection timed out after`.
 *
 * @public
 */
export class MongoServerSelectionError extends MongoSystemError {
  /** What was asked for: `writable server`, `primary`, `secondary`, …. Absent when the hosts were not known yet. */
  declare readonly wanted?: string;
  readonly topologyType: TopologyType;
  /** Each server that was known, and those that a check has removed, with the reason as their error. */
  readonly servers: readonly UnsuitableServer[];
  /** What to look at first, where that is known. */
  declare readonly hint?: string;

  constructor(message: string, reason: TopologyDescription, details: ErrorDetails = {}, failure?: SelectionFailure) {
    super(message, reason, failure?.cause === undefined ? details : { cause: failure.cause, ...details });
    this.topologyType = reason.type;
    this.servers = failure?.servers ?? [];
    if (failure !== undefined) this.wanted = failure.wanted;
    if (failure?.hint !== undefined) this.hint = failure.hint;
  }

  static {
    brand(this, 'MongoServerSelectionError');
  }
}
