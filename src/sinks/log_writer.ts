import { isThenable } from './listener_guard.js';
import { openDestination } from './log_destination.js';
import { type Log, type MongoDBLogWritable, MongoLoggableComponent, SeverityLevel } from './log_options.js';
import type { LogSettings } from './log_settings.js';

/** Records that wait for a slow destination. */
const MOST_WAITING = 1000;

/**
 * Writes log records to their destination, one after the other. Never throws.
 *
 * A destination that fails ends the log: a note on stderr says so, and nothing more is written. A destination that is slower than the log
 * loses records: {@link MOST_WAITING} wait, the others are counted.
 */
export class LogWriter {
  #destination: MongoDBLogWritable;
  readonly #isStderr: boolean;
  readonly #now: () => Date;
  readonly #onHalted: () => void;
  #isHalted = false;
  /** The destination has a promise that is not settled. */
  #isBusy = false;
  #waiting: Log[] = [];
  #dropped = 0;

  /** @param onHalted - called once, when the destination has failed */
  constructor(destination: LogSettings['destination'], now: () => Date, onHalted: () => void) {
    this.#destination = openDestination(destination);
    this.#isStderr = destination === 'stderr';
    this.#now = now;
    this.#onHalted = onHalted;
  }

  write(record: Log): void {
    if (this.#isHalted) return;
    if (!this.#isBusy) {
      this.#send(record);
    } else if (this.#waiting.length < MOST_WAITING) {
      if (this.#dropped > 0) this.#waiting.push(this.#droppedNote());
      this.#waiting.push(record);
    } else {
      this.#dropped++;
    }
  }

  #send(record: Log): void {
    try {
      const result = this.#destination.write(record);
      if (!isThenable(result)) return;
      this.#isBusy = true;
      Promise.resolve(result).then(
        () => this.#onWritten(),
        (error: unknown) => this.#halt(error),
      );
    } catch (error) {
      this.#halt(error);
    }
  }

  #onWritten(): void {
    this.#isBusy = false;
    for (let next = this.#nextWaiting(); next !== null; next = this.#nextWaiting()) this.#send(next);
  }

  /** The next record that can be sent now; null if there is none. */
  #nextWaiting(): Log | null {
    if (this.#isBusy || this.#isHalted) return null;
    return this.#waiting.shift() ?? (this.#dropped > 0 ? this.#droppedNote() : null);
  }

  #droppedNote(): Log {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return this.#note(SeverityLevel.WARNING, 'Log records were dropped: their destination is slower than the log', {
      dropped,
    });
  }

  #halt(error: unknown): void {
    if (this.#isHalted) return;
    this.#isBusy = false;
    this.#waiting = [];
    if (!this.#isStderr) {
      // The words of the official driver.
      const message = 'User input for mongodbLogPath is now invalid. Logging is halted.';
      this.#noteOnStderr(this.#note(SeverityLevel.ERROR, message, { error: textOfThrown(error) }));
    }
    this.#isHalted = true;
    this.#onHalted();
  }

  #noteOnStderr(note: Log): void {
    try {
      void openDestination('stderr').write(note);
    } catch {
      // There is no other place to say it.
    }
  }

  #note(severity: SeverityLevel, message: string, fields: object): Log {
    return { t: this.#now(), c: MongoLoggableComponent.CLIENT, s: severity, message, ...fields };
  }
}

/** Even to look at a thrown value may throw. */
function textOfThrown(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'a value that cannot be shown';
  }
}
