import { type Document } from '../bson/types.js';
import { type ConnectionState } from '../connection/connection_state.js';
import { CloseConnection } from '../errors/close_connection.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type TimerGroup } from '../runtime/clock.js';
import { type Interruptible, workFor } from '../runtime/interruption.js';
import { Signal } from '../runtime/signal.js';
import { waitForAny } from '../runtime/wait.js';

/** What is known of a command that runs. */
export interface OperationFacts {
  readonly id: number;
  readonly connection: ConnectionState;
  readonly name: string;
  readonly database: string;
  readonly body: Document;
  /** No limit when it is 0. */
  readonly maxTimeMS: number;
  /** Whether the command is not needed any more once its client has gone: a write goes on. */
  readonly endsWithClient: boolean;
}

/**
 * A command that runs: until when it may, and what else ends it before its end.
 *
 *   maxTimeMS is over → MaxTimeMSExpired;  killOp → Interrupted;  the client has gone → no answer
 */
export class Operation implements Interruptible {
  readonly facts: OperationFacts;
  readonly startedAt: number;
  readonly #timers: TimerGroup;
  /** When maxTimeMS is over; infinite without one. */
  #limit: number;
  readonly #killed = new Signal();
  #isKilled = false;
  #documentsExamined = 0;
  /** How long JavaScript of the client has slept and has not been waited for yet. */
  #sleepMS = 0;
  isWaitingForLock = false;
  /** Set by a fail point: it is done, but not answered. */
  losesReply = false;

  constructor(facts: OperationFacts, timers: TimerGroup) {
    const { maxTimeMS } = facts;
    this.facts = facts;
    this.#timers = timers;
    this.startedAt = timers.now();
    this.#limit = maxTimeMS > 0 ? this.startedAt + maxTimeMS : Number.POSITIVE_INFINITY;
  }

  get runningMS(): number {
    return this.#timers.now() - this.startedAt;
  }

  /** What is left of its time; undefined: no limit. */
  get leftMS(): number | undefined {
    return this.#limit === Number.POSITIVE_INFINITY ? undefined : Math.max(this.#limit - this.#timers.now(), 0);
  }

  /** Gives it less time than its command says. */
  limitTo(durationMS: number): void {
    this.#limit = Math.min(this.#limit, this.#timers.now() + durationMS);
  }

  get isKilled(): boolean {
    return this.#isKilled;
  }

  kill(): void {
    this.#isKilled = true;
    this.#killed.emit();
  }

  /** How many documents it has looked at so far. */
  get documentsExamined(): number {
    return this.#documentsExamined;
  }

  examineDocument(): void {
    this.#documentsExamined++;
    this.#checkForInterrupt();
  }

  #checkForInterrupt(): void {
    this.#checkKilled();
    if (this.#limit !== Number.POSITIVE_INFINITY && this.#timers.now() + this.#sleepMS >= this.#limit) throw expired();
  }

  #checkKilled(): void {
    if (this.#isKilled) throw new CommandError(ErrorCode.Interrupted, 'operation was interrupted');
  }

  addSleep(durationMS: number): void {
    this.#sleepMS += durationMS;
    this.#checkForInterrupt();
  }

  /** Does work that may be ended between two documents; when JavaScript slept in it, the outcome comes so much later. */
  work(run: () => Document | Promise<Document>): Document | Promise<Document> {
    try {
      const result = workFor(this, run);
      return this.#sleepMS === 0 ? result : this.#sleepOff().then(async () => result);
    } catch (error) {
      if (!(error instanceof CommandError) || error.code !== ErrorCode.MaxTimeMSExpired) throw error;
      return this.#sleepOff().then(() => {
        throw error;
      });
    }
  }

  async #sleepOff(): Promise<void> {
    const durationMS = this.#sleepMS;
    this.#sleepMS = 0;
    await this.sleep(durationMS);
  }

  /** Waits so long. @throws CommandError or CloseConnection when something ends the command before. */
  async sleep(durationMS: number): Promise<void> {
    await this.wait(durationMS, []);
  }

  /**
   * Waits until a signal comes or the time has passed, which is infinite when it is left out.
   *
   * @throws CommandError or CloseConnection when something ends the command before.
   */
  async wait(durationMS: number | undefined, signals: readonly Signal[]): Promise<void> {
    this.#checkKilled();
    const { connection, endsWithClient } = this.facts;
    const leftMS = this.leftMS ?? Number.POSITIVE_INFINITY;
    const isLimited = leftMS < (durationMS ?? Number.POSITIVE_INFINITY);
    const enders = endsWithClient ? [this.#killed, connection.closing] : [this.#killed];
    const outcome = await waitForAny(this.#timers, isLimited ? leftMS : durationMS, [...signals, ...enders]);
    if (endsWithClient && connection.isClosed) throw new CloseConnection('the client has gone');
    this.#checkKilled();
    if (isLimited && outcome === 'passed') throw expired();
  }

  /** Waits until an open transaction has ended. */
  async waitForLock(released: Signal): Promise<void> {
    this.isWaitingForLock = true;
    await this.wait(undefined, [released]);
    this.isWaitingForLock = false;
  }
}

function expired(): CommandError {
  return new CommandError(ErrorCode.MaxTimeMSExpired, 'operation exceeded time limit');
}
