import type { Clock } from '../runtime/clock.js';
import type { EventCause, EventStamp } from './event.js';
import { MONITORING_EVENTS, type MonitoringEventName, type MonitoringEvents } from './event_map.js';
import type { Meter } from './meter.js';
import type { Redact } from './redact.js';
import type { Tracer } from './tracer.js';

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

/** Whether an event would have a receiver. */
export interface Subscribers {
  readonly hasSubscribers: boolean;
}

/** A receiver of events that is not told when it gets a listener or loses one: the publisher asks it each time. */
export interface SilentSink extends Pick<EventSink, 'deliver'> {
  /** Who gets events of this name. Called once for each name; the answer is looked at before each event. */
  subscribersTo(name: MonitoringEventName): Subscribers;
}

const NO_SUBSCRIBERS: Subscribers = Object.freeze({ hasSubscribers: false });

/** Counts the operations of one client. */
export class OperationIds {
  #last = 0;

  next(): number {
    this.#last += 1;
    return this.#last;
  }
}

const NAMES = Object.keys(MONITORING_EVENTS) as MonitoringEventName[];

/** Events that are no further apart have the same {@link MonitoringEvent.time}. */
const SAME_TIME_MS = 0.5;

/** Numbers the events of one client and notes when they are made. */
class Stamps {
  readonly #clock: Clock;
  #sequence = 0;
  /** When the system's clock was looked at last, by the other clock. */
  #lookedAtMS = -Infinity;
  #time = new Date(0);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  next(monotonicTimeMS = this.#clock.now()): EventStamp {
    this.#sequence += 1;
    // A look at the system's clock and its Date take 110 ns, as much as the rest of an event. Dates count whole milliseconds.
    if (monotonicTimeMS - this.#lookedAtMS >= SAME_TIME_MS) {
      this.#lookedAtMS = monotonicTimeMS;
      this.#time = new Date(this.#clock.wallTime());
    }
    return { sequence: this.#sequence, time: this.#time, monotonicTimeMS };
  }
}

/**
 * The events of one name. Whose events come with each command keeps its topics: to find one by its name takes 20 ns, and to ask one that is kept takes one.
 */
export class EventTopic<N extends MonitoringEventName> {
  readonly name: N;
  /** The sinks that want the events; null if none does. Set by the publisher. */
  sinks: readonly EventSink[] | null = null;
  readonly #stamps: Stamps;
  readonly #silentSink: SilentSink | null;
  readonly #silent: Subscribers;

  constructor(name: N, stamps: Stamps, silentSink: SilentSink | null) {
    this.name = name;
    this.#stamps = stamps;
    this.#silentSink = silentSink;
    this.#silent = silentSink?.subscribersTo(name) ?? NO_SUBSCRIBERS;
  }

  /** Whether at least one sink wants the next event: only then it is to be built. */
  get isWanted(): boolean {
    return this.sinks !== null || this.#silent.hasSubscribers;
  }

  /** Whether the silent sink has subscribers. */
  get hasSubscribers(): boolean {
    return this.#silent.hasSubscribers;
  }

  /**
   * For an event that is published at once.
   *
   * @param now - the clock's time, of a caller that has just looked at it
   */
  stamp(now?: number): EventStamp {
    return this.#stamps.next(now);
  }

  /**
   * Delivers an event.
   *
   * @param cause - whose doing it is; null if no call caused it
   */
  publish(event: MonitoringEvents[N], cause: EventCause | null): void {
    const scope = cause === null ? null : cause.asyncScope;
    if (scope === null) this.#deliver(event, cause);
    else scope.runInAsyncScope(() => this.#deliver(event, cause));
  }

  #deliver(event: MonitoringEvents[N], cause: EventCause | null): void {
    const { name, sinks } = this;
    if (sinks !== null) for (const sink of sinks) sink.deliver(name, event, cause);
    if (this.#silent.hasSubscribers) this.#silentSink?.deliver(name, event, cause);
  }
}

type Topics = { readonly [N in MonitoringEventName]: EventTopic<N> };

/**
 * Publishes the events of one client to its sinks. An event that no sink wants is never built.
 */
export class EventPublisher {
  readonly #sinks: readonly EventSink[];
  readonly #topics: Topics;
  #sinksWantCalls = false;

  /** The program's own hook for documents that are shown; null if it has none. */
  readonly redact: Redact | null;
  /** Takes what is measured at each operation; null if nothing does. */
  readonly meter: Meter | null;
  /** Follows calls and commands; null if nothing does. */
  readonly tracer: Tracer | null;
  /** The topics of each call. */
  readonly calls: CallTopics;
  /** The topics of each command. */
  readonly commands: CommandTopics;

  constructor(
    sinks: readonly EventSink[],
    clock: Clock,
    redact: Redact | null = null,
    meter: Meter | null = null,
    silentSink: SilentSink | null = null,
    tracer: Tracer | null = null,
  ) {
    this.redact = redact;
    this.meter = meter;
    this.tracer = tracer;
    this.#sinks = sinks;
    const stamps = new Stamps(clock);
    this.#topics = Object.fromEntries(
      NAMES.map(name => [name, new EventTopic(name, stamps, silentSink)]),
    ) as unknown as Topics;
    const { operationStarted, operationSucceeded, operationFailed } = this.#topics;
    this.calls = { started: operationStarted, succeeded: operationSucceeded, failed: operationFailed };
    const { commandStarted, commandSucceeded, commandFailed } = this.#topics;
    this.commands = { started: commandStarted, succeeded: commandSucceeded, failed: commandFailed };
    for (const sink of sinks) sink.start(() => this.#collectWants());
    this.#collectWants();
  }

  /** The topic of a name: to be kept where events of this name are frequent. */
  topic<N extends MonitoringEventName>(name: N): EventTopic<N> {
    return this.#topics[name];
  }

  /** Whether at least one sink wants an event. */
  wants(name: MonitoringEventName): boolean {
    return this.#topics[name].isWanted;
  }

  /** Whether a sink or the tracer wants to know when calls begin or how they end: then a record of each is kept. */
  get wantsCalls(): boolean {
    return this.#sinksWantCalls || this.calls.started.hasSubscribers || (this.tracer !== null && this.tracer.isActive);
  }

  /**
   * Builds an event if a sink wants it, and delivers it. For events that do not come with each command.
   *
   * @param cause - whose doing it is; null if no call caused it
   */
  publish<N extends MonitoringEventName>(
    name: N,
    make: (stamp: EventStamp) => MonitoringEvents[N],
    cause: EventCause | null,
  ): void {
    const topic: EventTopic<N> = this.#topics[name];
    if (topic.isWanted) topic.publish(make(topic.stamp()), cause);
  }

  #collectWants(): void {
    for (const name of NAMES) {
      const wanting = this.#sinks.filter(sink => sink.wants(name));
      this.#topics[name].sinks = wanting.length === 0 ? null : wanting;
    }
    const { started, succeeded, failed } = this.calls;
    this.#sinksWantCalls = started.sinks !== null || succeeded.sinks !== null || failed.sinks !== null;
  }
}

interface CallTopics {
  readonly started: EventTopic<'operationStarted'>;
  readonly succeeded: EventTopic<'operationSucceeded'>;
  readonly failed: EventTopic<'operationFailed'>;
}

interface CommandTopics {
  readonly started: EventTopic<'commandStarted'>;
  readonly succeeded: EventTopic<'commandSucceeded'>;
  readonly failed: EventTopic<'commandFailed'>;
}
