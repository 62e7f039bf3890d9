import { inspect } from 'node:util';
import type { MonitoringEventName, MonitoringEvents } from '../events/event_map.js';
import type { EventSink } from '../events/publisher.js';

type Listener = (...args: unknown[]) => unknown;

/** The part of an EventEmitter that the sink needs. */
export interface ListenerRegistry {
  listenerCount(name: string): number;
  /** The listeners in the order in which they were added; a `once` wrapper removes itself when it is called. */
  // biome-ignore lint/complexity/noBannedTypes: the type that EventEmitter has
  // eslint-disable-next-line @typescript-eslint/no-unsafe-function-type
  rawListeners(name: string): Function[];
  /** Calls back after a listener was added or removed. */
  watchListeners(onListenersChanged: () => void): void;
}

/** Options of an {@link EmitterSink}. */
export interface EmitterSinkOptions {
  /** `false` silences command events. The default publishes them when a listener is there. */
  readonly monitorCommands?: boolean | undefined;
}

/**
 * Delivers events to the listeners of an EventEmitter, which is the client itself.
 *
 * A listener that throws, or whose promise rejects, affects neither the other listeners nor the driver: the first failure of each
 * listener becomes one process warning.
 */
export class EmitterSink implements EventSink {
  readonly #emitter: ListenerRegistry;
  readonly #commandsAreSilent: boolean;
  readonly #reported = new WeakSet<object>();

  constructor(emitter: ListenerRegistry, options: EmitterSinkOptions = {}) {
    this.#emitter = emitter;
    this.#commandsAreSilent = options.monitorCommands === false;
  }

  start(onWantsChanged: () => void): void {
    this.#emitter.watchListeners(onWantsChanged);
  }

  wants(name: MonitoringEventName): boolean {
    return this.#emitter.listenerCount(name) > 0 && !(this.#commandsAreSilent && isCommandEvent(name));
  }

  deliver<N extends MonitoringEventName>(name: N, event: MonitoringEvents[N]): void {
    this.announce(name, event);
  }

  /** Calls the listeners of any event of the emitter, `open` and `close` included, with the same protection. */
  announce(name: string, ...args: unknown[]): void {
    if (this.#emitter.listenerCount(name) === 0) return;
    for (const listener of this.#emitter.rawListeners(name)) this.#call(name, args, listener as Listener);
  }

  #call(name: string, args: unknown[], listener: Listener): void {
    try {
      const result = Reflect.apply(listener, this.#emitter, args);
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

/** Describes a thrown value; even to look at one may throw. */
function describeError(error: unknown): string {
  try {
    return error instanceof Error ? (error.stack ?? error.message) : inspect(error, { depth: 1 });
  } catch {
    return 'The value that it threw cannot be shown.';
  }
}
