import { brand, type ErrorDetails, MongoError } from '../errors/base.js';
import type { TopologyDescription } from './description/topology_description.js';

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

/**
 * No server that suits an operation was found in time. `reason` holds what was known of each server; `cause` is the last error met.
 *
 * @public
 */
export class MongoServerSelectionError extends MongoSystemError {
  static {
    brand(this, 'MongoServerSelectionError');
  }
}
