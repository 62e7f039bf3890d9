/* eslint-disable @typescript-eslint/no-explicit-any -- a type that is compared with, not one that a value has */

// The paths into a schema, for filters and updates that are checked whole. The compiler's work is kept small by two things: paths without an
// array index are one union of names, whose values are looked up only for the names that a program uses; and what depends on a type alone (its
// paths, the names below which it has arrays) is an alias with that type as its argument, which the compiler computes once.
// Paths with an index, such as `items.0.name`, become index signatures with a pattern. The compiler computes their values at once: they are
// collected with their values from the top down, so that no path has to be walked for it.

/** What has no paths into it. */
export type Leaf =
  | string
  | number
  | bigint
  | boolean
  | symbol
  | null
  | undefined
  | Date
  | RegExp
  | Uint8Array
  | ((...args: any[]) => any)
  | { _bsontype: string };

/** The documents in a value and in its arrays. A dictionary (`Map`) is none. */
export type DocumentsIn<T> = T extends Leaf
  ? never
  : T extends ReadonlyArray<infer Item>
    ? DocumentsIn<Item>
    : T extends ReadonlyMap<any, any>
      ? never
      : T;

/** The items of the arrays among a union. */
export type Items<T> = T extends ReadonlyArray<infer Item> ? Item : never;

/** The names of a type that has no index signature. */
type NameOf<T> = Extract<keyof T, string>;

/** A path with the type that stands there. */
export interface Entry<Path extends string, Value> {
  path: Path;
  value: Value;
}

/** Fields that are ready made. A function type, so that several can be told from a union and intersected. */
export type Part<Fields> = (fields: Fields) => void;

/**
 * The paths that the server follows in a query when no index is given: `items.name` is the name of any item. `Outer` are the types around it:
 * where one comes again, `PatternsOf` leaves everything below it unchecked.
 */
export type QueryPaths<T, Outer> = T extends unknown
  ? string extends keyof T
    ? never
    : {
        [K in NameOf<T>]: [T[K]] extends [Leaf] ? K : K | `${K}.${QueryPathsBelow<DocumentsIn<T[K]>, Outer>}`;
      }[NameOf<T>]
  : never;

type QueryPathsBelow<T, Outer> = [T] extends [never] ? never : [T] extends [Outer] ? never : QueryPaths<T, Outer | T>;

/** The type at a path without index; undefined is part of it if the document may lack it. */
export type At<T, Path> = T extends null | undefined
  ? undefined
  : Path extends keyof T
    ? T[Path]
    : T extends ReadonlyArray<infer Item>
      ? At<Item, Path>
      : Path extends `${infer Name}.${infer Rest}`
        ? Name extends keyof T
          ? At<T[Name], Rest>
          : never
        : never;

/** The names at or below which there are arrays, dictionaries, `any`, or a type that holds itself. */
export type PatternNames<T, Outer> = {
  [K in keyof T]: unknown extends T[K]
    ? K
    : [T[K]] extends [Leaf]
      ? never
      : [Extract<T[K], ReadonlyArray<any>>] extends [never]
        ? HasPatterns<DocumentsIn<T[K]>, Outer> extends never
          ? never
          : K
        : K;
}[keyof T] &
  string;

type HasPatterns<T, Outer> = [T] extends [never]
  ? true
  : [T] extends [Outer]
    ? true
    : string extends keyof T
      ? true
      : PatternNames<T, Outer | T>;

/** Entries for the values of a dictionary. Below documents, anything goes: a pattern cannot tell their names from the dictionary's. */
export type Dictionary<Path extends string, Value> = Entry<`${Path}.${string}`, [Value] extends [Leaf] ? Value : any>;
