/* eslint-disable @typescript-eslint/no-explicit-any -- a type that is compared with, not one that a value has */
import type { Timestamp } from '../bson/index.js';
import type { ExactCondition, ExactElemMatch } from './exact_filter.js';
import type { At, Dictionary, DocumentsIn, Entry, Items, Leaf, PatternNames } from './exact_paths.js';
import type { Sort } from './sort.js';
import type { IntegerType, NumericType } from './update.js';

/**
 * An update in which every name and every value is checked against the schema, at any depth. The items of an array are named by their index,
 * `$`, `$[]` or `$[name]`. See docs/types.md.
 *
 * @public
 */
export interface ExactUpdateFilter<TSchema> {
  $set?: ExactUpdateFields<TSchema, '$set'>;
  $setOnInsert?: ExactUpdateFields<TSchema, '$set'>;
  $min?: ExactUpdateFields<TSchema, '$set'>;
  $max?: ExactUpdateFields<TSchema, '$set'>;
  $unset?: ExactUpdateFields<TSchema, '$unset'>;
  $rename?: ExactUpdateFields<TSchema, '$rename'>;
  $inc?: ExactUpdateFields<TSchema, '$inc'>;
  $mul?: ExactUpdateFields<TSchema, '$inc'>;
  $bit?: ExactUpdateFields<TSchema, '$bit'>;
  $currentDate?: ExactUpdateFields<TSchema, '$currentDate'>;
  $push?: ExactUpdateFields<TSchema, '$push'>;
  $addToSet?: ExactUpdateFields<TSchema, '$addToSet'>;
  $pull?: ExactUpdateFields<TSchema, '$pull'>;
  $pullAll?: ExactUpdateFields<TSchema, '$pullAll'>;
  $pop?: ExactUpdateFields<TSchema, '$pop'>;
}

/** Operands of one operator by path. @public */
export type ExactUpdateFields<TSchema, Operator> = string extends keyof TSchema
  ? { readonly [P in keyof TSchema]?: ExactUpdateOperand<TSchema[P], Operator> }
  : { readonly [P in UpdatePaths<TSchema, TSchema>]?: ExactUpdateOperand<At<TSchema, P>, Operator> } & {
      readonly [E in UpdateEntries<TSchema, '', TSchema> as E extends Entry<infer Path, any>
        ? Path
        : never]?: E extends Entry<any, infer Value> ? ExactUpdateOperand<Value, Operator> : never;
    };

/** What an operator takes for a value of a type; undefined where it cannot be used. @public */
export type ExactUpdateOperand<T, Operator> = unknown extends T
  ? any
  : Operator extends keyof AnyOperands
    ? AnyOperands[Operator]
    : Operator extends '$set'
      ? T
      : Operator extends '$inc' | '$bit'
        ? [NonNullable<T>] extends [NumericType]
          ? Operator extends '$inc'
            ? NumericType
            : { and: IntegerType } | { or: IntegerType } | { xor: IntegerType }
          : undefined
        : Operator extends '$currentDate'
          ? [NonNullable<T>] extends [Date | Timestamp]
            ? true | { $type: 'date' | 'timestamp' }
            : undefined
          : [Items<T>] extends [never]
            ? undefined
            : ItemOperands<Items<T>>[Extract<Operator, keyof ItemOperands<any>>];

/** Operators that take the same for every type. */
interface AnyOperands {
  $unset: '' | true | 1;
  $rename: string;
}

interface ItemOperands<Item> {
  $push: Item | { $each: readonly Item[]; $slice?: number; $position?: number; $sort?: Sort };
  $addToSet: Item | { $each: readonly Item[] };
  $pull: ExactCondition<Item> | ExactElemMatch<Item>;
  $pullAll: readonly Item[];
  $pop: 1 | -1;
}

/** What stands for an item of an array. */
type Slot = `${number}` | '$' | `$[${string}]`;

/** The document in a value that is no array. */
type OwnDocument<T> = T extends Leaf | ReadonlyArray<any> | ReadonlyMap<any, any> ? never : T;

/** The paths into documents. An update does not go into an array without a word about its items. */
type UpdatePaths<T, Outer> = T extends unknown
  ? string extends keyof T
    ? never
    : {
        [K in Extract<keyof T, string>]: [T[K]] extends [Leaf]
          ? K
          : K | `${K}.${UpdatePathsBelow<OwnDocument<T[K]>, Outer>}`;
      }[Extract<keyof T, string>]
  : never;

type UpdatePathsBelow<T, Outer> = [T] extends [never] ? never : [T] extends [Outer] ? never : UpdatePaths<T, Outer | T>;

type UpdateEntries<T, Before extends string, Outer> = T extends unknown
  ? { [K in PatternNames<T, Outer>]: UpdateEntriesAt<T[K], `${Before}${K}`, Outer> }[PatternNames<T, Outer>]
  : never;

type UpdateEntriesAt<T, Path extends string, Outer> = unknown extends T
  ? Entry<`${Path}.${string}`, any>
  : [Extract<T, ReadonlyArray<any>>] extends [never]
    ? UpdateEntriesIn<DocumentsIn<T>, T, Path, Outer>
    : Entry<`${Path}.${Slot}`, Items<T>> | UpdateEntriesInItems<DocumentsIn<T>, `${Path}.${Slot}`, Outer>;

type UpdateEntriesIn<TDocument, T, Path extends string, Outer> = [TDocument] extends [never]
  ? T extends ReadonlyMap<string, infer Value>
    ? Dictionary<Path, Value>
    : never
  : [TDocument] extends [Outer]
    ? Entry<`${Path}.${string}`, any>
    : string extends keyof TDocument
      ? Dictionary<Path, TDocument[keyof TDocument]>
      : UpdateEntries<TDocument, `${Path}.`, Outer | TDocument>;

type UpdateEntriesInItems<TDocument, Path extends string, Outer> = [TDocument] extends [never]
  ? never
  : [TDocument] extends [Outer]
    ? Entry<`${Path}.${string}`, any>
    : string extends keyof TDocument
      ? Entry<`${Path}.${string}`, any>
      :
          | {
              [P in UpdatePaths<TDocument, Outer | TDocument>]: Entry<`${Path}.${P}`, At<TDocument, P>>;
            }[UpdatePaths<TDocument, Outer | TDocument>]
          | UpdateEntries<TDocument, `${Path}.`, Outer | TDocument>;
