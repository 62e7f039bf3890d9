/** The key of what found no room of its own. */
export const OTHER = 'other';

/**
 * A map that never has more than so many keys: what comes later shares one value under `other`. For keys that come from outside and would otherwise
 * grow without end.
 */
export class BoundedMap<V> {
  readonly #values = new Map<string, V>();
  readonly #most: number;
  readonly #make: () => V;

  /** @param most - keys beside `other` */
  constructor(most: number, make: () => V) {
    this.#most = most;
    this.#make = make;
  }

  /** Whether a new key would share the value of `other`. */
  get isFull(): boolean {
    return this.#values.size - (this.#values.has(OTHER) ? 1 : 0) >= this.#most;
  }

  /** The value of a key that has one of its own. */
  find(key: string): V | undefined {
    return this.#values.get(key);
  }

  /** The value of a key, made now if it is new. */
  get(key: string): V {
    return this.#values.get(key) ?? this.#add(this.isFull ? OTHER : key);
  }

  #add(key: string): V {
    const value = this.#values.get(key) ?? this.#make();
    this.#values.set(key, value);
    return value;
  }

  /** Takes a key away and makes room for another one. Returns its value. */
  take(key: string): V | undefined {
    const value = this.#values.get(key);
    this.#values.delete(key);
    return value;
  }

  entries(): IterableIterator<[string, V]> {
    return this.#values.entries();
  }
}

/** Counts by a reason. At most 64 reasons have a count of their own. */
export class Counts {
  readonly #counts = new BoundedMap(64, () => ({ value: 0 }));

  add(reason: string, count = 1): void {
    this.#counts.get(reason).value += count;
  }

  /** Takes over what another one has counted. */
  addAll(other: Counts): void {
    for (const [reason, { value }] of other.#counts.entries()) this.add(reason, value);
  }

  snapshot(): Readonly<Record<string, number>> {
    return recordOf(this.#counts.entries(), ({ value }) => value);
  }
}

/** A frozen object without a prototype: a key may have any name. */
export function recordOf<V, R>(entries: Iterable<[string, V]>, valueOf: (value: V) => R): Readonly<Record<string, R>> {
  const record = Object.create(null) as Record<string, R>;
  for (const [key, value] of entries) record[key] = valueOf(value);
  return Object.freeze(record);
}
