import { brand, brandAlso, type ErrorDetails, MongoError } from './base.js';

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
   * False if the command was certainly never sent in full, so that it cannot have had an effect. Absent when the error interrupted no command.
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

/**
 * The error of a command whose reply broke the protocol. The connection is closed, and the result of the command is unknown, so this is a
 * network error in every respect: retries, the state of the server, labels of transactions.
 *
 * Like its `cause`, it is also an instance of MongoUnexpectedServerResponseError: programs that look for either class find it.
 */
export function brokenReplyError(message: string, options: MongoNetworkErrorOptions): MongoNetworkError {
  const error = new MongoNetworkError(message, options);
  brandAlso(error, 'MongoUnexpectedServerResponseError');
  return error;
}
