/**
 * The callbacks that wait for one signal. The signal has one listener for all of them, and none while nothing waits: a program may run
 * thousands of concurrent operations under one signal, and Node.js warns at the eleventh listener.
 */
class AbortWatch {
  readonly #signal: AbortSignal;
  readonly #callbacks = new Set<() => void>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(callback: () => void): void {
    if (this.#callbacks.size === 0) this.#signal.addEventListener('abort', this.#onAbort);
    this.#callbacks.add(callback);
  }

  remove(callback: () => void): void {
    if (this.#callbacks.delete(callback) && this.#callbacks.size === 0) {
      this.#signal.removeEventListener('abort', this.#onAbort);
    }
  }

  /** A callback may remove others, which are then not called. */
  readonly #onAbort = (): void => {
    this.#signal.removeEventListener('abort', this.#onAbort);
    for (const callback of this.#callbacks) {
      this.#callbacks.delete(callback);
      callback();
    }
  };
}

/** An entry lives as long as its signal does. */
const WATCHES = new WeakMap<AbortSignal, AbortWatch>();

/** Calls back once when a signal that has not aborted yet aborts, unless {@link unwatchAbort} comes first. */
export function watchAbort(signal: AbortSignal, callback: () => void): void {
  let watch = WATCHES.get(signal);
  if (watch === undefined) {
    watch = new AbortWatch(signal);
    WATCHES.set(signal, watch);
  }
  watch.add(callback);
}

export function unwatchAbort(signal: AbortSignal, callback: () => void): void {
  WATCHES.get(signal)?.remove(callback);
}
