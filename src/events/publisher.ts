import type { Clock } from '../runtime/clock.js';
import type { EventCause, EventStamp } from './event.js';
import { MONITORING_EVENTS, type MonitoringEventName, type MonitoringEvents } from './event_map.js';
import type { Meter } from './meter.js';
import type { Redact } from './redact.js';

/**
 * A receiver of a client's events: the client's EventEmitter, a logger, a tracer. The publisher delivers each event to every sink that
 * wants it, in the order of its list of sinks.
 */
export interface EventSink {
  /** Whether the sink wants events of this name now. The publisher asks when it starts and after each call of `onWantsChanged`. */
  wants(name: MonitoringEventName): boolean;
  /**
   * Takes one event. Must not throw: what a user's code throws ends in the sink.
   *
   * @param cause - whose doing it is, with the context of the call, which is made when it is first asked for; null if no call caused it
   */
  deliver<N extends MonitoringEventName>(name: N, event: MonitoringEvents[N], cause: EventCause | null): void;
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

const CALL_EVENTS = ['operationStarted', 'operationSucceeded', 'operationFailed'] as const;

/**
 * Publishes the events of one client to its sinks. An event that no sink wants is never built.
 */
export class EventPublisher {
  readonly #sinks: readonly EventSink[];
  readonly #clock: Clock;
  /** For each name, the sinks that want it; null if none does. */
  readonly #wanted: Record<MonitoringEventName, readonly EventSink[] | null>;
  #wantsCalls = false;
  #sequence = 0;

  /** The program's own hook for documents that are shown; null if it has none. */
  readonly redact: Redact | null;
  /** Takes what is measured at each operation; null if nothing does. */
  readonly meter: Meter | null;

  constructor(sinks: readonly EventSink[], clock: Clock, redact: Redact | null = null, meter: Meter | null = null) {
    this.redact = redact;
    this.meter = meter;
    this.#sinks = sinks;
    this.#clock = clock;
    this.#wanted = Object.fromEntries(NAMES.map(name => [name, null])) as Record<MonitoringEventName, null>;
    for (const sink of sinks) sink.start(() => this.#collectWants());
    this.#collectWants();
  }

  /** Whether at least one sink wants an event: one look at a table, cheap enough to ask several times for each command. */
  wants(name: MonitoringEventName): boolean {
    return this.#wanted[name] !== null;
  }

  /** Whether at least one sink wants to know when calls begin or how they end: then a record of each is kept. */
  get wantsCalls(): boolean {
    return this.#wantsCalls;
  }

  /**
   * Builds an event if a sink wants it, and delivers it.
   *
   * @param cause - whose doing it is; null if no call caused it
   */
  publish<N extends MonitoringEventName>(
    name: N,
    make: (stamp: EventStamp) => MonitoringEvents[N],
    cause: EventCause | null,
  ): void {
    const sinks = this.#wanted[name];
    if (sinks === null) return;
    this.#sequence += 1;
    const clock = this.#clock;
    const event = make({
      sequence: this.#sequence,
      time: new Date(clock.wallTime()),
      monotonicTimeMS: clock.now(),
    });
    const scope = cause?.asyncScope ?? null;
    if (scope === null) for (const sink of sinks) sink.deliver(name, event, cause);
    else
      scope.runInAsyncScope(() => {
        for (const sink of sinks) sink.deliver(name, event, cause);
      });
  }

  #collectWants(): void {
    for (const name of NAMES) {
      const wanting = this.#sinks.filter(sink => sink.wants(name));
      this.#wanted[name] = wanting.length === 0 ? null : wanting;
    }
    this.#wantsCalls = CALL_EVENTS.some(name => this.wants(name));
  }
}
