import { inspect } from 'node:util';

export type Listener = (...args: unknown[]) => unknown;

/**
 * A program's own handler, the client's option `onListenerError`, of failures of listeners, monitors and logs.
 *
 * @param error - what the listener threw, or its promise was rejected with
 * @param eventName - of the event that it was told
 *
 * @public
 */
export type ListenerErrorHandler = (error: unknown, eventName: string) => void;

/**
 * Calls the functions of a program that are told of events.
 *
 * One that throws, or whose promise rejects, affects neither the others nor the driver. The program's own handler is told of every failure; without one, the
 * first failure of each listener becomes a process warning.
 */
export class ListenerGuard {
  readonly #reported = new WeakSet<object>();
  readonly #onError: ListenerErrorHandler | null;

  constructor(onError: ListenerErrorHandler | null = null) {
    this.#onError = onError;
  }

  /**
   * @param name - of the event, for the warning
   * @param target - `this` of the listener
   */
  call(name: string, listener: Listener, target: object, args: readonly unknown[]): void {
    try {
      const result = Reflect.apply(listener, target, args);
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
    if (this.#onError === null) this.#warn(name, listener, error);
    else this.#tell(name, this.#onError, error);
  }

  #tell(name: string, onError: ListenerErrorHandler, error: unknown): void {
    try {
      const result = (onError as Listener)(error, name);
      if (isThenable(result)) {
        result.then(undefined, (own: unknown) => {
          this.#warn(name, onError as Listener, own);
        });
      }
    } catch (own) {
      this.#warn(name, onError as Listener, own);
    }
  }

  #warn(name: string, listener: Listener, error: unknown): void {
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

export function isThenable(value: unknown): value is PromiseLike<unknown> {
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
