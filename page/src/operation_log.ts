import type { OperationFailedEvent, OperationSucceededEvent } from 'mongotempo';
import { shownError } from './shown_error.js';
import type { ShownEvent } from './shown_event.js';

/** One stretch of an operation's time. */
interface ShownStage {
  readonly stage: string;
  readonly durationMS: number;
}

/** An operation with its stages, for a waterfall. */
export interface ShownOperation {
  readonly operationId: number;
  readonly name: string;
  readonly namespace: string;
  /** When it ended, in milliseconds since 1970. */
  readonly time: number;
  readonly durationMS: number;
  readonly stages: readonly ShownStage[];
  readonly attempts: readonly {
    readonly host: string | null;
    readonly durationMS: number;
    readonly error: string | null;
  }[];
  /** Why it failed; null if it succeeded. */
  readonly failure: string | null;
  /** Its events, as far as they are kept: none from a time in which the page was not open. */
  readonly events: readonly ShownEvent[];
}

/** The events that are kept of an operation. */
type EventsOf = (operationId: number) => readonly ShownEvent[];

type Ended = OperationSucceededEvent | OperationFailedEvent;

const MOST_SLOWEST = 10;
const MOST_FAILED = 10;
/** Stretches that are shown; the rest becomes the last one's neighbour in the numbers of attempts. */
const MOST_STAGES = 48;
/** For how long a slow operation is remembered: otherwise the slowest of the first minute would be shown for ever. */
const REMEMBERED_MS = 300_000;

/** The slowest operations of the last five minutes, and the ones that failed last. */
export class OperationLog {
  #slowest: ShownOperation[] = [];
  readonly #failed: ShownOperation[] = [];

  /** The slowest first. */
  slowest(now: number): readonly ShownOperation[] {
    this.#slowest = this.#slowest.filter(({ time }) => now - time < REMEMBERED_MS);
    return this.#slowest;
  }

  /** The last first. */
  get failed(): readonly ShownOperation[] {
    return this.#failed;
  }

  ended(event: Ended, eventsOf: EventsOf): void {
    const isFailed = event.name === 'operationFailed';
    const isSlow = this.#isSlow(event);
    if (!isFailed && !isSlow) return;
    const operation = shownOperation(event, eventsOf);
    if (isFailed) {
      this.#failed.unshift(operation);
      if (this.#failed.length > MOST_FAILED) this.#failed.pop();
    }
    if (!isSlow) return;
    this.#slowest = this.slowest(operation.time)
      .concat(operation)
      .sort((first, second) => second.durationMS - first.durationMS)
      .slice(0, MOST_SLOWEST);
  }

  #isSlow({ durationMS, time }: Ended): boolean {
    const least = this.#slowest[MOST_SLOWEST - 1];
    if (least === undefined || durationMS > least.durationMS) return true;
    return this.slowest(time.getTime()).length < MOST_SLOWEST;
  }
}

function shownOperation(event: Ended, eventsOf: EventsOf): ShownOperation {
  const { operationId, operationName, namespace, time, durationMS, timings, attempts } = event;
  return {
    operationId,
    name: operationName,
    namespace,
    time: time.getTime(),
    durationMS,
    stages: timings.slice(0, MOST_STAGES).map(({ stage, durationMS }) => ({ stage, durationMS })),
    attempts: attempts.map(({ host, durationMS, error }) => ({
      host: host ?? null,
      durationMS,
      error: error === undefined ? null : shownError(error),
    })),
    failure: event.name === 'operationFailed' ? shownError(event.failure) : null,
    events: eventsOf(operationId),
  };
}
