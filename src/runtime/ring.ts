/**
 * An item of at most one {@link Ring} at a time. The links are in the item itself, so that entering and leaving a list allocates nothing and takes the
 * same time however long the list is.
 */
export class Link {
  /** Of the ring's own; the item itself while it is in no list. */
  previous: Link = this;
  next: Link = this;

  /** Whether it is in a list. */
  get isLinked(): boolean {
    return this.next !== this;
  }

  /** Leaves its list. Does nothing if it is in none. */
  unlink(): void {
    this.previous.next = this.next;
    this.next.previous = this.previous;
    this.previous = this;
    this.next = this;
  }
}

/** A list of items in the order in which they entered. */
export class Ring<T extends Link> {
  /** Stands before the first item and behind the last. */
  readonly #head = new Link();

  get isEmpty(): boolean {
    return !this.#head.isLinked;
  }

  /** The item that has been in the list for longest; null if there is none. */
  get first(): T | null {
    return this.isEmpty ? null : (this.#head.next as T);
  }

  /** @param item - is in no list */
  push(item: T): void {
    const last = this.#head.previous;
    item.previous = last;
    item.next = this.#head;
    last.next = item;
    this.#head.previous = item;
  }

  /** The items, first to last. The one that was given last may leave the list meanwhile. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    let { next } = this.#head;
    while (next !== this.#head) {
      const item = next;
      ({ next } = next);
      yield item as T;
    }
  }
}
