import type { Waiter } from '../call/waiter.js';
import type { SelectionRequest } from './selection_request.js';
import type { Server } from './server.js';

export type WaitingSelection = Waiter<Server, SelectionRequest>;

/**
 * Operations that wait for a server, grouped by their selector. One answer serves a whole group, so that a change of the description costs
 * nothing for operations that it does not wake.
 */
export class WaitingSelections {
  readonly #groups = new Map<object, Set<WaitingSelection>>();
  readonly #isAnsweredAlike: boolean;

  /** @param isAnsweredAlike - whether operations with one selector get one answer; false with a program's own `serverSelector` */
  constructor(isAnsweredAlike: boolean) {
    this.#isAnsweredAlike = isAnsweredAlike;
  }

  get isEmpty(): boolean {
    return this.#groups.size === 0;
  }

  add(waiter: WaitingSelection): void {
    const key = this.#keyOf(waiter);
    const group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, new Set([waiter]));
    else group.add(waiter);
  }

  has(waiter: WaitingSelection): boolean {
    return this.#groups.get(this.#keyOf(waiter))?.has(waiter) ?? false;
  }

  /** Returns whether the waiter was there. */
  delete(waiter: WaitingSelection): boolean {
    const key = this.#keyOf(waiter);
    const group = this.#groups.get(key);
    if (group === undefined || !group.delete(waiter)) return false;
    if (group.size === 0) this.#groups.delete(key);
    return true;
  }

  /** The groups at this moment. None is empty, but a group may become empty while the caller handles another. */
  groups(): ReadonlySet<WaitingSelection>[] {
    return [...this.#groups.values()];
  }

  #keyOf(waiter: WaitingSelection): object {
    const { selector, deprioritized } = waiter.request;
    return this.#isAnsweredAlike && deprioritized.size === 0 ? selector : waiter;
  }
}
