import { decodeDocument } from '../bson/decode.js';
import { Timestamp } from '../bson/index.js';
import { ElementType, type RawDocument } from '../bson/raw_document.js';
import type { Deadline } from '../call/deadline.js';
import { MongoClientClosedError, MongoExpiredSessionError } from '../errors/driver.js';
import type { Connection } from '../pool/connection.js';
import type { Server } from '../sdam/server.js';
import { ClusterClock } from './cluster_time.js';
import type { ServerSession, ServerSessionPool } from './server_session_pool.js';
import { Transaction, type TransactionSettings } from './transaction.js';

export interface SessionSettings {
  /** Reads see what the session has written and read before. */
  readonly causal: boolean;
  /** All reads see one moment. */
  readonly snapshot: boolean;
  readonly snapshotTime: Timestamp | undefined;
  /** For transactions whose call says nothing else. */
  readonly transaction: TransactionSettings;
  readonly timeoutMS: number | undefined;
}

/** Where the commands of a transaction go: a mongos; behind a load balancer, a connection. */
export interface SessionPin {
  readonly server: Server;
  readonly connection: Connection | null;
}

/**
 * What operations know of a user's session. The public face of it is `ClientSession`.
 *
 * Source: Driver Sessions; Causal Consistency; Snapshot Reads; Transactions.
 */
export class SessionState {
  /** Of its client. */
  readonly pool: ServerSessionPool;
  readonly settings: SessionSettings;
  readonly clusterClock = new ClusterClock();
  readonly transaction: Transaction;
  /** Of the last command's reply, or what the user has advanced it to. */
  operationTime: Timestamp | undefined;
  /** The moment that a snapshot session reads; known after its first read. */
  snapshotTime: Timestamp | undefined;
  hasEnded = false;
  /** Its client has begun to close. */
  clientClosed = false;
  pin: SessionPin | null = null;
  /** The time of a `withTransaction` that runs: it is that of all its operations. */
  deadline: Deadline | null = null;
  /** Ends a `withTransaction` that runs: it ends all its operations too. */
  signal: AbortSignal | undefined;
  /** The time of a transaction that was started with a `timeoutMS` of its own; null if it was not. */
  ownDeadline: Deadline | null = null;
  #serverSession: ServerSession | null = null;

  constructor(pool: ServerSessionPool, settings: SessionSettings) {
    this.pool = pool;
    this.settings = settings;
    this.transaction = new Transaction(settings.transaction);
    this.snapshotTime = settings.snapshotTime;
  }

  /** The time that all operations of a transaction share: that of a `withTransaction`, else that of the transaction; null if there is none. */
  get sharedDeadline(): Deadline | null {
    return this.deadline ?? (this.transaction.isActive ? this.ownDeadline : null);
  }

  /**
   * Taken when it is needed first, and kept for good.
   *
   * @param timeoutMinutes - logicalSessionTimeoutMinutes of the deployment
   */
  serverSession(timeoutMinutes: number | null): ServerSession {
    this.#serverSession ??= this.pool.acquire(timeoutMinutes);
    return this.#serverSession;
  }

  /** @throws MongoExpiredSessionError if it has ended; MongoClientClosedError if the close of its client is why */
  mustBeUsable(): void {
    if (this.clientClosed) throw new MongoClientClosedError();
    if (this.hasEnded) throw new MongoExpiredSessionError();
  }

  /** Without taking one. */
  get takenServerSession(): ServerSession | null {
    return this.#serverSession;
  }

  /** Takes what a reply says of time and of the transaction. */
  learn(body: RawDocument): void {
    this.clusterClock.learn(body);
    const operationTime = timestampIn(body, 'operationTime');
    if (operationTime !== undefined) this.advanceOperationTime(operationTime);
    if (this.settings.snapshot && this.snapshotTime === undefined) {
      this.snapshotTime = timestampIn(body.document('cursor') ?? body, 'atClusterTime');
    }
    const token = this.transaction.isActive ? body.typedOffset('recoveryToken', ElementType.document) : -1;
    if (token >= 0) this.transaction.recoveryToken = decodeDocument(body.bytes, token);
  }

  advanceOperationTime(time: Timestamp): void {
    if (this.operationTime === undefined || time.greaterThan(this.operationTime)) this.operationTime = time;
  }

  /** Lets the transaction's server go, and its connection back to the pool. */
  unpin(): void {
    const { pin } = this;
    this.pin = null;
    if (pin !== null && pin.connection !== null) pin.server.pool.checkIn(pin.connection);
  }

  /** Gives back what it has taken. */
  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.unpin();
    if (this.#serverSession !== null) this.pool.release(this.#serverSession);
  }
}

function timestampIn(document: RawDocument, name: string): Timestamp | undefined {
  const value = document.typedOffset(name, ElementType.timestamp);
  return value < 0 ? undefined : new Timestamp(document.bytes.readBigUInt64LE(value));
}
