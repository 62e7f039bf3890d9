import { type Binary, Long } from 'bson';
import { compareNumbers, isNumber } from '../bson/numbers.js';
import { type Document, isDocument, typeOf } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type Clock } from '../runtime/clock.js';

const timeoutMS = 30 * 60_000;
/** Expired sessions are looked for when there are this many more than last time. */
const sweepEvery = 10_000;

interface SessionRecord {
  lastUse: number;
  txnNumber: unknown;
  /** The reply to the retryable write of that number. */
  reply: Document | undefined;
}

/** What the deployment remembers of its sessions; all nodes share it, as replication would. Transactions will live here. */
export class SessionTable {
  readonly #clock: Clock;
  readonly #sessions = new Map<string, SessionRecord>();
  #sweepAt = sweepEvery;

  constructor(clock: Clock) {
    this.#clock = clock;
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
    return order === 0 ? record.reply : undefined;
  }

  remember(session: string, txnNumber: unknown, reply: Document): void {
    this.#sessions.set(session, { lastUse: this.#clock.now(), txnNumber, reply });
    if (this.#sessions.size >= this.#sweepAt) this.#sweep();
  }

  end(session: string): void {
    this.#sessions.delete(session);
  }

  clear(): void {
    this.#sessions.clear();
  }

  #sweep(): void {
    const oldest = this.#clock.now() - timeoutMS;
    for (const [session, { lastUse }] of this.#sessions) if (lastUse < oldest) this.#sessions.delete(session);
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
