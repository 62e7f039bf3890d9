import type { Document } from '../../bson/index.js';
import type { CursorCore } from '../../cursor/cursor_core.js';

/** What a caller gets of a document; null if the document itself. */
export type Shape<T> = ((document: Document) => T) | null;

// The prototype of all async generators has no name of its own.
const ASYNC_GENERATOR = Object.getPrototypeOf(
  async function* () {
    // Never called.
  }.prototype,
) as object;

/**
 * What `for await` reads a cursor by. Code that looks at it sees an async generator, as in the official driver; but a buffered document
 * costs no turn of a generator.
 */
export class DocumentIterator<T> implements AsyncGenerator<T, void, void> {
  readonly #core: CursorCore;
  readonly #shapeNow: () => Shape<T>;
  readonly #wait: () => Promise<Document | null>;
  readonly #close: () => Promise<void>;
  #shape: Shape<T>;
  #ended = false;

  /**
   * @param shapeNow - asked when documents come: until then the cursor may be given a transform
   * @param wait - gets the next document when none is buffered; null at the end
   * @param close - closes the cursor; never rejects
   */
  constructor(
    core: CursorCore,
    shapeNow: () => Shape<T>,
    wait: () => Promise<Document | null>,
    close: () => Promise<void>,
  ) {
    this.#core = core;
    this.#shapeNow = shapeNow;
    this.#wait = wait;
    this.#close = close;
    this.#shape = shapeNow();
  }

  next(): Promise<IteratorResult<T, void>> {
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    try {
      const document = this.#core.nextBuffered();
      if (document === undefined) return this.#fetch();
      if (this.#shape === null) return Promise.resolve({ value: document as T, done: false });
      return this.#settled(this.#shape(document));
    } catch (error) {
      return this.#fail(error as Error);
    }
  }

  async return(value?: void | PromiseLike<void>): Promise<IteratorReturnResult<void>> {
    this.#ended = true;
    await this.#close();
    return { value: await value, done: true };
  }

  async throw(error: unknown): Promise<never> {
    this.#ended = true;
    await this.#close();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #fetch(): Promise<IteratorResult<T, void>> {
    let document: Document | null;
    try {
      this.#shape = this.#shapeNow();
      document = await this.#wait();
    } catch (error) {
      return await this.#fail(error as Error);
    }
    if (document === null) return await this.return();
    try {
      return this.#shape === null ? { value: document as T, done: false } : await this.#settled(this.#shape(document));
    } catch (error) {
      return await this.#fail(error as Error);
    }
  }

  /** A transform may return a promise, whose value is what an async generator yields. */
  async #settled(value: T): Promise<IteratorResult<T, void>> {
    try {
      return { value: await value, done: false };
    } catch (error) {
      return await this.#fail(error as Error);
    }
  }

  /** `for await` does not close what has thrown. Closing has a time of its own, which a caller who gets an error is not made to wait for. */
  #fail(error: Error): Promise<never> {
    this.#ended = true;
    void this.#close();
    return Promise.reject(error);
  }
}

Object.setPrototypeOf(DocumentIterator.prototype, ASYNC_GENERATOR);
