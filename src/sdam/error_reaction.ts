import type { ObjectId } from '../bson/index.js';
import { type ServerDescription, unknownServer } from '../description/server_description.js';
import { compareTopologyVersion, parseTopologyVersion } from '../description/topology_version.js';
import { ServerType } from '../description/types.js';
import { MongoError } from '../errors/base.js';
import { isNetworkError, isNetworkTimeout, stateChangeOf } from '../errors/classify.js';
import { MongoErrorLabel } from '../errors/codes.js';
import { MongoOperationTimeoutError } from '../errors/timeout.js';

/** The place and time of an error, as far as the reaction depends on them. */
export interface ErrorContext {
  /** Generation of the connection; of its service behind a load balancer. */
  readonly connectionGeneration: number;
  /** The pool's generation now; that of the connection's service behind a load balancer. */
  readonly poolGeneration: number;
  /** `handshake` is everything from opening the socket to the end of authentication. */
  readonly phase: 'beforeHandshake' | 'afterHandshake';
  /** The current description of the server. */
  readonly description: ServerDescription;
  readonly loadBalanced: boolean;
  /** Monotonic milliseconds; the server is Unknown from then on. */
  readonly now?: number;
  /** The service behind a load balancer, once the connection's hello has named it. */
  readonly serviceId?: ObjectId | undefined;
}

/** The consequences of an error. The server is marked Unknown first, then the pool is cleared, in one synchronous step. */
export interface Reaction {
  /** The description to apply; null if the server stays as it is. */
  readonly markUnknown: ServerDescription | null;
  /** Behind a load balancer, only the connections of the context's service are cleared. */
  readonly clearPool: boolean;
  readonly interruptInUse: boolean;
  /** The monitor checks the server at once. */
  readonly requestCheck: boolean;
  /** The monitor cancels the check that runs. */
  readonly cancelCheck: boolean;
}

const NO_REACTION: Reaction = Object.freeze({
  markUnknown: null,
  clearPool: false,
  interruptInUse: false,
  requestCheck: false,
  cancelCheck: false,
});

const CHECK: Reaction = Object.freeze({ ...NO_REACTION, requestCheck: true });
const CLEAR_SERVICE: Reaction = Object.freeze({ ...NO_REACTION, clearPool: true });

/**
 * The reaction to the error of an operation, or of a connection that is being established.
 *
 * SDAM, "Application errors":
 *
 * ```
 *                                       Unknown   clear pool         check
 * state change                          yes       when shutting down requested
 * network error after the handshake     yes       yes                cancelled
 * network timeout after the handshake   no        no
 * overload before the handshake's end   no        no                 requested if refused
 * other error before the handshake's end yes      yes                cancelled
 * any other                             no        no
 * ```
 *
 * Behind a load balancer no server becomes Unknown, only the service's connections are cleared, and errors before hello has named the
 * service do not count.
 */
export function reactTo(error: unknown, context: ErrorContext): Reaction {
  if (!(error instanceof MongoError) || saysNothingOfServer(error)) return NO_REACTION;
  // SDAM, "Why use connection generations": an error of an older connection has been handled already.
  if (context.connectionGeneration < context.poolGeneration) return NO_REACTION;
  if (context.loadBalanced) return reactBehindLoadBalancer(error, context);

  const stateChange = stateChangeOf(error);
  if (stateChange !== null) {
    const topologyVersion = parseTopologyVersion(error.topologyVersion);
    // SDAM, "topologyVersion": an error that is not newer than the description is stale.
    if (compareTopologyVersion(topologyVersion, context.description.topologyVersion) <= 0) return NO_REACTION;
    return {
      ...NO_REACTION,
      markUnknown: unknownServer(context.description.address, error, topologyVersion, context.now),
      clearPool: stateChange === 'nodeIsShuttingDown',
      requestCheck: true,
    };
  }
  const counts =
    context.phase === 'beforeHandshake'
      ? !error.hasErrorLabel(MongoErrorLabel.SystemOverloadedError)
      : isNetworkError(error) && !isNetworkTimeout(error);
  if (!counts) return isRefused(error) ? CHECK : NO_REACTION;
  return {
    ...NO_REACTION,
    markUnknown: unknownServer(context.description.address, error, null, context.now),
    clearPool: true,
    cancelCheck: true,
  };
}

/**
 * The reaction to a failed check (Server Monitoring, "Network error or timeout during a server check" and "Command error").
 *
 * There is no reaction to a cancelled check.
 */
export function reactToFailedCheck(error: MongoError, description: ServerDescription, now = 0): Reaction {
  return {
    markUnknown: unknownServer(description.address, error, parseTopologyVersion(error.topologyVersion), now),
    clearPool: true,
    // A server that does not answer its monitor does not answer the operations that wait for it either.
    interruptInUse: isNetworkTimeout(error),
    requestCheck: isNetworkError(error) && description.type !== ServerType.Unknown,
    cancelCheck: false,
  };
}

/**
 * Whether nothing listens at the address. The specification counts that as a sign of overload, which says nothing of the server's state. It may as well
 * have ended, or be starting: its monitor is to find out, so that operations wait for the server and not for their backoff.
 */
function isRefused({ cause }: MongoError): boolean {
  return (cause as { code?: unknown } | null | undefined)?.code === 'ECONNREFUSED';
}

/** An expired deadline, and a pool that refused a check-out, say nothing about the server. */
function saysNothingOfServer(error: MongoError): boolean {
  return error instanceof MongoOperationTimeoutError || error.hasErrorLabel(MongoErrorLabel.PoolRequestedRetry);
}

function reactBehindLoadBalancer(error: MongoError, { phase, serviceId }: ErrorContext): Reaction {
  if (serviceId === undefined) return NO_REACTION;
  if (stateChangeOf(error) === 'nodeIsShuttingDown') return CLEAR_SERVICE;
  const broke = isNetworkError(error) && !isNetworkTimeout(error);
  return broke || phase === 'beforeHandshake' ? CLEAR_SERVICE : NO_REACTION;
}
