import type { AsyncResource } from 'node:async_hooks';
import type { CallContext } from '../call/call_context.js';

/** What the publisher puts on every event. */
export interface EventStamp {
  readonly sequence: number;
  readonly time: Date;
  readonly monotonicTimeMS: number;
}

/** Whose doing an event is: a call, or one attempt of it. */
export interface EventCause {
  readonly context: CallContext | null;
  /** The asynchronous context of the caller, if the event may come in another; null: it comes in the caller's. */
  readonly asyncScope: AsyncResource | null;
}

/** What an event is made from: its own data, without what its class or its base adds. What is optional may be undefined. */
export type EventFields<E> = UndefinedAllowed<Omit<E, 'name' | keyof EventStamp | 'duration'>>;

type UndefinedAllowed<T> = { [K in keyof T]: T extends Record<K, unknown> ? T[K] : T[K] | undefined };

/**
 * The base of every event that a client publishes. Events never change.
 *
 * @public
 */
// Fields of events are declared and not defined: each would be written twice, first as undefined. That takes 20 ns for an event of eight fields.
export abstract class MonitoringEvent {
  /** Position among all events of one client: sorts events of different kinds. */
  declare readonly sequence: number;
  /**
   * When the event was made, to the millisecond. Differences of it are no durations: it follows the system's clock. Events may share the object: it is not to be
   * changed.
   */
  declare readonly time: Date;
  /** The same by the clock of `performance.now()`, in milliseconds: differences of it are durations. */
  declare readonly monotonicTimeMS: number;

  /** @internal */
  constructor(stamp: EventStamp) {
    this.sequence = stamp.sequence;
    this.time = stamp.time;
    this.monotonicTimeMS = stamp.monotonicTimeMS;
  }

  /** The name under which the event is published. */
  abstract get name(): string;
}

/** Gives an event its own data, as far as it is there, and closes it. Constructors of concrete events end with this. */
export function complete(event: MonitoringEvent, fields: Readonly<Record<string, unknown>>): void {
  const target = event as unknown as Record<string, unknown>;
  for (const name of Object.keys(fields)) {
    if (fields[name] !== undefined) target[name] = fields[name];
  }
  Object.freeze(event);
}
