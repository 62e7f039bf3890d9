import { setTimeout as pause } from 'node:timers/promises';
import type { Collection } from '../../src/client/collection.js';
import { MongoOperationTimeoutError } from '../../src/errors/timeout.js';
import type { SeededRandom } from '../fuzz/random.js';

const SHORTEST_MS = 50;
const LONGEST_MS = 500;
/** After a failure at once, as a caller who does not hammer. */
const BREATH_MS = 5;

/** How calls ended, and how long after their deadline. */
export interface Outcomes {
  succeeded: number;
  timedOut: number;
  /** Those that timed out, by where they were. */
  readonly phases: Map<string, number>;
  /** By the name of the error. */
  readonly failed: Map<string, number>;
  /** Milliseconds past the deadline, of every call that reached it. */
  readonly lateMS: number[];
}

type Call = (collection: Collection, id: number, timeoutMS: number) => Promise<unknown>;

const CALLS: readonly Call[] = [
  (orders, id, timeoutMS) => orders.findOne({ _id: id as never }, { timeoutMS }),
  (orders, id, timeoutMS) => orders.find({ _id: { $gt: id as never } }, { timeoutMS, limit: 20 }).toArray(),
  (orders, _id, timeoutMS) => orders.find({}, { timeoutMS, batchSize: 30 }).toArray(),
  (orders, id, timeoutMS) => orders.updateOne({ _id: id as never }, { $inc: { count: 1 } }, { timeoutMS }),
  (orders, id, timeoutMS) =>
    orders.replaceOne({ _id: id as never }, { count: 0, text: 'y'.repeat(200) }, { timeoutMS }),
];

/** Calls without a pause, until told to stop. */
export async function callAgainAndAgain(
  collection: Collection,
  random: SeededRandom,
  outcomes: Outcomes,
  stopped: () => boolean,
): Promise<void> {
  while (!stopped()) {
    const call = random.pick(CALLS);
    const timeoutMS = SHORTEST_MS + random.below(LONGEST_MS - SHORTEST_MS + 1);
    const startedAt = performance.now();
    try {
      await call(collection, random.below(100), timeoutMS);
      outcomes.succeeded++;
    } catch (error) {
      if (error instanceof MongoOperationTimeoutError) {
        outcomes.timedOut++;
        count(outcomes.phases, error.phase ?? 'unknown');
      } else {
        count(outcomes.failed, (error as Error).name);
        await pause(BREATH_MS);
        continue;
      }
    }
    const late = performance.now() - startedAt - timeoutMS;
    if (late >= 0) outcomes.lateMS.push(late);
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
