import type { Parser } from './parsers.js';

/** Where an option may be given. */
type Where = 'both' | 'client' | 'uri';

/**
 * What is lost when an option silently falls back to its default: `trust` is whom the client believes, `secrecy` is who can read along,
 * `durability` is what an acknowledgement or a read promises.
 */
export type Guarded = 'trust' | 'secrecy' | 'durability';

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
  /**
   * An unreadable or empty value is an error, in a connection string too, and so are two different values. Connection String asks for a
   * warning there; for these options, going on without the value would fail open.
   */
  readonly guards?: Guarded;
  /**
   * For options with `guards`: the tests of URI Options demand that nonsense (`invalid`, an empty value) in a connection string is left out
   * with a warning. A value that plainly means true or false (`1`, `yes`, `TRUE`) is an error all the same.
   */
  readonly toleratesNonsense?: true;
  /** A program must give true or false, and not the text of it: `'false'` is easily taken for true. */
  readonly booleanOnly?: true;
  /** It says that TLS is wanted. Without TLS it is an error, unless the caller switched TLS off (`tls=false`). */
  readonly needsTLS?: true;
  /** An empty string given by a program (an unset environment variable) is the same as no value, as in the official driver. */
  readonly emptyIsUnset?: true;
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
  const { default: byDefault } = { __proto__: null, ...traits } as { default?: T };
  return { __proto__: null, doc, parser, ...traits, default: byDefault };
}
