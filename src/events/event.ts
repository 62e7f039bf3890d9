/** What the publisher puts on every event. */
export interface EventStamp {
  readonly sequence: number;
  readonly time: Date;
}

/** What an event is made from: its own data, without what its class or its base adds. What is optional may be undefined. */
export type EventFields<E> = UndefinedAllowed<Omit<E, 'name' | 'sequence' | 'time' | 'duration'>>;

type UndefinedAllowed<T> = { [K in keyof T]: T extends Record<K, unknown> ? T[K] : T[K] | undefined };

/**
 * The base of every event that a client publishes. Events never change.
 *
 * @public
 */
export abstract class MonitoringEvent {
  /** Position among all events of one client: sorts events of different kinds. */
  readonly sequence: number;
  /** When the event was made. Differences of it are no durations: it follows the system's clock. */
  readonly time: Date;

  /** @internal */
  constructor(stamp: EventStamp) {
    this.sequence = stamp.sequence;
    this.time = stamp.time;
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
