import type { Clock } from '../runtime/clock.js';
import type { EventStamp } from './event.js';
import { MONITORING_EVENTS, type MonitoringEventName, type MonitoringEvents } from './event_map.js';

/**
 * A receiver of a client's events: the client's EventEmitter, a logger, a tracer. The publisher delivers each event to every sink that
 * wants it, in the order of its list of sinks.
 */
export interface EventSink {
  /** Whether the sink wants events of this name now. The publisher asks when it starts and after each call of `onWantsChanged`. */
  wants(name: MonitoringEventName): boolean;
  /** Takes one event. Must not throw: what a user's code throws ends in the sink. */
  deliver<N extends MonitoringEventName>(name: N, event: MonitoringEvents[N]): void;
  /** Called once by the publisher. The sink calls `onWantsChanged` whenever the answer of {@link wants} may have changed. */
  start(onWantsChanged: () => void): void;
}

/** Counts the operations of one client. */
export class OperationIds {
  #last = 0;

  next(): number {
    this.#last += 1;
    return this.#last;
  }
}

const NAMES = Object.keys(MONITORING_EVENTS) as MonitoringEventName[];

/**
 * Publishes the events of one client to its sinks. An event that no sink wants is never built.
 */
export class EventPublisher {
  readonly #sinks: readonly EventSink[];
  readonly #clock: Clock;
  /** For each name, whether at least one sink wants it. */
  readonly #wanted: Record<MonitoringEventName, boolean>;
  #sequence = 0;

  constructor(sinks: readonly EventSink[], clock: Clock) {
    this.#sinks = sinks;
    this.#clock = clock;
    this.#wanted = Object.fromEntries(NAMES.map(name => [name, false])) as Record<MonitoringEventName, boolean>;
    for (const sink of sinks) sink.start(() => this.#collectWants());
    this.#collectWants();
  }

  /** Whether at least one sink wants an event: one look at a table, cheap enough to ask several times for each command. */
  wants(name: MonitoringEventName): boolean {
    return this.#wanted[name];
  }

  /** Builds an event if a sink wants it, and delivers it. */
  publish<N extends MonitoringEventName>(name: N, make: (stamp: EventStamp) => MonitoringEvents[N]): void {
    if (!this.#wanted[name]) return;
    this.#sequence += 1;
    const event = make({ sequence: this.#sequence, time: new Date(this.#clock.wallTime()) });
    for (const sink of this.#sinks) {
      if (sink.wants(name)) sink.deliver(name, event);
    }
  }

  #collectWants(): void {
    for (const name of NAMES) this.#wanted[name] = this.#sinks.some(sink => sink.wants(name));
  }
}
