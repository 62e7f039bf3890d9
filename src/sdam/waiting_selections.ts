import type { Waiter } from '../call/waiter.js';
import type { SelectionRequest } from './selection_request.js';
import type { Server } from './server.js';

export type WaitingSelection = Waiter<Server, SelectionRequest>;

/**
 * Operations that wait for a server, by what they ask for: of those that ask the same, one answer serves all, so that a change of the
 * description costs nothing for those that it does not wake.
 */
export class WaitingSelections {
  readonly #groups = new Map<object, Set<WaitingSelection>>();
  readonly #isAnsweredAlike: boolean;

  /** @param isAnsweredAlike - whether the same question has the same answer: not where a program chooses itself */
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

  /** Returns whether it was there. */
  delete(waiter: WaitingSelection): boolean {
    const key = this.#keyOf(waiter);
    const group = this.#groups.get(key);
    if (group === undefined || !group.delete(waiter)) return false;
    if (group.size === 0) this.#groups.delete(key);
    return true;
  }

  /** The groups as they are now. None is empty, but may become so while another is looked at. */
  groups(): ReadonlySet<WaitingSelection>[] {
    return [...this.#groups.values()];
  }

  #keyOf(waiter: WaitingSelection): object {
    const { selector, deprioritized } = waiter.request;
    return this.#isAnsweredAlike && deprioritized.size === 0 ? selector : waiter;
  }
}
