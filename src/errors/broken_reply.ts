import { brandAlso } from './base.js';
import { MongoNetworkError, type MongoNetworkErrorOptions } from './network.js';

/**
 * The error of a command whose reply broke the protocol, so that the connection is lost, and with it all that was to be learned of the
 * command. It is a network error in every respect: retries, the state of the server, labels of transactions.
 *
 * It is an instance of MongoUnexpectedServerResponseError too, as its `cause` is: programs that look for either find it.
 */
export function brokenReplyError(message: string, options: MongoNetworkErrorOptions): MongoNetworkError {
  const error = new MongoNetworkError(message, options);
  brandAlso(error, 'MongoUnexpectedServerResponseError');
  return error;
}
