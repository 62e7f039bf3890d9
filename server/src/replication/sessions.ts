import { Binary, Long } from 'bson';
import { compareNumbers, isNumber, numberText } from '../bson/numbers.js';
import { isDocument, typeOf } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type Clock } from '../runtime/clock.js';
import { type TransactionIdentity } from './oplog.js';
import { StatementHistory } from './statement_history.js';
import { type Transaction } from './transaction.js';

export const sessionTimeoutMS = 30 * 60_000;
/** How often sessions that have expired are looked for. */
const sweepEveryMS = 60_000;

interface SessionRecord {
  lastUse: number;
  /** What was begun last; undefined: only reads were. */
  active: ActiveNumber | undefined;
}

/** A transaction number, and what it stands for: a transaction, or a retryable write with what came of its statements. */
interface ActiveNumber {
  readonly txnNumber: unknown;
  readonly transaction: Transaction | undefined;
  readonly history: StatementHistory;
}

/** What the deployment remembers of its sessions; all nodes share it, as replication would. */
export class SessionTable {
  readonly #clock: Clock;
  readonly #begin: (identity: TransactionIdentity) => Transaction;
  readonly #onEnd: (session: string) => void;
  readonly #sessions = new Map<string, SessionRecord>();
  #term = 0;
  #sweepAt: number;

  /** @param options - `onEnd` is told of each session that has ended or expired. */
  constructor(
    clock: Clock,
    options: { begin: (identity: TransactionIdentity) => Transaction; onEnd: (session: string) => void },
  ) {
    this.#clock = clock;
    this.#begin = options.begin;
    this.#onEnd = options.onEnd;
    this.#sweepAt = clock.now() + sweepEveryMS;
  }

  /** Ends what has not been used for too long; to be called now and then, for instance before each command. */
  endExpired(): void {
    const now = this.#clock.now();
    if (now < this.#sweepAt) return;
    this.#sweepAt = now + sweepEveryMS;
    for (const [session, { lastUse }] of this.#sessions) if (now - lastUse >= sessionTimeoutMS) this.end(session);
  }

  /** A command names the session: it lives on. */
  use(session: string): void {
    this.#recordOf(session);
  }

  /** A primary that steps down takes its open transactions with it. */
  enterTerm(term: number): void {
    if (term === this.#term) return;
    this.#term = term;
    this.abortTransactions();
  }

  /** The transaction that a command with `autocommit: false` belongs to. */
  findTransaction(session: string, txnNumber: unknown, starts: boolean): Transaction {
    const record = this.#recordOf(session);
    const { active } = record;
    const order = active === undefined ? 1 : compareNumbers(txnNumber, active.txnNumber);
    const [asked, current] = [numberText(txnNumber), active === undefined ? '-1' : numberText(active.txnNumber)];
    if (order < 0) {
      throw new CommandError(
        ErrorCode.TransactionTooOld,
        `Cannot start transaction with { txnNumber: ${asked} } on session ${session} because a newer transaction with txnNumber ${current} has already started on this session.`,
      );
    }
    if (order === 0 && starts) {
      throw new CommandError(
        50911,
        `Only servers in a sharded cluster can start a new transaction at the active transaction number. Transaction ${asked} of session ${session} has been started already`,
      );
    }
    if (starts) return this.#start(session, txnNumber, record);
    if (order === 0 && active?.transaction !== undefined) return active.transaction;
    throw new CommandError(
      ErrorCode.NoSuchTransaction,
      `Given transaction number ${asked} does not match any in-progress transactions. The active transaction number is ${current}`,
    );
  }

  #start(session: string, txnNumber: unknown, record: SessionRecord): Transaction {
    record.active?.transaction?.abort();
    const transaction = this.#begin({
      lsid: { id: new Binary(Buffer.from(session, 'hex'), Binary.SUBTYPE_UUID) },
      txnNumber: Long.fromString(numberText(txnNumber)),
    });
    record.active = { txnNumber, transaction, history: new StatementHistory() };
    return transaction;
  }

  /** Aborts what is open, in one session or in all. */
  abortTransactions(session?: string): void {
    const records = session === undefined ? this.#sessions.values() : [this.#sessions.get(session)];
    for (const record of records) record?.active?.transaction?.abort();
  }

  /** What was executed of this write before. @throws CommandError when the number is older than the latest, or a transaction's. */
  historyOf(session: string, txnNumber: unknown): StatementHistory {
    const record = this.#recordOf(session);
    const { active } = record;
    const order = active === undefined ? 1 : compareNumbers(txnNumber, active.txnNumber);
    if (order < 0) {
      throw new CommandError(
        ErrorCode.TransactionTooOld,
        `Retryable write with txnNumber ${numberText(txnNumber)} is prohibited on session ${session} because a newer retryable write with txnNumber ${numberText(active?.txnNumber)} has already started on this session.`,
      );
    }
    if (order === 0 && active?.transaction !== undefined) {
      throw new CommandError(
        ErrorCode.IncompleteTransactionHistory,
        `Transaction number ${numberText(txnNumber)} of session ${session} is that of a multi-document transaction, not of a retryable write`,
      );
    }
    if (order === 0 && active !== undefined) return active.history;
    // A newer number ends whatever was open under the older one.
    active?.transaction?.abort();
    const history = new StatementHistory();
    record.active = { txnNumber, transaction: undefined, history };
    return history;
  }

  #recordOf(session: string): SessionRecord {
    const now = this.#clock.now();
    const known = this.#sessions.get(session);
    if (known !== undefined) {
      known.lastUse = now;
      return known;
    }
    const record: SessionRecord = { lastUse: now, active: undefined };
    this.#sessions.set(session, record);
    return record;
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
    this.#onEnd(session);
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
