import type { Timestamp } from '../bson/index.js';
import { budgetAt, UNTIMED } from '../call/budget.js';
import type { Call } from '../call/call.js';
import { Deadline } from '../call/deadline.js';
import type { SharedDeadline } from '../call/shared_deadline.js';
import type { ClusterTime } from '../description/types.js';
import { MongoCompatibilityError, MongoInvalidArgumentError, MongoRuntimeError } from '../errors/driver.js';
import { TypedEventEmitter } from '../events/typed_event_emitter.js';
import type { Clock } from '../runtime/clock.js';
import { ownOptions } from '../runtime/own_options.js';
import type { Random } from '../runtime/random.js';
import type { MongoOptions } from '../uri/mongo_options.js';
import type { ServerSession } from './server_session_pool.js';
import type { ClientSessionOptions } from './session_options.js';
import { type SessionState } from './session_state.js';
import { type TransactionOptions, transactionSettings } from './transaction.js';
import { runTransaction } from './with_transaction.js';

/** The id by which a server knows a session. @public */
export type ServerSessionId = ServerSession['id'];

/** @public */
export type ClientSessionEvents = {
  ended(session: ClientSession): void;
};

/** @public */
export type WithTransactionCallback<T = unknown> = (session: ClientSession) => Promise<T>;

/** How long a method of a session may take. @public */
export interface SessionCallOptions {
  /** Milliseconds. 0 is no limit. Default: `defaultTimeoutMS` of the session, else `timeoutMS` of the client. */
  timeoutMS?: number;
  /** Ends the call when it aborts; the call rejects with the signal's own reason. */
  signal?: AbortSignal;
  /** A deadline that the call shares with others. */
  deadline?: SharedDeadline;
}

/** @public */
export interface EndSessionOptions extends SessionCallOptions {
  force?: boolean;
  forceClear?: boolean;
}

/** The client, as its sessions use it. */
export interface SessionClient {
  /** The MongoClient itself. */
  readonly client: object;
  readonly options: MongoOptions;
  readonly clock: Clock;
  readonly random: Random;
  /** logicalSessionTimeoutMinutes of the deployment; null while it is not known. */
  readonly sessionTimeoutMinutes: number | null;
  /** Pauses before a retry. Ends early when the client closes. */
  pause(ms: number, deadline: Deadline): Promise<void>;
  /**
   * Enters the door of the client (`client/door.ts`). The deadline is that of a running `withTransaction`. Without one, `timeoutMS` is that of the
   * options, the session or the client, in this order.
   */
  enter<T>(
    session: ClientSession,
    method: string,
    options: SessionCallOptions | null | undefined,
    work: (call: Call) => Promise<T>,
    kind?: 'tidiesUp',
  ): Promise<T>;
  endTransaction(session: SessionState, name: 'commitTransaction' | 'abortTransaction', call: Call): Promise<void>;
}

/**
 * A session orders the operations that use it one after the other, and can make them one transaction. It is not for concurrent operations.
 * `client.startSession()` starts a session, and {@link ClientSession.endSession} ends it.
 *
 * Source: Driver Sessions, Transactions, Causal Consistency, Snapshot Reads.
 *
 * @public
 */
export class ClientSession extends TypedEventEmitter<ClientSessionEvents> {
  readonly clientOptions: MongoOptions;
  readonly supports: { causalConsistency: boolean };
  /** A program started the session. The driver starts implicit sessions for single operations. */
  readonly explicit = true;
  readonly snapshotEnabled: boolean;
  readonly defaultTransactionOptions: TransactionOptions;
  /** Milliseconds for each commit, abort, `withTransaction` and `endSession`; the option `defaultTimeoutMS`. */
  readonly timeoutMS: number | undefined;
  /** The part that operations use. @internal */
  readonly state: SessionState;
  readonly #client: SessionClient;

  /** @internal */
  constructor(client: SessionClient, state: SessionState, options: ClientSessionOptions) {
    super();
    this.#client = client;
    this.state = state;
    this.clientOptions = client.options;
    this.supports = { causalConsistency: state.settings.causal };
    this.snapshotEnabled = state.settings.snapshot;
    this.defaultTransactionOptions = { ...options.defaultTransactionOptions };
    this.timeoutMS = state.settings.timeoutMS;
  }

  /** The id by which servers know the session. Stays the same after the end of the session. */
  get id(): ServerSessionId | undefined {
    return this.serverSession.id;
  }

  /** The session as servers know it. Acquired at the first use. */
  get serverSession(): ServerSession {
    const session = this.state.takenServerSession;
    if (session !== null) return session;
    this.state.mustBeUsable();
    return this.state.serverSession(this.#client.sessionTimeoutMinutes);
  }

  /** The MongoClient that started the session. @internal */
  get owningClient(): object {
    return this.#client.client;
  }

  get hasEnded(): boolean {
    return this.state.hasEnded;
  }

  /** The newest cluster time that the session has seen. */
  get clusterTime(): ClusterTime | undefined {
    return this.state.clusterClock.time;
  }

  /** The operation time of the last operation in the session. */
  get operationTime(): Timestamp | undefined {
    return this.state.operationTime;
  }

  /** The moment that a snapshot session reads: the option, or the moment of the first read. */
  get snapshotTime(): Timestamp | undefined {
    return this.state.snapshotTime;
  }

  get loadBalanced(): boolean {
    return this.clientOptions.loadBalanced;
  }

  /** Whether the transaction is pinned to a mongos, or to a connection behind a load balancer. */
  get isPinned(): boolean {
    return this.state.pin !== null;
  }

  /** Advances the operation time to that of another session, so that operations see what the other session has seen. */
  advanceOperationTime(operationTime: Timestamp): void {
    const given: unknown = operationTime;
    if ((given as { _bsontype?: unknown } | null | undefined)?._bsontype !== 'Timestamp') {
      throw new MongoInvalidArgumentError('Argument "operationTime" must be a BSON Timestamp');
    }
    this.state.advanceOperationTime(operationTime);
  }

  /**
   * Advances the cluster time to that of another session, if that is newer.
   *
   * @throws MongoInvalidArgumentError if it is not what a server sends
   */
  advanceClusterTime(clusterTime: ClusterTime): void {
    this.state.clusterClock.advance(clusterTime);
  }

  /** Whether servers know both by the same id. */
  equals(session: ClientSession): boolean {
    if (!(session instanceof ClientSession)) return false;
    return this === session || sameBytes(this.serverSession, session.serverSession);
  }

  /** Takes the next number by which servers know a retryable write or a transaction. */
  incrementTransactionNumber(): void {
    this.serverSession.txnNumber += 1;
  }

  inTransaction(): boolean {
    return this.state.transaction.isActive;
  }

  /** Whether the server may have a transaction of the session open. @internal */
  get hasOpenTransaction(): boolean {
    return this.inTransaction() || this.state.transaction.abortIsUnsent;
  }

  /**
   * Starts a transaction. Operations in this session are part of the transaction until it is committed or aborted. Sends nothing.
   *
   * @throws MongoTransactionError in a transaction, or if the write concern is `w: 0`; MongoCompatibilityError in a snapshot session;
   * MongoInvalidArgumentError if `timeoutMS` is invalid
   */
  startTransaction(options?: TransactionOptions): void {
    this.state.mustBeUsable();
    if (this.snapshotEnabled) {
      throw new MongoCompatibilityError('Transactions are not supported in snapshot sessions');
    }
    // In a withTransaction with a time, that time is the one of all its attempts.
    const timeoutMS = this.state.deadline === null ? this.#transactionTimeoutMS(options) : undefined;
    const budget = budgetAt('startTransaction', timeoutMS, UNTIMED);
    this.state.transaction.start(transactionSettings(options, this.state.settings.transaction));
    this.state.ownDeadline = budget === UNTIMED ? null : Deadline.start(budget, this.#client.clock);
    this.state.unpin();
    this.incrementTransactionNumber();
  }

  /**
   * Commits the transaction. May be called again after an error with the label `UnknownTransactionCommitResult`.
   *
   * @throws MongoTransactionError if there is nothing to commit
   */
  commitTransaction(options?: SessionCallOptions): Promise<void> {
    return this.#client.enter(this, 'commitTransaction', options, async call => {
      this.state.mustBeUsable();
      if (this.state.transaction.commit()) await this.#client.endTransaction(this.state, 'commitTransaction', call);
    });
  }

  /**
   * Aborts the transaction. A server that cannot be reached causes no error, because servers abort idle transactions themselves.
   *
   * @throws MongoTransactionError if there is nothing to abort
   */
  abortTransaction(options?: SessionCallOptions): Promise<void> {
    return this.#client.enter(
      this,
      'abortTransaction',
      options,
      async call => {
        this.state.mustBeUsable();
        if (this.state.transaction.abort()) await this.#abort(call);
        if (!this.state.clientClosed) this.state.unpin();
      },
      'tidiesUp',
    );
  }

  /**
   * Runs a function in a transaction and commits the transaction. Retries both while errors have the label `TransientTransactionError` or
   * `UnknownTransactionCommitResult`, for up to `timeoutMS`, or 120 seconds without `timeoutMS`. All operations of the function in this session share
   * `timeoutMS`.
   *
   * @throws the last error of the function or the commit; MongoOperationTimeoutError if `timeoutMS` leaves no time for a retry
   */
  // As in the official driver, the result of a function without a type is of any type.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  withTransaction<T = any>(
    fn: WithTransactionCallback<T>,
    options?: TransactionOptions & SessionCallOptions,
  ): Promise<T> {
    const timeoutMS = this.#transactionTimeoutMS(options);
    const own = timeoutMS === undefined ? options : { ...options, timeoutMS };
    return this.#client.enter(this, 'withTransaction', own, async call => {
      const given: unknown = fn;
      if (typeof given !== 'function') {
        throw new MongoInvalidArgumentError('Argument "fn" of withTransaction must be a function');
      }
      this.state.mustBeUsable();
      return await runTransaction(this, this.#client, () => fn(this), options, call);
    });
  }

  /**
   * Ends the session, and aborts an open transaction. The server session goes back to the pool for reuse.
   *
   * @throws MongoOperationTimeoutError if the abort of a transaction took longer than `timeoutMS`
   */
  async endSession(options?: EndSessionOptions): Promise<void> {
    const { state } = this;
    // A client that closes ends its sessions itself.
    if (this.hasEnded || state.clientClosed) return;
    try {
      const work = async (call: Call): Promise<void> => {
        if (!state.transaction.isActive || !state.transaction.abort()) return;
        await this.#client.endTransaction(state, 'abortTransaction', call).catch((error: unknown) => {
          // Servers abort idle transactions themselves. Only a timeout that the caller set is worth an error.
          if (call.deadline.ended() !== null) throw error;
        });
      };
      await this.#client.enter(this, 'endSession', options, work, 'tidiesUp');
    } finally {
      // A client that has begun to close meanwhile ends the session, after it has sent an abort that was still to be sent.
      if (!this.state.clientClosed) this.#end();
    }
  }

  /**
   * Ends the session because its client closes. Aborts an open transaction within the deadline of `close`, also if the program has begun to
   * abort it and nothing was sent before the close interrupted that. Never rejects.
   *
   * @internal
   */
  async endWithClient(call: Call): Promise<void> {
    const { state } = this;
    if (this.hasEnded) return;
    state.clientClosed = true;
    const isOpen = state.transaction.isActive && state.transaction.abort();
    if (isOpen || state.transaction.abortIsUnsent) {
      await this.#client.endTransaction(state, 'abortTransaction', call).catch(() => undefined);
    }
    this.#end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endSession({ force: true });
  }

  /** @throws MongoRuntimeError always, because a session in a document is a mistake */
  toBSON(): never {
    throw new MongoRuntimeError('ClientSession cannot be serialized to BSON.');
  }

  /** The `timeoutMS` of a transaction. Default: that of the session's `defaultTransactionOptions`. */
  #transactionTimeoutMS(options: TransactionOptions | undefined): number | undefined {
    return ownOptions(options).timeoutMS ?? ownOptions(this.defaultTransactionOptions).timeoutMS;
  }

  /** Another call of `endSession`, or the close of the client, may have ended the session while its transaction was aborted. */
  #end(): void {
    if (this.hasEnded) return;
    this.state.end();
    this.emit('ended', this);
  }

  /** A failed abort is no error, because servers abort idle transactions themselves. Only the abort reason of the caller is thrown. */
  async #abort(call: Call): Promise<void> {
    try {
      await this.#client.endTransaction(this.state, 'abortTransaction', call);
    } catch (error) {
      if (call.deadline.isAbortReason(error)) throw error;
    }
  }
}

function sameBytes(one: ServerSession, other: ServerSession): boolean {
  return Buffer.compare(one.id.id.buffer, other.id.id.buffer) === 0;
}
