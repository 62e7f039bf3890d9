type Allocate = (size: number) => Buffer;

/**
 * Counts the bytes of all buffers that are asked for, by the code under test and by Node's own (zlib takes its output buffers in the
 * same way). Unlike the size of the heap, the count does not depend on when garbage is collected.
 */
export class AllocationCounter {
  #bytes = 0;

  constructor() {
    const buffers = Buffer as unknown as Record<'allocUnsafe' | 'allocUnsafeSlow' | 'alloc', Allocate>;
    for (const name of ['allocUnsafe', 'allocUnsafeSlow', 'alloc'] as const) {
      const original = buffers[name].bind(Buffer);
      buffers[name] = (size, ...rest) => {
        this.#bytes += size;
        return original(size, ...rest);
      };
    }
  }

  /** Bytes asked for so far. */
  get bytes(): number {
    return this.#bytes;
  }
}
