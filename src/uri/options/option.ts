import type { Parser } from './parsers.js';

/** Where an option may be given. */
type Where = 'both' | 'client' | 'uri';

interface Traits {
  /** Other spellings. In a connection string case does not matter, so there only really different names count. */
  readonly spellings?: readonly string[];
  /** Default: both. */
  readonly where?: Where;
  /** Why it should not be used any more; given as a warning when it is used. */
  readonly deprecated?: string;
  /** Its value is never shown. */
  readonly secret?: true;
  /** May be repeated in a connection string; the parser gets all values as an array then. */
  readonly repeatable?: true;
  /** In a connection string an empty value is a value, and not left out with a warning. */
  readonly mayBeEmpty?: true;
  /** A value in a connection string that cannot be used is an error, because to leave it out would change who is trusted. */
  readonly strict?: true;
  /** A wrong value given by the program is a MongoInvalidArgumentError, as in the official driver, and not a MongoParseError. */
  readonly isArgument?: true;
}

/**
 * One row of the table of options. `D` is undefined for an option without a default.
 */
export interface Option<T, D> extends Traits {
  readonly parser: Parser<T>;
  readonly default: D;
  /** One line for tables in the documentation. */
  readonly doc: string;
}

export function option<T>(
  doc: string,
  parser: Parser<T>,
  traits: Traits & { readonly default: NoInfer<T> },
): Option<T, T>;
export function option<T>(doc: string, parser: Parser<T>, traits?: Traits): Option<T, undefined>;
export function option<T>(doc: string, parser: Parser<T>, traits: Traits & { readonly default?: T } = {}) {
  return { doc, parser, ...traits, default: traits.default };
}
