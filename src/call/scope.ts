import { AsyncLocalStorage } from 'node:async_hooks';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { systemClock } from '../runtime/clock.js';
import { SharedDeadline, type SharedOperation } from './shared_deadline.js';

const NO_SIGNALS: readonly AbortSignal[] = Object.freeze([]);

/** What limits operations beside their own options: shared deadlines and signals, the innermost first. */
export class Scope {
  readonly limit: SharedDeadline | AbortSignal;
  readonly outer: Scope | null;
  /** The shared deadline that ends first; null if there is none. */
  readonly soonest: SharedDeadline | null;
  /** The same array for all operations in the scope. */
  readonly signals: readonly AbortSignal[];

  constructor(limit: SharedDeadline | AbortSignal, outer: Scope | null) {
    this.limit = limit;
    this.outer = outer;
    this.soonest = outer?.soonest ?? null;
    this.signals = outer?.signals ?? NO_SIGNALS;
    if (limit instanceof AbortSignal) this.signals = [limit, ...this.signals];
    else if (this.soonest === null || limit.endsAt <= this.soonest.endsAt) this.soonest = limit;
  }
}

/** Made by the first use of {@link withDeadline}: a program that does not use it pays nothing. */
let storage: AsyncLocalStorage<Scope | null> | null = null;

/**
 * Runs a function whose operations share one deadline: all that are started in it, in whatever it calls and awaits, in any client. Nothing is passed on by
 * hand.
 *
 * Nested calls only shorten the time. An operation's own `timeoutMS` still counts if it is sooner; that of a client, database, collection or session does not
 * count inside. A signal in place of a time ends the operations when it aborts, and sets no time.
 *
 * @example
 * ```ts
 * const page = await withDeadline(500, async () => {
 *   const order = await orders.findOne({ _id });
 *   const customer = await customers.findOne({ _id: order.customer });
 *   return render(order, customer);
 * });
 * ```
 *
 * @param limit - milliseconds, an integer from 1 on; or a deadline; or a signal
 * @throws MongoInvalidArgumentError if `limit` is none of these; what the function throws
 *
 * @public
 */
export function withDeadline<T>(limit: number | SharedDeadline | AbortSignal, run: () => T): T {
  const own =
    limit instanceof SharedDeadline || limit instanceof AbortSignal
      ? limit
      : SharedDeadline.start(limit, 'withDeadline', withDeadline, systemClock);
  if (typeof run !== 'function')
    throw new MongoInvalidArgumentError('Argument "run" of withDeadline must be a function');
  storage ??= new AsyncLocalStorage();
  return storage.run(new Scope(own, storage.getStore() ?? null), run);
}

/** What limits operations that are started here; null if nothing does. */
export function currentScope(): Scope | null {
  return storage === null ? null : (storage.getStore() ?? null);
}

/**
 * Runs what outlives the operation that began it (connections, monitors) without the scope of that operation: listeners that are called from there later must
 * not find its deadline.
 */
export function outsideScope<T>(run: () => T): T {
  return storage === null ? run() : storage.run(null, run);
}

/**
 * Tells the shared deadlines of a scope what an operation took.
 *
 * @param covered - those that are told of the whole that the operation is part of
 */
export function recordIn(scope: Scope | null, covered: Scope | null, operation: SharedOperation): void {
  for (let at = scope; at !== null; at = at.outer) {
    if (at.limit instanceof SharedDeadline && !holds(covered, at.limit)) at.limit.record(operation);
  }
}

function holds(scope: Scope | null, limit: SharedDeadline): boolean {
  for (let at = scope; at !== null; at = at.outer) if (at.limit === limit) return true;
  return false;
}
