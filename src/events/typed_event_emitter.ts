import { EventEmitter } from 'node:events';

/** Event names and the signatures of their listeners. @public */
// biome-ignore lint/suspicious/noExplicitAny: listeners of any signature
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type EventsDescription = Record<string, (...args: any[]) => void>;

/**
 * An EventEmitter that knows its events. An `error` event never ends the process: there is always a listener for it.
 *
 * @public
 */
export class TypedEventEmitter<Events extends EventsDescription> extends EventEmitter {
  #onListenersChanged: (() => void) | null = null;

  constructor() {
    super();
    super.on('error', noop);
  }

  override on<E extends keyof Events & string>(event: E, listener: Events[E]): this {
    super.on(event, listener);
    return this.#changed();
  }

  override once<E extends keyof Events & string>(event: E, listener: Events[E]): this {
    // EventEmitter calls `on` with a wrapper, and `removeListener` when the wrapper has run.
    return super.once(event, listener);
  }

  override off<E extends keyof Events & string>(event: E, listener: Events[E]): this {
    super.off(event, listener);
    return this.#changed();
  }

  override addListener<E extends keyof Events & string>(event: E, listener: Events[E]): this {
    super.addListener(event, listener);
    return this.#changed();
  }

  override prependListener<E extends keyof Events & string>(event: E, listener: Events[E]): this {
    super.prependListener(event, listener);
    return this.#changed();
  }

  override removeListener<E extends keyof Events & string>(event: E, listener: Events[E]): this {
    super.removeListener(event, listener);
    return this.#changed();
  }

  override removeAllListeners(event?: string | symbol): this {
    // With an explicit undefined, EventEmitter would remove the listeners of an event named "undefined".
    if (event === undefined) super.removeAllListeners();
    else super.removeAllListeners(event);
    return this.#changed();
  }

  override emit<E extends keyof Events & string>(event: E, ...args: Parameters<Events[E]>): boolean {
    return super.emit(event, ...args);
  }

  /**
   * Calls back after a listener was added or removed. The publisher uses this to know at no cost which events have a listener.
   *
   * @internal
   */
  watchListeners(onListenersChanged: () => void): void {
    this.#onListenersChanged = onListenersChanged;
  }

  #changed(): this {
    this.#onListenersChanged?.();
    return this;
  }
}

function noop(): void {
  // An `error` event without a listener would end the process.
}

/**
 * Emits `cancel`. Exported for programs that name it. No method of this driver takes one: pass an `AbortSignal` as the option `signal`.
 *
 * @public
 */
export class CancellationToken extends TypedEventEmitter<{ cancel(): void }> {}
