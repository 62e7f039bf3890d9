import { inspect } from 'node:util';
import type { Clock } from '../runtime/clock.js';
import type { EventStamp } from './event.js';
import type { MonitoringEventName, MonitoringEvents } from './event_map.js';

type Listener = (...args: unknown[]) => unknown;

/** Where users attach their listeners: the part of an EventEmitter that publishing needs. */
export interface ListenerRegistry {
  listenerCount(name: string): number;
  /** The listeners as they were added; a `once` wrapper removes itself when it is called. */
  // biome-ignore lint/complexity/noBannedTypes: the type that EventEmitter has
  // eslint-disable-next-line @typescript-eslint/no-unsafe-function-type
  rawListeners(name: string): Function[];
}

export interface PublisherGates {
  /** False silences command events; otherwise they are published when somebody listens. */
  readonly monitorCommands?: boolean | undefined;
}

/** Counts the operations of one client. */
export class OperationIds {
  #last = 0;

  next(): number {
    this.#last += 1;
    return this.#last;
  }
}

/**
 * Publishes the events of one client.
 *
 * Nothing is built for which nobody listens. What a listener throws, or a promise that it returns rejects with, reaches neither the
 * other listeners nor the driver: it becomes one process warning for each listener.
 */
export class EventPublisher {
  readonly #target: ListenerRegistry;
  readonly #clock: Clock;
  readonly #commandsAreSilent: boolean;
  readonly #reported = new WeakSet<object>();
  #sequence = 0;

  constructor(target: ListenerRegistry, clock: Clock, gates: PublisherGates = {}) {
    this.#target = target;
    this.#clock = clock;
    this.#commandsAreSilent = gates.monitorCommands === false;
  }

  /** Whether an event would reach anybody. Cheap enough to ask several times for each command. */
  wants(name: MonitoringEventName): boolean {
    return this.#target.listenerCount(name) > 0 && !(this.#commandsAreSilent && isCommandEvent(name));
  }

  publish<N extends MonitoringEventName>(name: N, make: (stamp: EventStamp) => MonitoringEvents[N]): void {
    if (!this.wants(name)) return;
    const args = [make(this.#stamp())];
    for (const listener of this.#target.rawListeners(name)) this.#deliver(name, args, listener as Listener);
  }

  /** Tells listeners of what is no monitoring event (`open`, `close`) with the same care. */
  announce(name: string, ...args: unknown[]): void {
    if (this.#target.listenerCount(name) === 0) return;
    for (const listener of this.#target.rawListeners(name)) this.#deliver(name, args, listener as Listener);
  }

  #stamp(): EventStamp {
    this.#sequence += 1;
    return { sequence: this.#sequence, time: new Date(this.#clock.wallTime()) };
  }

  #deliver(name: string, args: unknown[], listener: Listener): void {
    try {
      const result = Reflect.apply(listener, this.#target, args);
      if (isThenable(result)) {
        result.then(undefined, (error: unknown) => {
          this.#report(name, listener, error);
        });
      }
    } catch (error) {
      this.#report(name, listener, error);
    }
  }

  #report(name: string, listener: Listener, error: unknown): void {
    // A `once` wrapper is made anew each time; the function behind it is what the user knows.
    const reported = (listener as { listener?: Listener }).listener ?? listener;
    if (this.#reported.has(reported)) return;
    this.#reported.add(reported);
    process.emitWarning(
      `A listener for the event "${name}" failed. The driver went on; further failures of this listener are not reported. ` +
        describeError(error),
      'MongoListenerWarning',
    );
  }
}

function isCommandEvent(name: MonitoringEventName): boolean {
  return name === 'commandStarted' || name === 'commandSucceeded' || name === 'commandFailed';
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** Even to look at what was thrown may throw. */
function describeError(error: unknown): string {
  try {
    return error instanceof Error ? (error.stack ?? error.message) : inspect(error, { depth: 1 });
  } catch {
    return 'What it threw cannot be shown.';
  }
}
