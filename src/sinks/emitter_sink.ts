import type { MonitoringEventName, MonitoringEvents } from '../events/event_map.js';
import type { EventSink } from '../events/publisher.js';
import { type Listener, ListenerGuard } from './listener_guard.js';

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

const NONE: readonly Listener[] = Object.freeze([]);

/** Options of an {@link EmitterSink}. */
export interface EmitterSinkOptions {
  /** `false` silences command events. The default publishes them when a listener is there. */
  readonly monitorCommands?: boolean | undefined;
}

/** Delivers events to the listeners of an EventEmitter, which is the client itself. */
export class EmitterSink implements EventSink {
  readonly #emitter: ListenerRegistry;
  readonly #commandsAreSilent: boolean;
  readonly #guard: ListenerGuard;
  /** The listeners of each event, until one is added or removed: an EventEmitter makes a new array for each question. */
  readonly #listeners = new Map<string, readonly Listener[]>();

  constructor(emitter: ListenerRegistry, options: EmitterSinkOptions = {}, guard = new ListenerGuard()) {
    this.#emitter = emitter;
    this.#guard = guard;
    this.#commandsAreSilent = options.monitorCommands === false;
  }

  start(onWantsChanged: () => void): void {
    this.#emitter.watchListeners(() => {
      this.#listeners.clear();
      onWantsChanged();
    });
  }

  wants(name: MonitoringEventName): boolean {
    return this.#emitter.listenerCount(name) > 0 && !(this.#commandsAreSilent && isCommandEvent(name));
  }

  deliver<N extends MonitoringEventName>(name: N, event: MonitoringEvents[N]): void {
    for (const listener of this.#listenersOf(name)) this.#guard.call(name, listener, this.#emitter, [event]);
  }

  /** Calls the listeners of any event of the emitter, `open` and `close` included, with the same protection. */
  announce(name: string, ...args: unknown[]): void {
    for (const listener of this.#listenersOf(name)) this.#guard.call(name, listener, this.#emitter, args);
  }

  #listenersOf(name: string): readonly Listener[] {
    const known = this.#listeners.get(name);
    if (known !== undefined) return known;
    const emitter = this.#emitter;
    const listeners = emitter.listenerCount(name) === 0 ? NONE : (emitter.rawListeners(name) as Listener[]);
    this.#listeners.set(name, listeners);
    return listeners;
  }
}

function isCommandEvent(name: MonitoringEventName): boolean {
  return name === 'commandStarted' || name === 'commandSucceeded' || name === 'commandFailed';
}
