import type { Document } from '../../bson/index.js';
import { addCaller } from '../../errors/stack_trace.js';

/** The part of a cursor that an iterator reads. */
export interface DocumentSource<T> {
  /** A document that is here; undefined if one must be fetched. Throws if the caller has aborted. */
  nextBuffered(): Document | undefined;
  /** The next document, or null at the end. */
  next(): Promise<Document | null>;
  /** What the caller of the cursor gets of a document. */
  shape(document: Document): T;
  close(): Promise<void>;
  readonly signal: AbortSignal | undefined;
}

// The prototype of all async generators has no name of its own.
const ASYNC_GENERATOR = Object.getPrototypeOf(
  async function* () {
    // Never called.
  }.prototype,
) as object;

/**
 * What `for await` reads a cursor by. It is an async generator to whoever looks at it, as in the official driver; but a buffered document
 * costs no turn of a generator.
 */
export class DocumentIterator<T> implements AsyncGenerator<T, void, void> {
  readonly #source: DocumentSource<T>;
  #ended = false;

  constructor(source: DocumentSource<T>) {
    this.#source = source;
  }

  next(): Promise<IteratorResult<T, void>> {
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    let value: T;
    try {
      const document = this.#source.nextBuffered();
      if (document === undefined) return this.#fetch();
      value = this.#source.shape(document);
    } catch (error) {
      return this.#fail(error as Error);
    }
    if (value instanceof Promise) return this.#settled(value);
    return Promise.resolve({ value, done: false });
  }

  async return(): Promise<IteratorReturnResult<void>> {
    this.#ended = true;
    await this.#source.close();
    return { value: undefined, done: true };
  }

  async throw(error: unknown): Promise<never> {
    this.#ended = true;
    await this.#source.close();
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
      document = await this.#source.next();
    } catch (error) {
      const { signal } = this.#source;
      if (signal?.aborted !== true || error !== signal.reason) addCaller(error, this.next.bind(this));
      return await this.#fail(error as Error);
    }
    if (document === null) return await this.return();
    try {
      // A transform may return a promise.
      return { value: await this.#source.shape(document), done: false };
    } catch (error) {
      return await this.#fail(error as Error);
    }
  }

  async #settled(value: Promise<Awaited<T>>): Promise<IteratorResult<T, void>> {
    try {
      return { value: await value, done: false };
    } catch (error) {
      return await this.#fail(error as Error);
    }
  }

  /** `for await` does not close what has thrown. Closing has a time of its own, which a caller who gets an error is not made to wait for. */
  #fail(error: Error): Promise<never> {
    this.#ended = true;
    void this.#source.close();
    return Promise.reject(error);
  }
}

Object.setPrototypeOf(DocumentIterator.prototype, ASYNC_GENERATOR);
