import type { Parser, REFUSED } from './parsers.js';

/** Where an option may be given. */
type Where = 'both' | 'client' | 'uri';

/**
 * What is lost when an option silently falls back to its default: `trust` is which servers the client believes, `secrecy` is who can read along,
 * `durability` is what an acknowledgement or a read promises.
 */
type Guarded = 'trust' | 'secrecy' | 'durability';

interface Traits {
  /**
   * Where the value stands in `ResolvedOptions`.
   *
   * - Without `into`: in a field with the name of the option.
   * - With a path (`tls.caFile`): in that field of that group. A `*` stands for the name of the option (`bsonOptions.*`).
   * - With the name of a field (`credentials`): `resolve.ts` makes that field from this option and others.
   */
  readonly into?: string;
  /** Other spellings. In a connection string case does not matter, so there only really different names count. */
  readonly spellings?: readonly string[];
  /** Default: both. */
  readonly where?: Where;
  /** Why programs should not use the option any more. Its use in a connection string gives this as a warning. */
  readonly deprecated?: string;
  /** No message and no printed options show the value. */
  readonly secret?: true;
  /** The option may be repeated in a connection string; the parser gets all values as an array then. */
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
  /** The option says that TLS is wanted. Without TLS it is an error, unless the caller switched TLS off (`tls=false`). */
  readonly needsTLS?: true;
  /** An empty string that a program gives (an unset environment variable) is the same as no value, as in the official driver. */
  readonly emptyIsUnset?: true;
  /** A wrong value that a program gives is a MongoInvalidArgumentError, as in the official driver, and not a MongoParseError. */
  readonly isArgument?: true;
}

/** One row of the table. `D` is undefined for an option without a default. */
export interface Option<P extends AnyParser = AnyParser, D = unknown, Into = string | undefined>
  extends Omit<Traits, 'into'> {
  readonly parser: P;
  readonly default: D;
  readonly into: Into;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type AnyParser = Parser<unknown, any>;

export function option<P extends AnyParser, const R extends TraitsOf<P> = object>(parser: P, traits?: R) {
  // A row inherits nothing, so that nothing on `Object.prototype` becomes a trait.
  return { __proto__: null, default: undefined, into: undefined, ...traits, parser } as unknown as Option<
    P,
    R extends { readonly default: unknown } ? Parsed<P> : undefined,
    R extends { readonly into: infer Into } ? Into : undefined
  >;
}

export type Parsed<P extends AnyParser> = Exclude<ReturnType<P['parse']>, typeof REFUSED>;

interface TraitsOf<P extends AnyParser> extends Traits {
  readonly default?: Parsed<P>;
}

/**
 * A table for the options that `Public` declares: it has a row for each of them, of the same type, and no other row, but for
 * `Undocumented`. `test/types/option_table.ts` shows what does not compile.
 */
export type TableOf<Public, Undocumented extends string = never> = {
  readonly [Name in keyof Public]-?: Option<Parser<unknown, NonNullable<Public[Name]>>>;
} & {
  readonly [Name in Undocumented]: Option;
};
