import { decodeDocument } from '../bson/decode.js';
import type { Timestamp } from '../bson/index.js';
import { ElementType, type RawDocument } from '../bson/raw_document.js';
import type { Deadline } from '../call/deadline.js';
import type { Ledger } from '../call/ledger.js';
import { MongoClientClosedError, MongoExpiredSessionError } from '../errors/driver.js';
import type { Connection } from '../pool/connection.js';
import type { Server } from '../sdam/server.js';
import { ClusterClock } from './cluster_time.js';
import type { ServerSession, ServerSessionPool } from './server_session_pool.js';
import { Transaction, type TransactionSettings } from './transaction.js';

export interface SessionSettings {
  /** Operations see what earlier operations of the session have written and read. */
  readonly causal: boolean;
  /** All reads of the session see one moment. */
  readonly snapshot: boolean;
  readonly snapshotTime: Timestamp | undefined;
  /** The defaults of transactions. */
  readonly transaction: TransactionSettings;
  readonly timeoutMS: number | undefined;
}

/** The server that a transaction is pinned to: a mongos; behind a load balancer, one connection. */
export interface SessionPin {
  readonly server: Server;
  readonly connection: Connection | null;
}

/**
 * The part of an explicit session that operations use. `ClientSession` is its public facade.
 *
 * Source: Driver Sessions; Causal Consistency; Snapshot Reads; Transactions.
 */
export class SessionState {
  /** The pool of the client. */
  readonly pool: ServerSessionPool;
  readonly settings: SessionSettings;
  readonly clusterClock = new ClusterClock();
  readonly transaction: Transaction;
  /** The newest operation time of a reply, or the time that the caller has advanced it to. */
  operationTime: Timestamp | undefined;
  /** The moment that a snapshot session reads. Undefined before its first read, unless it is an option. */
  snapshotTime: Timestamp | undefined;
  hasEnded = false;
  /** The client has begun to close. */
  clientClosed = false;
  pin: SessionPin | null = null;
  /** The deadline of a running `withTransaction`, which all its operations share; null without `timeoutMS`. */
  deadline: Deadline | null = null;
  /** The ledger of a running `withTransaction` without `timeoutMS`, of which all its operations are parts; null if no record is wanted. */
  ledger: Ledger | null = null;
  /** The signal of a running `withTransaction`, which ends all its operations. */
  signal: AbortSignal | undefined;
  /** The deadline of a transaction that was started with a `timeoutMS` of its own; null without one. */
  ownDeadline: Deadline | null = null;
  #serverSession: ServerSession | null = null;

  constructor(pool: ServerSessionPool, settings: SessionSettings) {
    this.pool = pool;
    this.settings = settings;
    this.transaction = new Transaction(settings.transaction);
    this.snapshotTime = settings.snapshotTime;
  }

  /** The deadline that all operations of a transaction share: that of `withTransaction`, else that of the transaction; null without both. */
  get sharedDeadline(): Deadline | null {
    return this.deadline ?? (this.transaction.isActive ? this.ownDeadline : null);
  }

  /**
   * The server session. Acquired at the first use; stays the same from then on.
   *
   * @param timeoutMinutes - logicalSessionTimeoutMinutes of the deployment
   */
  serverSession(timeoutMinutes: number | null): ServerSession {
    this.#serverSession ??= this.pool.acquire(timeoutMinutes);
    return this.#serverSession;
  }

  /** @throws MongoClientClosedError if the client is closing or has closed the session; MongoExpiredSessionError if the session has ended */
  mustBeUsable(): void {
    if (this.clientClosed) throw new MongoClientClosedError();
    if (this.hasEnded) throw new MongoExpiredSessionError();
  }

  /** The server session if one was acquired. Acquires none. */
  get takenServerSession(): ServerSession | null {
    return this.#serverSession;
  }

  /** Takes the times and the recovery token of a reply. */
  learn(body: RawDocument): void {
    this.clusterClock.learn(body);
    const operationTime = body.timestamp('operationTime');
    if (operationTime !== undefined) this.advanceOperationTime(operationTime);
    if (this.settings.snapshot && this.snapshotTime === undefined) {
      this.snapshotTime = (body.document('cursor') ?? body).timestamp('atClusterTime');
    }
    const token = this.transaction.isActive ? body.typedOffset('recoveryToken', ElementType.document) : -1;
    if (token >= 0) this.transaction.recoveryToken = decodeDocument(body.bytes, token);
  }

  advanceOperationTime(time: Timestamp): void {
    if (this.operationTime === undefined || time.greaterThan(this.operationTime)) this.operationTime = time;
  }

  /** Removes the pin, and checks in the pinned connection. */
  unpin(): void {
    const { pin } = this;
    this.pin = null;
    if (pin !== null && pin.connection !== null) pin.server.pool.checkIn(pin.connection);
  }

  /** Ends the session: removes the pin, and releases the server session. */
  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.transaction.endBackgroundAbort();
    this.unpin();
    if (this.#serverSession !== null) this.pool.release(this.#serverSession);
  }
}
