import type { MonitoringEvent } from 'mongotempo';
import { type EventFacts, factsOf, type ShownEvent, shownEvent } from './shown_event.js';

/** About two seconds of a thousand operations per second. */
const SIZE = 20_000;
/** Events of one second that are shown: more cannot be read. */
const MOST_SHOWN = 200;
/** Events of one operation that are shown with it. */
const MOST_OF_OPERATION = 60;
/** Searches for the events of an operation in one second: many operations may fail at once. */
const MOST_SEARCHES = 50;

/** The last events of a client, as the few facts that are shown of them: an event itself may hold on to megabytes of a command. */
export class EventRing {
  readonly #facts: EventFacts[] = [];
  /** Events so far. */
  #count = 0;
  #countAtTick = 0;
  #searches = 0;

  add(event: MonitoringEvent): void {
    this.#facts[this.#count % SIZE] = factsOf(event);
    this.#count++;
  }

  clear(): void {
    this.#facts.length = 0;
    this.#count = 0;
    this.#countAtTick = 0;
  }

  /** The newest events since the last call, and how many more there were. */
  tick(): { readonly events: readonly ShownEvent[]; readonly unshown: number } {
    const added = this.#count - this.#countAtTick;
    this.#countAtTick = this.#count;
    this.#searches = 0;
    const shown = Math.min(added, MOST_SHOWN);
    return { events: this.#last(shown).map(shownEvent), unshown: added - shown };
  }

  /** Events of one operation, oldest first; none if there have been too many such questions in this second. */
  ofOperation(id: number): readonly ShownEvent[] {
    if (this.#searches >= MOST_SEARCHES) return [];
    this.#searches++;
    return this.#last(Math.min(this.#count, SIZE))
      .filter(({ operationId }) => operationId === id)
      .slice(-MOST_OF_OPERATION)
      .map(shownEvent);
  }

  #last(count: number): EventFacts[] {
    const begin = this.#count - count;
    return Array.from({ length: count }, (_, offset) => this.#facts[(begin + offset) % SIZE]).filter(
      facts => facts !== undefined,
    );
  }
}
