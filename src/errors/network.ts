import { brand, type ErrorDetails, MongoError } from './base.js';

/** @public */
export interface MongoNetworkErrorOptions extends ErrorDetails {
  /** True when the connection had not finished its handshake. */
  beforeHandshake?: boolean;
  /** False when the command was certainly never sent in full. */
  maybeApplied?: boolean;
}

/**
 * A connection to a server could not be made, or broke.
 *
 * @public
 */
export class MongoNetworkError extends MongoError {
  /** True when the connection had not finished its handshake. @internal */
  readonly beforeHandshake: boolean;
  /**
   * When a command was on its way: false if it was certainly never sent in full, so that it cannot have had an effect. Absent when no command
   * was.
   */
  declare maybeApplied?: boolean;

  constructor(message: string, options: MongoNetworkErrorOptions = {}) {
    super(message, options);
    this.beforeHandshake = options.beforeHandshake ?? false;
    if (options.maybeApplied !== undefined) this.maybeApplied = options.maybeApplied;
  }

  static {
    brand(this, 'MongoNetworkError');
  }
}

/**
 * A server did not answer in time, under a timeout other than `timeoutMS` (`connectTimeoutMS`, `socketTimeoutMS`).
 *
 * @public
 */
export class MongoNetworkTimeoutError extends MongoNetworkError {
  static {
    brand(this, 'MongoNetworkTimeoutError');
  }
}
