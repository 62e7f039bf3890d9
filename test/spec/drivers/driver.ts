import type { Doc } from '../unified/bson_values.js';
import type { ObservedError } from '../unified/expected_error.js';
import type { Feature } from '../unified/features.js';
import type { ObservedSpan } from '../unified/tracing.js';

export type DriverName = 'mongotempo' | 'mongodb' | 'mongodb-csot';

/** A log message as the unified test format describes it. */
export interface LogMessage {
  readonly level: string;
  readonly component: string;
  readonly data: Doc;
}

/**
 * What the runner has to know of a driver beside its public API, which is that of the package `mongodb`. Entities go through the runner
 * as opaque objects: what they can do is called by its name, so that a driver without a method fails the test and not the runner.
 */
export interface Driver {
  readonly name: DriverName;
  /** The exports of the package. */
  readonly exports: object;
  /** Parts that the driver does not have (yet). */
  readonly lacks: readonly Feature[];
  /** Options that every client needs so that it does of itself no more than the specifications say. */
  readonly clientOptions: object;
  /** Options that make a client pass its log messages on; undefined when the driver writes none. */
  logOptions(components: Doc, write: (message: LogMessage) => void): object | undefined;
  /** Options that make a client trace, and pass on each root span that ends; undefined when the driver has no tracing. */
  tracingOptions(options: Doc, write: (span: ObservedSpan) => void): object | undefined;
  describeError(error: unknown): ObservedError;
  /** The state of a session's transaction, in the words of the format. */
  transactionState(session: object): string;
  isPinned(session: object): boolean;
  /** The mongos that a session is pinned to, as host:port. */
  pinnedAddress(session: object): string | undefined;
  isDirty(session: object): boolean;
  /** Sends the first command of a change stream, and no other. */
  startChangeStream(stream: object): Promise<void>;
}

/** A method that a driver ought to have, called by its name. */
export function call(target: object, method: string, ...args: readonly unknown[]): unknown {
  const found: unknown = Reflect.get(target, method);
  if (typeof found !== 'function') throw new MissingMethod(`the driver has no method ${nameOf(target)}.${method}`);
  return Reflect.apply(found, target, args);
}

/** Makes an instance of a class that a driver exports. */
export function create(driver: Driver, className: string, ...args: readonly unknown[]): object {
  const found: unknown = Reflect.get(driver.exports, className);
  if (typeof found !== 'function') throw new MissingMethod(`the driver exports no class ${className}`);
  return Reflect.construct(found, args) as object;
}

/** Never what a test expects: not even one that expects any error. */
export class MissingMethod extends Error {
  override readonly name = 'MissingMethod';
}

function nameOf(target: object): string {
  return target.constructor.name;
}
