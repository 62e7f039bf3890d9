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

/** Whether somebody is there to whom an event would go. */
export interface Subscribers {
  readonly hasSubscribers: boolean;
}

/** A receiver of events that is not told when somebody begins or ends to listen to it: the publisher asks it each time. */
export interface SilentSink extends Pick<EventSink, 'deliver'> {
  /** Who gets events of this name. Called once for each name; the answer is looked at before each event. */
  subscribersTo(name: MonitoringEventName): Subscribers;
}

/** Who wants events of one name. */
interface Wanted {
  /** The sinks that want it; null if none does. */
  sinks: readonly EventSink[] | null;
  /** Those of the silent sink. */
  readonly silent: Subscribers;
}

const NOBODY: Subscribers = Object.freeze({ hasSubscribers: false });

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
  readonly #silentSink: SilentSink | null;
  readonly #wanted: Readonly<Record<MonitoringEventName, Wanted>>;
  #sinksWantCalls = false;
  readonly #silentCalls: Subscribers;
  #sequence = 0;

  /** The program's own hook for documents that are shown; null if it has none. */
  readonly redact: Redact | null;
  /** Takes what is measured at each operation; null if nothing does. */
  readonly meter: Meter | null;

  constructor(
    sinks: readonly EventSink[],
    clock: Clock,
    redact: Redact | null = null,
    meter: Meter | null = null,
    silentSink: SilentSink | null = null,
  ) {
    this.redact = redact;
    this.meter = meter;
    this.#sinks = sinks;
    this.#clock = clock;
    this.#silentSink = silentSink;
    const silent = (name: MonitoringEventName) => silentSink?.subscribersTo(name) ?? NOBODY;
    this.#wanted = Object.fromEntries(NAMES.map(name => [name, { sinks: null, silent: silent(name) }])) as Record<
      MonitoringEventName,
      Wanted
    >;
    this.#silentCalls = silent('operationStarted');
    for (const sink of sinks) sink.start(() => this.#collectWants());
    this.#collectWants();
  }

  /** Whether at least one sink wants an event: one look at a table, cheap enough to ask several times for each command. */
  wants(name: MonitoringEventName): boolean {
    const { sinks, silent } = this.#wanted[name];
    return sinks !== null || silent.hasSubscribers;
  }

  /** Whether at least one sink wants to know when calls begin or how they end: then a record of each is kept. */
  get wantsCalls(): boolean {
    return this.#sinksWantCalls || this.#silentCalls.hasSubscribers;
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
    if (!this.wants(name)) return;
    this.#sequence += 1;
    const clock = this.#clock;
    const event = make({
      sequence: this.#sequence,
      time: new Date(clock.wallTime()),
      monotonicTimeMS: clock.now(),
    });
    const scope = cause?.asyncScope ?? null;
    if (scope === null) this.#deliver(name, event, cause);
    else scope.runInAsyncScope(() => this.#deliver(name, event, cause));
  }

  #deliver<N extends MonitoringEventName>(name: N, event: MonitoringEvents[N], cause: EventCause | null): void {
    const { sinks, silent } = this.#wanted[name];
    if (sinks !== null) for (const sink of sinks) sink.deliver(name, event, cause);
    if (silent.hasSubscribers) this.#silentSink?.deliver(name, event, cause);
  }

  #collectWants(): void {
    for (const name of NAMES) {
      const wanting = this.#sinks.filter(sink => sink.wants(name));
      this.#wanted[name].sinks = wanting.length === 0 ? null : wanting;
    }
    this.#sinksWantCalls = CALL_EVENTS.some(name => this.#wanted[name].sinks !== null);
  }
}
