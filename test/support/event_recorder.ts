import type { MonitoringEvent } from '../../src/events/event.js';
import {
  MONITORING_EVENTS,
  type MonitoringEventListeners,
  type MonitoringEventName,
  type MonitoringEvents,
} from '../../src/events/event_map.js';
import { EventPublisher } from '../../src/events/publisher.js';
import { TypedEventEmitter } from '../../src/events/typed_event_emitter.js';
import type { Clock } from '../../src/runtime/clock.js';
import { EmitterSink } from '../../src/sinks/emitter_sink.js';
import { Deferred } from './deferred.js';

const ALL = Object.keys(MONITORING_EVENTS) as MonitoringEventName[];

/** Keeps the events of a publisher of its own, in their order. */
export class EventRecorder {
  readonly emitter = new TypedEventEmitter<MonitoringEventListeners>();
  /** Every event so far. */
  readonly events: MonitoringEvent[] = [];
  readonly #taken = new Map<string, number>();
  readonly #waiting: { readonly name: string; readonly index: number; readonly found: Deferred<MonitoringEvent> }[] =
    [];

  constructor() {
    for (const name of ALL) this.emitter.on(name, (event: MonitoringEvent) => this.#record(event));
  }

  /** A publisher whose events this recorder keeps. */
  publisher(clock: Clock): EventPublisher {
    return new EventPublisher([new EmitterSink(this.emitter)], clock);
  }

  /** Names of all events, or of those that belong to the names given, in order. */
  names(...only: readonly MonitoringEventName[]): string[] {
    const names = this.events.map(event => event.name);
    return only.length === 0 ? names : names.filter(name => only.includes(name as MonitoringEventName));
  }

  of<N extends MonitoringEventName>(name: N): MonitoringEvents[N][] {
    return this.events.filter((event): event is MonitoringEvents[N] => event.name === name);
  }

  last<N extends MonitoringEventName>(name: N): MonitoringEvents[N] {
    const event = this.of(name).at(-1);
    if (event === undefined) throw new Error(`No ${name} so far; there were ${this.names().join(', ')}`);
    return event;
  }

  count(name: MonitoringEventName): number {
    return this.of(name).length;
  }

  /** The next event of a name that `next` has not given yet, whether it has come already or not. */
  async next<N extends MonitoringEventName>(name: N): Promise<MonitoringEvents[N]> {
    const index = this.#taken.get(name) ?? 0;
    this.#taken.set(name, index + 1);
    return this.nth(name, index);
  }

  /** The event of a name at an index, counted from 0. */
  async nth<N extends MonitoringEventName>(name: N, index: number): Promise<MonitoringEvents[N]> {
    const event = this.of(name)[index];
    if (event !== undefined) return event;
    const found = new Deferred<MonitoringEvent>();
    this.#waiting.push({ name, index, found });
    return (await found.promise) as MonitoringEvents[N];
  }

  /** Forgets what has been. */
  clear(): void {
    this.events.length = 0;
    this.#taken.clear();
  }

  #record(event: MonitoringEvent): void {
    this.events.push(event);
    const count = this.events.filter(({ name }) => name === event.name).length;
    for (const { name, index, found } of this.#waiting) {
      if (name === event.name && index === count - 1) found.resolve(event);
    }
  }
}
