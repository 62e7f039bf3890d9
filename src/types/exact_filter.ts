/* eslint-disable @typescript-eslint/no-explicit-any -- a type that is compared with, not one that a value has */
import type { BSONRegExp, BSONType, Document, ObjectId } from '../bson/index.js';
import type { At, Dictionary, DocumentsIn, Entry, Items, Leaf, Part, PatternNames, QueryPaths } from './exact_paths.js';
import type { BitwiseFilter, BSONTypeAlias, RootFilterOperators } from './filter.js';
import type { NumericType } from './update.js';

/**
 * A filter in which every name and every value is checked against the schema, at any depth: a name that the schema does not have, also behind
 * dots, is an error, and so is a value or an operator that does not fit the type at its path. See docs/types.md.
 *
 * {@link Filter} checks the outermost names only, and lets others through, as the official package does.
 *
 * @public
 */
export type ExactFilter<TSchema> = ExactFields<TSchema> &
  ExactFilterOperators<TSchema> &
  ('_id' extends keyof TSchema ? unknown : { _id?: ExactCondition<ObjectId> });

/** The same for a document in an array, for `$elemMatch`. @public */
export type ExactElementFilter<TElement> = ExactFields<TElement> & ExactElementOperators<TElement>;

/** Conditions by path. A schema with an index signature has its own names, and any other. */
type ExactFields<T> = string extends keyof T
  ? { [P in keyof T]?: ExactCondition<T[P]> }
  : { [P in QueryPaths<T, T>]?: ExactCondition<At<T, P>> } & PatternsOf<QueryEntries<T, '', T>>;

/** Operators on the whole document. @public */
export interface ExactFilterOperators<TSchema> {
  $and?: readonly ExactFilter<TSchema>[];
  $nor?: readonly ExactFilter<TSchema>[];
  $or?: readonly ExactFilter<TSchema>[];
  $text?: NonNullable<RootFilterOperators<TSchema>['$text']>;
  $where?: string | ((this: TSchema) => boolean);
  $comment?: unknown;
  $expr?: unknown;
  $jsonSchema?: Document;
  $sampleRate?: number;
}

/** @public */
export interface ExactElementOperators<TElement> {
  $and?: readonly ExactElementFilter<TElement>[];
  $nor?: readonly ExactElementFilter<TElement>[];
  $or?: readonly ExactElementFilter<TElement>[];
  $expr?: unknown;
}

/** A value of the type at a path, or operators on it. An array is matched by one of its items, too. @public */
export type ExactCondition<T> = unknown extends T ? any : ExactValue<T> | ExactOperators<T>;

/** What a value is compared with: null matches a field that may be absent. @public */
export type ExactValue<T> = T extends undefined
  ? null
  : T extends string
    ? T | RegExp | BSONRegExp
    : T extends ReadonlyArray<infer Item>
      ? T | ExactValue<Item>
      : T;

/** `$gt`, `$in` and the like, for a value of a type. @public */
export interface ExactOperators<T> {
  $eq?: ExactValue<T>;
  $ne?: ExactValue<T>;
  $gt?: ExactValue<T>;
  $gte?: ExactValue<T>;
  $lt?: ExactValue<T>;
  $lte?: ExactValue<T>;
  $in?: readonly ExactValue<T>[];
  $nin?: readonly ExactValue<T>[];
  $not?: ExactOperators<T> | OnlyFor<T, string, RegExp | BSONRegExp>;
  $exists?: boolean;
  $type?: BSONType | BSONTypeAlias | 'number' | readonly (BSONType | BSONTypeAlias | 'number')[];
  $all?: readonly (ExactValue<T> | { $elemMatch: ExactElemMatch<Items<T>> })[];
  $elemMatch?: ExactElemMatch<Items<T>>;
  $size?: OnlyFor<T, ReadonlyArray<any>, number>;
  $mod?: OnlyFor<T, NumericType, readonly [number, number]>;
  $regex?: OnlyFor<T, string, RegExp | BSONRegExp | string>;
  $options?: OnlyFor<T, string, string>;
  $bitsAllClear?: BitwiseFilter;
  $bitsAllSet?: BitwiseFilter;
  $bitsAnyClear?: BitwiseFilter;
  $bitsAnySet?: BitwiseFilter;
  $geoIntersects?: { $geometry: Document };
  $geoWithin?: Document;
  $near?: Document;
  $nearSphere?: Document;
  $maxDistance?: number;
  $minDistance?: number;
}

/** @public */
export type ExactElemMatch<TElement> = [TElement] extends [Leaf]
  ? ExactOperators<TElement>
  : TElement extends ReadonlyArray<any>
    ? ExactOperators<TElement>
    : ExactElementFilter<TElement>;

/** An operand, if some value of a type (or of its items) is of a kind; never otherwise. */
type OnlyFor<T, Kind, Operand> = [Extract<T | Items<T>, Kind>] extends [never] ? never : Operand;

/** Fields for the paths with an index, the values of dictionaries, and what is not checked. */
type PatternsOf<TEntries> = {
  [E in TEntries as E extends Entry<infer Path, any> ? Path : never]?: E extends Entry<any, infer Value>
    ? ExactCondition<Value>
    : never;
} & ([Extract<TEntries, Part<any>>] extends [Part<infer Fields>] ? Fields : unknown);

/** `Before` are the prefixes of the document's paths, with and without an index, with the dot behind them. */
type QueryEntries<T, Before extends string, Outer> = T extends unknown
  ? { [K in PatternNames<T, Outer>]: QueryEntriesAt<T[K], `${Before}${K}`, Outer> }[PatternNames<T, Outer>]
  : never;

type QueryEntriesAt<T, Path extends string, Outer> = unknown extends T
  ? Entry<`${Path}.${string}`, any>
  : [Extract<T, ReadonlyArray<any>>] extends [never]
    ? QueryEntriesIn<DocumentsIn<T>, T, Path, Outer>
    : Entry<`${Path}.${number}`, Items<T>> | QueryEntriesInItems<DocumentsIn<T>, Path, Outer>;

type QueryEntriesIn<TDocument, T, Path extends string, Outer> = [TDocument] extends [never]
  ? T extends ReadonlyMap<string, infer Value>
    ? Dictionary<Path, Value>
    : never
  : [TDocument] extends [Outer]
    ? Entry<`${Path}.${string}`, any>
    : string extends keyof TDocument
      ? Dictionary<Path, TDocument[keyof TDocument]>
      : QueryEntries<TDocument, `${Path}.`, Outer | TDocument>;

type QueryEntriesInItems<TDocument, Path extends string, Outer> = [TDocument] extends [never]
  ? never
  : [TDocument] extends [Outer]
    ? Entry<`${Path}.${string}`, any>
    : string extends keyof TDocument
      ? Entry<`${Path}.${string}`, any>
      :
          | Part<{
              [P in QueryPaths<TDocument, Outer | TDocument> as `${Path}.${number}.${P}`]?: ExactCondition<
                At<TDocument, P>
              >;
            }>
          | QueryEntries<TDocument, `${Path}.` | `${Path}.${number}.`, Outer | TDocument>;
