import { brand, type ErrorDetails, MongoError } from './base.js';

/** @public */
export interface MongoNetworkErrorOptions extends ErrorDetails {
  /** True when the connection had not finished its handshake. */
  beforeHandshake?: boolean;
}

/**
 * A connection to a server could not be made, or broke.
 *
 * @public
 */
export class MongoNetworkError extends MongoError {
  /** True when the connection had not finished its handshake. @internal */
  readonly beforeHandshake: boolean;

  constructor(message: string, options: MongoNetworkErrorOptions = {}) {
    super(message, options);
    this.beforeHandshake = options.beforeHandshake ?? false;
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
