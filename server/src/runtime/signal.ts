/** Something that happens now and then, and those who wait for it. */
export class Signal {
  readonly #listeners = new Set<() => void>();

  /** Calls the listener each time; the function returned ends that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  emit(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
