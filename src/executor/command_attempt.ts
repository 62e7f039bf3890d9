import type { Call } from '../call/call.js';
import type { ServerDescription } from '../description/server_description.js';
import { ServerType } from '../description/types.js';
import { SelectionRequest } from '../sdam/selection_request.js';
import { type ServerSelector, sameServerSelector } from '../sdam/server_selection.js';
import type { ServerSession } from '../sessions/server_session_pool.js';
import type { EngineOptions } from './engine.js';
import type { Operation } from './operation.js';

const NONE: ReadonlySet<string> = new Set();

/** What the earlier attempts of a command leave to the next one. */
export interface Progress {
  /** Number of the next attempt; 1 for the first. */
  readonly attempt: number;
  /** The error to report if no later attempt does better; null before the first failure. */
  readonly previous: Error | null;
  /** Addresses that the next attempt avoids if it can. */
  readonly deprioritized: ReadonlySet<string>;
  /** Number of the retryable write, assigned by the first attempt that may be retried; 0 for none. */
  readonly txnNumber: number;
  /** Whether an attempt was refused because the server was overloaded. */
  readonly overloaded: boolean;
  /** Whether an attempt may have had its effect. */
  readonly maybeApplied: boolean;
  /** The server that was selected last; null before the first selection. */
  readonly selected: SelectedServer | null;
  /** The clock's time at which the next attempt begins; null: when its call does. */
  readonly startsAt: number | null;
}

export const FIRST_ATTEMPT: Progress = Object.freeze({
  attempt: 1,
  previous: null,
  deprioritized: NONE,
  txnNumber: 0,
  overloaded: false,
  maybeApplied: false,
  selected: null,
  startsAt: null,
});

/** What the executor needs to know of the selected server, as its description said when it was selected. */
export interface SelectedServer {
  readonly address: string;
  readonly isMongos: boolean;
  /** Maximum wire version; undefined behind a load balancer, whose servers label their own errors. */
  readonly wireVersion: number | undefined;
  /** The fastest recent round trip in milliseconds. */
  readonly minRoundTripTimeMS: number;
  /** Whether the operation, the options and the server allow a retry. */
  readonly allowsRetry: boolean;
}

/** One attempt of a command, with what the executor learns while it runs. Only the executor writes its fields. */
export class CommandAttempt<T> extends SelectionRequest {
  readonly operation: Operation<T>;
  readonly progress: Progress;
  /** The server that was selected last, by this attempt or an earlier one. */
  selected: SelectedServer | null;
  /** Closes the cursor that the server keeps open although the operation reads no more of it; null if there is none. */
  closing: Operation<void> | null = null;
  /** Number of the transaction or of the retryable write; 0 for none. */
  txnNumber: number;
  /** Null before a connection was there, and without a session. */
  serverSession: ServerSession | null = null;
  /** The `maxTimeMS` that the command was sent with because of the deadline; 0 for none. */
  maxTimeMS = 0;

  constructor(call: Call, operation: Operation<T>, progress: Progress) {
    super(
      call,
      operation,
      selectorOf(operation),
      operation.readPreference.mode,
      progress.attempt,
      progress.deprioritized,
    );
    this.operation = operation;
    this.progress = progress;
    this.selected = progress.selected;
    this.txnNumber = progress.txnNumber;
  }
}

/** A transaction continues where it began (Transactions, "Mongos Pinning"). */
function selectorOf({ session, selector }: Operation<unknown>): ServerSelector {
  return session === null || session.pin === null ? selector : sameServerSelector(session.pin.server.address);
}

/** @param description - undefined if the server has left the topology since it was selected */
export function selectedServer(
  address: string,
  description: ServerDescription | undefined,
  operation: Operation<unknown>,
  options: EngineOptions,
): SelectedServer {
  const type = description?.type ?? ServerType.Unknown;
  const isBalancer = type === ServerType.LoadBalancer;
  return {
    address,
    isMongos: type === ServerType.Mongos,
    wireVersion: isBalancer ? undefined : description?.maxWireVersion,
    minRoundTripTimeMS: description?.minRoundTripTime ?? 0,
    allowsRetry: allowsRetry(operation, options, type, description),
  };
}

function allowsRetry(
  { access, retryable, unacknowledged, session, sessionRole }: Operation<unknown>,
  { retryReads, retryWrites }: EngineOptions,
  type: ServerType,
  description: ServerDescription | undefined,
): boolean {
  // The end of a transaction is always retried, its other commands only as a whole (Transactions, "Interaction with Retryable Writes").
  if (sessionRole === 'endsTransaction') return true;
  if (!retryable || session?.transaction.isActive === true) return false;
  if (access === 'read') return retryReads;
  // Nothing is known of the servers behind a load balancer; they have sessions.
  const hasSessions = type === ServerType.LoadBalancer || typeof description?.logicalSessionTimeoutMinutes === 'number';
  return retryWrites && !unacknowledged && type !== ServerType.Standalone && hasSessions;
}
