/** An operation and a bare timer of the same length, started in the same turn of the event loop. Milliseconds. */
export interface Pair {
  readonly timeoutMS: number;
  /** From the start to the callback of the timer. */
  readonly timerMS: number;
  /** From the start to the end of the operation; null if it did not end. */
  readonly operationMS: number | null;
  /** The name of the error, or `resolved`. */
  readonly outcome: string;
  /** What the operation waited for, if its error says so. */
  readonly waitedFor: string;
}

/** An operation that lasts so much longer than its timer is given up. */
const PATIENCE_MS = 1_000;

/** The timer is started first: it must not wait for what the operation does before its first wait. */
export async function measurePair(timeoutMS: number, run: () => Promise<unknown>): Promise<Pair> {
  const startedAt = performance.now();
  const timer = new Promise<number>(resolve => {
    setTimeout(() => resolve(performance.now() - startedAt), timeoutMS);
  });
  const operation = outcomeOf(startedAt, run);
  const timerMS = await timer;
  const patience = new Patience();
  const ended = await Promise.race([operation, patience.promise]);
  patience.end();
  return { timeoutMS, timerMS, ...ended };
}

type Ending = Omit<Pair, 'timeoutMS' | 'timerMS'>;

async function outcomeOf(startedAt: number, run: () => Promise<unknown>): Promise<Ending> {
  try {
    await run();
    return { operationMS: performance.now() - startedAt, outcome: 'resolved', waitedFor: '' };
  } catch (error) {
    const operationMS = performance.now() - startedAt;
    const { phase } = error as { phase?: string };
    return { operationMS, outcome: error instanceof Error ? error.name : typeof error, waitedFor: phase ?? '' };
  }
}

/** Gives an operation up if it does not end. */
class Patience {
  readonly promise: Promise<Ending>;
  #timer!: NodeJS.Timeout;

  constructor() {
    this.promise = new Promise(resolve => {
      const gaveUp: Ending = { operationMS: null, outcome: 'did not end', waitedFor: '' };
      this.#timer = setTimeout(() => resolve(gaveUp), PATIENCE_MS);
    });
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
