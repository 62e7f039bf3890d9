import type { Document, Timestamp } from '../bson/index.js';
import { ReadConcern, type ReadConcernLike, readConcernDocument } from '../concern/read_concern.js';
import { ReadPreference, type ReadPreferenceLike } from '../concern/read_preference.js';
import { isUnacknowledged, WriteConcern, type WriteConcernSettings } from '../concern/write_concern.js';
import { MongoTransactionError } from '../errors/driver.js';
import { isGiven, ownOptions } from '../runtime/own_options.js';

/** Options of a transaction. They override the defaults of the session, which override those of the client. @public */
export interface TransactionOptions {
  readConcern?: ReadConcernLike;
  writeConcern?: WriteConcern | WriteConcernSettings;
  readPreference?: ReadPreferenceLike;
  /** Milliseconds that the server may take for the commit. Without effect if `timeoutMS` is in use. */
  maxCommitTimeMS?: number;
  /**
   * Milliseconds for the whole transaction, from its start to its commit: its operations share them. Default: each operation has its own time. In
   * `withTransaction`: for all attempts.
   */
  timeoutMS?: number;
}

/** The options in effect for a transaction. */
export interface TransactionSettings {
  readonly readConcern: ReadConcern | undefined;
  readonly writeConcern: WriteConcern | undefined;
  readonly readPreference: ReadPreference;
  readonly maxCommitTimeMS: number | undefined;
}

/**
 * `committed` and `aborted` last until the next operation or transaction of the session. `committed, empty`: the transaction sent no command,
 * so that the commit sends none.
 */
export type TransactionState = 'none' | 'starting' | 'in progress' | 'committed' | 'committed, empty' | 'aborted';

/**
 * The transaction of a session: its state and the values that belong to it. Nothing here waits or sends.
 *
 * Source: Transactions, "ClientSession changes" and "Transaction State".
 */
export class Transaction {
  #state: TransactionState = 'none';
  /** How many transactions the session has started. */
  number = 0;
  #settings: TransactionSettings;
  /** The token with which another mongos can find out the result of a commit. */
  recoveryToken: Document | undefined;
  /** A commit was sent before. The next commit must ask for a majority. */
  commitTried = false;
  /** The transaction is aborted, and the server has not been told yet. */
  abortIsUnsent = false;
  /** Whether the last command started the transaction. {@link Transaction.refused} takes it back. */
  #began = false;
  /** `commitTried` before the last commit, for the same purpose. */
  #triedBefore = false;
  /** Withdraws an abort that no caller waits for. Null without one. */
  #background: AbortController | null = null;

  constructor(settings: TransactionSettings) {
    this.#settings = settings;
  }

  get state(): TransactionState {
    return this.#state;
  }

  get settings(): TransactionSettings {
    return this.#settings;
  }

  /** Whether commands of the session are part of a transaction. */
  get isActive(): boolean {
    return this.#state === 'starting' || this.#state === 'in progress';
  }

  /** @throws MongoTransactionError in a transaction, or if the write concern is unacknowledged, because the result of the commit would be unknown */
  start(settings: TransactionSettings): void {
    if (this.isActive) throw new MongoTransactionError('Transaction already in progress');
    if (isUnacknowledged(settings.writeConcern)) {
      throw new MongoTransactionError('Transactions do not support unacknowledged write concern');
    }
    this.endBackgroundAbort();
    this.#settings = settings;
    this.#state = 'starting';
    this.number++;
    this.recoveryToken = undefined;
    this.commitTried = false;
    this.abortIsUnsent = false;
  }

  /** A command of the transaction is about to be sent. */
  sent(): void {
    this.#began = this.#state === 'starting';
    if (this.#began) this.#state = 'in progress';
  }

  /** A commit is about to be sent. */
  commitSent(): void {
    this.#triedBefore = this.commitTried;
    this.commitTried = true;
  }

  /** An abort is about to be sent. */
  abortSent(): void {
    this.abortIsUnsent = false;
  }

  /** The server refused the last command before it did anything (Client Backpressure, "Interaction with transactions"). */
  refused(): void {
    if (this.#began && this.#state === 'in progress') this.#state = 'starting';
    if (this.#state === 'committed') this.commitTried = this.#triedBefore;
  }

  /**
   * Commits. Returns whether `commitTransaction` must be sent: not if the transaction has sent no command.
   *
   * @throws MongoTransactionError if there is nothing to commit
   */
  commit(): boolean {
    switch (this.#state) {
      case 'none':
        throw new MongoTransactionError('No transaction started');
      case 'aborted':
        throw new MongoTransactionError('Cannot call commitTransaction after calling abortTransaction');
      case 'starting':
      case 'committed, empty':
        this.#state = 'committed, empty';
        return false;
      default:
        // A caller that does not know the result of a commit may repeat it.
        this.commitTried ||= this.#state === 'committed';
        this.#state = 'committed';
        return true;
    }
  }

  /**
   * Aborts. Returns whether `abortTransaction` must be sent: not if the transaction has sent no command.
   *
   * @throws MongoTransactionError if there is nothing to abort
   */
  abort(): boolean {
    switch (this.#state) {
      case 'none':
        throw new MongoTransactionError('No transaction started');
      case 'aborted':
        throw new MongoTransactionError('Cannot call abortTransaction twice');
      case 'committed':
      case 'committed, empty':
        throw new MongoTransactionError('Cannot call abortTransaction after calling commitTransaction');
      default: {
        const toSend = this.#state === 'in progress';
        this.#state = 'aborted';
        this.abortIsUnsent = toSend;
        return toSend;
      }
    }
  }

  /** The session runs an operation outside of the transaction. */
  forget(): void {
    this.endBackgroundAbort();
    this.#state = 'none';
    this.recoveryToken = undefined;
    this.abortIsUnsent = false;
  }

  /**
   * The signal for an abort that no caller waits for. It aborts when the session is used for something else, or ends: if the command were sent
   * after that, it would carry the number of another transaction.
   */
  backgroundSignal(): AbortSignal {
    this.#background = new AbortController();
    return this.#background.signal;
  }

  /** Withdraws an abort that no caller waits for. */
  endBackgroundAbort(): void {
    this.#background?.abort();
    this.#background = null;
  }

  /** The read concern of the first command. */
  readConcernDocument(afterClusterTime: Timestamp | undefined): Document | undefined {
    const document = readConcernDocument(this.#settings.readConcern);
    return afterClusterTime === undefined ? document : { ...document, afterClusterTime };
  }
}

/** The options of the call over the defaults. Those of databases and collections do not count (Transactions, "TransactionOptions"). */
export function transactionSettings(
  options: TransactionOptions | undefined,
  defaults: TransactionSettings,
): TransactionSettings {
  if (!isGiven(options)) return defaults;
  const { readConcern, writeConcern, readPreference, maxCommitTimeMS } = ownOptions(options);
  return {
    readConcern: isGiven(readConcern) ? ReadConcern.fromOptions({ readConcern }) : defaults.readConcern,
    writeConcern: isGiven(writeConcern) ? WriteConcern.fromOptions({ writeConcern }) : defaults.writeConcern,
    readPreference:
      (isGiven(readPreference) ? ReadPreference.fromOptions({ readPreference }) : undefined) ?? defaults.readPreference,
    maxCommitTimeMS: maxCommitTimeMS ?? defaults.maxCommitTimeMS,
  };
}
