import { Link, Ring } from '../runtime/ring.js';

/**
 * Those who wait for one signal. The signal has one listener for all of them, and none while nothing waits: a program may run thousands of concurrent
 * operations under one signal, and Node.js warns at the eleventh listener.
 */
class AbortWatch {
  readonly #signal: AbortSignal;
  readonly #listeners = new Ring<AbortListener>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(listener: AbortListener): void {
    if (this.#listeners.isEmpty) this.#signal.addEventListener('abort', this.#onAbort);
    this.#listeners.push(listener);
  }

  remove(listener: AbortListener): void {
    listener.unlink();
    if (this.#listeners.isEmpty) this.#signal.removeEventListener('abort', this.#onAbort);
  }

  /** One that is called may make others stop, which are then not called. */
  readonly #onAbort = (): void => {
    this.#signal.removeEventListener('abort', this.#onAbort);
    for (let { first } = this.#listeners; first !== null; { first } = this.#listeners) {
      first.unlink();
      first.call();
    }
  };
}

/** An entry lives as long as its signal does. */
const WATCHES = new WeakMap<AbortSignal, AbortWatch>();

function watchOf(signal: AbortSignal): AbortWatch {
  let watch = WATCHES.get(signal);
  if (watch === undefined) {
    watch = new AbortWatch(signal);
    WATCHES.set(signal, watch);
  }
  return watch;
}

/** Waits for one signal after another, and is called once each time if the signal aborts. */
export class AbortListener extends Link {
  readonly #target: { onAbort(): void };
  /** Null while it does not listen: it must not keep a signal alive. */
  #watch: AbortWatch | null = null;

  constructor(target: { onAbort(): void }) {
    super();
    this.#target = target;
  }

  /** To be called while it does not listen, and the signal has not aborted. */
  listen(signal: AbortSignal): void {
    this.#watch = watchOf(signal);
    this.#watch.add(this);
  }

  /** Does nothing if it does not listen. */
  stop(): void {
    const watch = this.#watch;
    this.#watch = null;
    if (this.isLinked) watch?.remove(this);
  }

  call(): void {
    this.#target.onAbort();
  }
}
