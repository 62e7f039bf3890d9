import { type DocumentWrite } from '../engine/collection.js';
import { Signal } from '../runtime/signal.js';

/** Which documents open transactions have written; each has one writer at a time. */
export class WriteLocks {
  /** Emitted when a transaction has ended. */
  readonly released = new Signal();
  readonly #owners = new Map<string, object>();

  get areHeld(): boolean {
    return this.#owners.size > 0;
  }

  ownerOf(write: DocumentWrite): object | undefined {
    return this.#owners.get(lockKey(write));
  }

  take(write: DocumentWrite, owner: object): void {
    this.#owners.set(lockKey(write), owner);
  }

  release(writes: Iterable<DocumentWrite>): void {
    for (const write of writes) this.#owners.delete(lockKey(write));
    this.released.emit();
  }
}

export function lockKey({ namespace, key }: DocumentWrite): string {
  return `${namespace}\0${key}`;
}
