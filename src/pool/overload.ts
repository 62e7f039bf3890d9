import { MongoErrorLabel } from '../errors/codes.js';
import { type MongoNetworkError, MongoNetworkTimeoutError } from '../errors/network.js';

/** What the system says of a connection that broke; anything else that goes wrong in TLS is about certificates or the protocol. */
const BROKEN: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTDOWN',
]);

/**
 * Labels the failure to establish a connection. A server that cannot even take one, or say hello, is taken to be overloaded: the error may
 * be retried, and is no reason to doubt the server's state.
 *
 * Not so for what waiting would not mend: a name that does not resolve, a proxy, certificates, authentication.
 *
 * Source: CMAP, "Establishing a Connection"; SDAM, "Network error when connecting".
 */
export function labelOverload(error: MongoNetworkError): void {
  error.addErrorLabel(MongoErrorLabel.HandshakeError);
  if (!isSignOfOverload(error)) return;
  error.addErrorLabel(MongoErrorLabel.SystemOverloadedError);
  error.addErrorLabel(MongoErrorLabel.RetryableError);
}

function isSignOfOverload(error: MongoNetworkError): boolean {
  switch (error.phase) {
    case 'resolve':
    case 'proxy':
    case 'auth':
      return false;
    case 'tls': {
      if (error instanceof MongoNetworkTimeoutError || error.cause === undefined) return true;
      return BROKEN.has((error.cause as { code?: unknown }).code);
    }
    default:
      return true;
  }
}
