import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PoolBook, type PoolLimits } from './pool_book.js';

// A failing property prints its seed and the shortest story that breaks it.

type Do = (book: PoolBook) => void | Promise<void>;

/** One step; what must always be so is checked after it. */
class Step implements fc.AsyncCommand<object, PoolBook> {
  readonly #text: string;
  readonly #do: Do;

  constructor(text: string, perform: Do) {
    this.#text = text;
    this.#do = perform;
  }

  check(): boolean {
    return true;
  }

  async run(_model: object, book: PoolBook): Promise<void> {
    await this.#do(book);
    await book.check();
  }

  toString(): string {
    return this.#text;
  }
}

const index = fc.nat({ max: 9 });
const always = (text: string, perform: Do) => fc.constant(new Step(text, perform));
const indexed = (text: string, perform: (book: PoolBook, index: number) => void | Promise<void>) =>
  index.map(which => new Step(`${text} ${which}`, book => perform(book, which)));

const cause = new Error('the server went away');
const usual = [
  always('check out', book => book.checkOut(undefined)),
  always('check out within 50 ms', book => book.checkOut(50)),
  always('try to check out', book => book.tryCheckOut()),
  indexed('check in', (book, which) => book.checkIn(which)),
  indexed('check in', (book, which) => book.checkIn(which)),
  indexed('proceed', (book, which) => book.proceed(which, 'well')),
  indexed('proceed', (book, which) => book.proceed(which, 'well')),
  indexed('proceed', (book, which) => book.proceed(which, 'well')),
  indexed('time out', (book, which) => book.timeOut(which)),
  indexed('late reply', (book, which) => book.lateReply(which)),
  always('ready', book => book.harness.pool.ready()),
];
const trouble = [
  indexed('refuse', (book, which) => book.proceed(which, 'refused')),
  indexed('break', (book, which) => book.breakAny(which)),
  indexed('abort', (book, which) => book.abort(which)),
  always('clear', book => book.harness.pool.clear(cause)),
  always('clear and interrupt', book => book.harness.pool.clear(cause, true)),
  fc.constantFrom(10, 60, 500, 10_000).map(ms => new Step(`advance ${ms}`, book => book.advance(ms))),
];
const close = always('close', book => book.harness.pool.close());

const limits: fc.Arbitrary<PoolLimits> = fc.record({
  maxPoolSize: fc.integer({ min: 1, max: 4 }),
  minPoolSize: fc.constantFrom(0, 0, 1),
  maxConnecting: fc.integer({ min: 1, max: 2 }),
  maxIdleTimeMS: fc.constantFrom(0, 0, 200),
});

async function live(settings: PoolLimits, steps: Iterable<fc.AsyncCommand<object, PoolBook>>): Promise<void> {
  const book = new PoolBook(settings);
  book.harness.pool.ready();
  await fc.asyncModelRun(() => ({ model: {}, real: book }), steps);
  await book.end();
}

describe('ConnectionPool, whatever happens', () => {
  it('keeps its limits and its order, loses no waiter, and balances its events', async () => {
    const steps = fc.commands([...usual, ...usual, ...usual, ...usual, ...trouble], { maxCommands: 60, size: '+1' });
    await fc.assert(fc.asyncProperty(limits, steps, live), { numRuns: 300 });
  });

  it('does so too when it is closed in the middle', async () => {
    const steps = fc.commands([...usual, ...trouble, close], { maxCommands: 40 });
    await fc.assert(fc.asyncProperty(limits, steps, live), { numRuns: 150 });
  });
});
