interface Node<T> {
  value: T;
  next: Node<T> | null;
  previous: Node<T> | null;
}

/** A place in a {@link Queue}, by which its value can be taken out from anywhere. */
export interface QueueEntry {
  /** Takes the value out. False if it had left already. */
  remove(): boolean;
}

/** First in, first out; adding, taking and removing from the middle each take the same time however long it is. */
export class Queue<T> {
  #head: Node<T> | null = null;
  #tail: Node<T> | null = null;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The value that has been in the queue for longest. */
  get first(): T | undefined {
    return this.#head?.value;
  }

  push(value: T): QueueEntry {
    const node: Node<T> = { value, next: null, previous: this.#tail };
    if (this.#tail === null) this.#head = node;
    else this.#tail.next = node;
    this.#tail = node;
    this.#length++;
    let present = true;
    return {
      remove: () => {
        if (!present || (node.previous === null && this.#head !== node)) return false;
        present = false;
        this.#unlink(node);
        return true;
      },
    };
  }

  shift(): T | undefined {
    const node = this.#head;
    if (node === null) return undefined;
    this.#unlink(node);
    return node.value;
  }

  #unlink(node: Node<T>): void {
    if (node.previous === null) this.#head = node.next;
    else node.previous.next = node.next;
    if (node.next === null) this.#tail = node.previous;
    else node.next.previous = node.previous;
    node.next = null;
    node.previous = null;
    this.#length--;
  }
}
