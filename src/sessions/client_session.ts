import type { Timestamp } from '../bson/index.js';
import { budgetAt, UNTIMED } from '../call/budget.js';
import type { Call } from '../call/call.js';
import { Deadline } from '../call/deadline.js';
import type { SharedDeadline } from '../call/shared_deadline.js';
import { ownOptions } from '../concern/given.js';
import type { ClusterTime } from '../description/types.js';
import { MongoCompatibilityError, MongoInvalidArgumentError, MongoRuntimeError } from '../errors/driver.js';
import { TypedEventEmitter } from '../events/typed_event_emitter.js';
import type { Clock } from '../runtime/clock.js';
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

/** What a session needs of its client. */
export interface SessionClient {
  readonly options: MongoOptions;
  readonly clock: Clock;
  readonly random: Random;
  /** logicalSessionTimeoutMinutes of the deployment, as far as it is known. */
  readonly sessionTimeoutMinutes: number | null;
  /** The pause before a retry, which ends early when the client closes. */
  pause(ms: number, deadline: Deadline): Promise<void>;
  /** The door of the client (`client/door.ts`). Time: that of a running `withTransaction`, else that given, of the session, of the client. */
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
 * A session: operations that are given it are ordered one after the other, and can be one transaction. One at a time: a session is not
 * for operations that run side by side. Made by `client.startSession()`, and ended by {@link ClientSession.endSession}.
 *
 * Source: Driver Sessions, Transactions, Causal Consistency, Snapshot Reads.
 *
 * @public
 */
export class ClientSession extends TypedEventEmitter<ClientSessionEvents> {
  readonly clientOptions: MongoOptions;
  readonly supports: { causalConsistency: boolean };
  /** Started by a user, and not by the driver for one operation. */
  readonly explicit = true;
  readonly snapshotEnabled: boolean;
  readonly defaultTransactionOptions: TransactionOptions;
  /** Milliseconds for each commit, abort, `withTransaction` and `endSession` (`defaultTimeoutMS`). */
  readonly timeoutMS: number | undefined;
  /** What operations know of it. @internal */
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

  /** The id by which servers know the session; stays when it has ended. */
  get id(): ServerSessionId | undefined {
    return this.serverSession.id;
  }

  /** The session as the servers know it. */
  get serverSession(): ServerSession {
    const session = this.state.takenServerSession;
    if (session !== null) return session;
    this.state.mustBeUsable();
    return this.state.serverSession(this.#client.sessionTimeoutMinutes);
  }

  get hasEnded(): boolean {
    return this.state.hasEnded;
  }

  /** The newest cluster time that the session has seen. */
  get clusterTime(): ClusterTime | undefined {
    return this.state.clusterClock.time;
  }

  /** Of the last operation in the session. */
  get operationTime(): Timestamp | undefined {
    return this.state.operationTime;
  }

  /** The moment that a snapshot session reads: given, or known after its first read. */
  get snapshotTime(): Timestamp | undefined {
    return this.state.snapshotTime;
  }

  get loadBalanced(): boolean {
    return this.clientOptions.loadBalanced;
  }

  /** Whether its transaction is bound to a mongos, or behind a load balancer to a connection. */
  get isPinned(): boolean {
    return this.state.pin !== null;
  }

  /** Lets operations see what another session has seen until this time. */
  advanceOperationTime(operationTime: Timestamp): void {
    const given: unknown = operationTime;
    if ((given as { _bsontype?: unknown } | null | undefined)?._bsontype !== 'Timestamp') {
      throw new MongoInvalidArgumentError('Argument "operationTime" must be a BSON Timestamp');
    }
    this.state.advanceOperationTime(operationTime);
  }

  /**
   * Takes the cluster time of another session, if it is newer.
   *
   * @throws MongoInvalidArgumentError if it is not what a server sends
   */
  advanceClusterTime(clusterTime: ClusterTime): void {
    this.state.clusterClock.advance(clusterTime);
  }

  /** Whether both are the same session to a server. */
  equals(session: ClientSession): boolean {
    if (!(session instanceof ClientSession)) return false;
    return this === session || sameBytes(this.serverSession, session.serverSession);
  }

  /** Uses up one number of those by which a server knows retryable writes and transactions. */
  incrementTransactionNumber(): void {
    this.serverSession.txnNumber += 1;
  }

  inTransaction(): boolean {
    return this.state.transaction.isActive;
  }

  /**
   * Begins a transaction: operations in this session are part of it until it is committed or aborted. Nothing is sent yet.
   *
   * @throws MongoTransactionError if there is one, or its write concern is `w: 0`; MongoCompatibilityError in a snapshot session;
   * MongoInvalidArgumentError if `timeoutMS` is invalid
   */
  startTransaction(options?: TransactionOptions): void {
    this.state.mustBeUsable();
    if (this.snapshotEnabled) {
      throw new MongoCompatibilityError('Transactions are not supported in snapshot sessions');
    }
    const { timeoutMS } = ownOptions(options);
    const budget = budgetAt('startTransaction', timeoutMS, UNTIMED);
    this.state.transaction.start(transactionSettings(options, this.state.settings.transaction));
    this.state.ownDeadline = budget === UNTIMED ? null : Deadline.start(budget, this.#client.clock);
    this.state.unpin();
    this.incrementTransactionNumber();
  }

  /**
   * Makes what the transaction wrote visible to all. May be called again after an error labelled `UnknownTransactionCommitResult`.
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
   * Undoes what the transaction wrote. That a server cannot be reached is no error: it undoes what is not committed.
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
        this.state.unpin();
      },
      'tidiesUp',
    );
  }

  /**
   * Runs a function in a transaction and commits it; runs it again where the server says that this may help, for up to 120 seconds, or as
   * long as `timeoutMS` says. All that the function awaits with this session shares that time.
   *
   * @throws what the function or the commit throws at last
   */
  // As in the official driver, the result of a function without a type is of any type.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  withTransaction<T = any>(
    fn: WithTransactionCallback<T>,
    options?: TransactionOptions & SessionCallOptions,
  ): Promise<T> {
    return this.#client.enter(this, 'withTransaction', options, async call => {
      const given: unknown = fn;
      if (typeof given !== 'function') {
        throw new MongoInvalidArgumentError('Argument "fn" of withTransaction must be a function');
      }
      this.state.mustBeUsable();
      return await runTransaction(this, this.#client, () => fn(this), options, call);
    });
  }

  /**
   * Ends the session, and aborts a transaction that is open. The server's part of it is used again, or ended with the client.
   *
   * @throws MongoOperationTimeoutError if a transaction could not be aborted within `timeoutMS`
   */
  async endSession(options?: EndSessionOptions): Promise<void> {
    const { state } = this;
    // A client that closes ends its sessions itself.
    if (this.hasEnded || state.clientClosed) return;
    try {
      const work = async (call: Call): Promise<void> => {
        if (!state.transaction.isActive || !state.transaction.abort()) return;
        await this.#client.endTransaction(state, 'abortTransaction', call).catch((error: unknown) => {
          // Only a caller who has set a time wants to know that it was not enough.
          if (call.deadline.ended() !== null) throw error;
        });
      };
      await this.#client.enter(this, 'endSession', options, work, 'tidiesUp');
    } finally {
      this.#end();
    }
  }

  /**
   * Ends the session since its client closes: an open transaction is aborted within the time of `close`. Never rejects.
   *
   * @internal
   */
  async endWithClient(call: Call): Promise<void> {
    const { state } = this;
    if (this.hasEnded) return;
    state.clientClosed = true;
    if (state.transaction.isActive && state.transaction.abort()) {
      await this.#abort(call).catch(() => undefined);
    }
    this.#end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endSession({ force: true });
  }

  /** @throws MongoRuntimeError always: a session among a document's fields is a mistake */
  toBSON(): never {
    throw new MongoRuntimeError('ClientSession cannot be serialized to BSON.');
  }

  /** The session may have ended while its transaction was aborted: by another call of `endSession`, or by the close of the client. */
  #end(): void {
    if (this.hasEnded) return;
    this.state.end();
    this.emit('ended', this);
  }

  /** That the server cannot be told is no error, unless the caller has ended the wait. */
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
