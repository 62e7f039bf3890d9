import { Binary, Long } from 'bson';
import { compareNumbers, isNumber, numberText } from '../bson/numbers.js';
import { type Document, isDocument, typeOf } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type Clock } from '../runtime/clock.js';
import { type TransactionIdentity } from './oplog.js';
import { type Transaction } from './transaction.js';

const timeoutMS = 30 * 60_000;
/** Expired sessions are looked for when there are this many more than last time. */
const sweepEvery = 10_000;

interface SessionRecord {
  lastUse: number;
  txnNumber: unknown;
  /** The reply to the retryable write of that number. */
  reply: Document | undefined;
  /** The transaction of that number, if it is one. */
  transaction: Transaction | undefined;
}

/** What the deployment remembers of its sessions; all nodes share it, as replication would. */
export class SessionTable {
  readonly #clock: Clock;
  readonly #begin: (identity: TransactionIdentity) => Transaction;
  readonly #sessions = new Map<string, SessionRecord>();
  #term = 0;
  #sweepAt = sweepEvery;

  constructor(clock: Clock, begin: (identity: TransactionIdentity) => Transaction) {
    this.#clock = clock;
    this.#begin = begin;
  }

  /** A primary that steps down takes its open transactions with it. */
  enterTerm(term: number): void {
    if (term === this.#term) return;
    this.#term = term;
    this.abortTransactions();
  }

  /** The transaction that a command with `autocommit: false` belongs to. */
  findTransaction(session: string, txnNumber: unknown, starts: boolean): Transaction {
    const record = this.#sessions.get(session);
    const order = record === undefined ? 1 : compareNumbers(txnNumber, record.txnNumber);
    const [asked, active] = [numberText(txnNumber), record === undefined ? '-1' : numberText(record.txnNumber)];
    if (order < 0) {
      throw new CommandError(
        ErrorCode.TransactionTooOld,
        `Cannot start transaction with { txnNumber: ${asked} } on session ${session} because a newer transaction with txnNumber ${active} has already started on this session.`,
      );
    }
    if (order === 0 && starts) {
      throw new CommandError(
        50911,
        `Only servers in a sharded cluster can start a new transaction at the active transaction number. Transaction ${asked} of session ${session} has been started already`,
      );
    }
    if (starts) return this.#start(session, txnNumber, record);
    if (order === 0 && record?.transaction !== undefined) return record.transaction;
    throw new CommandError(
      ErrorCode.NoSuchTransaction,
      `Given transaction number ${asked} does not match any in-progress transactions. The active transaction number is ${active}`,
    );
  }

  #start(session: string, txnNumber: unknown, record: SessionRecord | undefined): Transaction {
    record?.transaction?.abort();
    const transaction = this.#begin({
      lsid: { id: new Binary(Buffer.from(session, 'hex'), Binary.SUBTYPE_UUID) },
      txnNumber: Long.fromString(numberText(txnNumber)),
    });
    this.#put(session, { lastUse: this.#clock.now(), txnNumber, reply: undefined, transaction });
    return transaction;
  }

  /** Aborts what is open, in one session or in all. */
  abortTransactions(session?: string): void {
    const records = session === undefined ? this.#sessions.values() : [this.#sessions.get(session)];
    for (const record of records) record?.transaction?.abort();
  }

  /** The reply to this write if it was executed before. A number older than the latest is an error. */
  findReply(session: string, txnNumber: unknown): Document | undefined {
    const record = this.#sessions.get(session);
    if (record === undefined) return undefined;
    const order = compareNumbers(txnNumber, record.txnNumber);
    if (order < 0) {
      throw new CommandError(
        ErrorCode.TransactionTooOld,
        `Retryable write with txnNumber ${String(txnNumber)} is prohibited on session ${session} because a newer retryable write with txnNumber ${String(record.txnNumber)} has already started on this session.`,
      );
    }
    if (order === 0 && record.transaction !== undefined) {
      throw new CommandError(
        ErrorCode.IncompleteTransactionHistory,
        `Transaction number ${numberText(txnNumber)} of session ${session} is that of a multi-document transaction, not of a retryable write`,
      );
    }
    // A newer number ends whatever was open under the older one.
    if (order > 0) record.transaction?.abort();
    return order === 0 ? record.reply : undefined;
  }

  remember(session: string, txnNumber: unknown, reply: Document): void {
    this.#put(session, { lastUse: this.#clock.now(), txnNumber, reply, transaction: undefined });
  }

  #put(session: string, record: SessionRecord): void {
    this.#sessions.set(session, record);
    if (this.#sessions.size >= this.#sweepAt) this.#sweep();
  }

  /** The ids of all sessions that it remembers. */
  ids(): Binary[] {
    return [...this.#sessions.keys()].map(key => new Binary(Buffer.from(key, 'hex'), Binary.SUBTYPE_UUID));
  }

  /** As if there had never been any. */
  clear(): void {
    this.abortTransactions();
    this.#sessions.clear();
  }

  end(session: string): void {
    this.abortTransactions(session);
    this.#sessions.delete(session);
  }

  #sweep(): void {
    const oldest = this.#clock.now() - timeoutMS;
    for (const [session, { lastUse }] of this.#sessions) if (lastUse < oldest) this.end(session);
    this.#sweepAt = this.#sessions.size + sweepEvery;
  }
}

/** The key of a session: the UUID in lsid, as hexadecimal digits. */
export function sessionKey(lsid: unknown): string {
  const id = isDocument(lsid) ? lsid['id'] : undefined;
  if (typeOf(id) !== 'binData') {
    throw new CommandError(
      ErrorCode.TypeMismatch,
      `BSON field 'OperationSessionInfo.lsid.id' is the wrong type '${typeOf(id)}', expected type 'binData'`,
    );
  }
  const binary = id as Binary;
  return Buffer.from(binary.buffer.subarray(0, binary.position)).toString('hex');
}

export function checkTxnNumber(txnNumber: unknown): void {
  if (!isNumber(txnNumber) || compareNumbers(txnNumber, Long.ZERO) < 0) {
    throw new CommandError(ErrorCode.InvalidOptions, 'Transaction number cannot be negative');
  }
}
