import type { Document, Timestamp } from '../bson/index.js';
import { isGiven, ownOptions } from '../concern/given.js';
import { ReadConcern, type ReadConcernLike, readConcernDocument } from '../concern/read_concern.js';
import { ReadPreference, type ReadPreferenceLike } from '../concern/read_preference.js';
import { isUnacknowledged, WriteConcern, type WriteConcernSettings } from '../concern/write_concern.js';
import { MongoTransactionError } from '../errors/driver.js';

/** What a transaction may set over its session's defaults, and those over the client's. @public */
export interface TransactionOptions {
  readConcern?: ReadConcernLike;
  writeConcern?: WriteConcern | WriteConcernSettings;
  readPreference?: ReadPreferenceLike;
  /** Milliseconds that the server may take for the commit. Without effect where `timeoutMS` is in use. */
  maxCommitTimeMS?: number;
  /**
   * Milliseconds for the whole transaction, from its start to its commit: its operations share them. Default: each operation has its own time. In
   * `withTransaction`: for all attempts.
   */
  timeoutMS?: number;
}

/** What is in effect for a transaction. */
export interface TransactionSettings {
  readonly readConcern: ReadConcern | undefined;
  readonly writeConcern: WriteConcern | undefined;
  readonly readPreference: ReadPreference;
  readonly maxCommitTimeMS: number | undefined;
}

/**
 * `committed` and `aborted` last until the session is used for something else; `empty` says that nothing was sent, so that nothing has to be
 * for the end either.
 */
export type TransactionState = 'none' | 'starting' | 'in progress' | 'committed' | 'committed, empty' | 'aborted';

/**
 * The transaction of a session: a state and what belongs to it. Nothing here waits or sends.
 *
 * Source: Transactions, "ClientSession changes" and "Transaction State".
 */
export class Transaction {
  #state: TransactionState = 'none';
  #settings: TransactionSettings;
  /** By which another mongos can find out what became of a commit. */
  recoveryToken: Document | undefined;
  /** A commit was tried before: what follows has to ask for a majority. */
  commitTried = false;
  /** What the last command has changed: undone if the server refuses it unread. */
  #began = false;
  #triedBefore = false;

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

  /** @throws MongoTransactionError if there is one already, or it would not know whether it was committed */
  start(settings: TransactionSettings): void {
    if (this.isActive) throw new MongoTransactionError('Transaction already in progress');
    if (isUnacknowledged(settings.writeConcern)) {
      throw new MongoTransactionError('Transactions do not support unacknowledged write concern');
    }
    this.#settings = settings;
    this.#state = 'starting';
    this.recoveryToken = undefined;
    this.commitTried = false;
  }

  /** Its first command, or another one, goes out now. */
  sent(): void {
    this.#began = this.#state === 'starting';
    if (this.#began) this.#state = 'in progress';
  }

  /** A commit goes out now. */
  commitSent(): void {
    this.#triedBefore = this.commitTried;
    this.commitTried = true;
  }

  /** What went out last was refused before anything was done (Client Backpressure, "Interaction with transactions"). */
  refused(): void {
    if (this.#began && this.#state === 'in progress') this.#state = 'starting';
    if (this.#state === 'committed') this.commitTried = this.#triedBefore;
  }

  /**
   * Whether the commit has to be sent, or nothing was that could be committed.
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
        // A user who does not know what became of a commit may ask again.
        this.commitTried ||= this.#state === 'committed';
        this.#state = 'committed';
        return true;
    }
  }

  /**
   * Whether the abort has to be sent.
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
        return toSend;
      }
    }
  }

  /** The session is used for something that is not part of it. */
  forget(): void {
    this.#state = 'none';
    this.recoveryToken = undefined;
  }

  /** The read concern of its first command. */
  readConcernDocument(afterClusterTime: Timestamp | undefined): Document | undefined {
    const document = readConcernDocument(this.#settings.readConcern);
    return afterClusterTime === undefined ? document : { ...document, afterClusterTime };
  }
}

/** Transactions, "TransactionOptions": those of the call over the session's defaults over the client's; a database's do not count. */
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
