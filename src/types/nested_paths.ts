/* eslint-disable @typescript-eslint/no-explicit-any -- a type that is compared with, not one that a value has */
import type { Document, Timestamp } from '../bson/index.js';
import type { Condition, RootFilterOperators } from './filter.js';
import type { ArrayElement, WithId } from './schema.js';
import type {
  IntegerType,
  NumericType,
  OnlyFieldsOfType,
  PullAllOperator,
  PullOperator,
  PushOperator,
  SetFields,
} from './update.js';

/** The parts of a path with a separator between them. @public */
export type Join<T extends unknown[], D extends string> = T extends []
  ? ''
  : T extends [string | number]
    ? `${T[0]}`
    : T extends [string | number, ...infer R]
      ? `${T[0]}${D}${Join<R, D>}`
      : string;

/** The type at a path with dots; unknown where the schema has none. @public */
export type PropertyType<Type, Property extends string> = string extends Property
  ? unknown
  : Property extends keyof Type
    ? Type[Property]
    : Property extends `${number}`
      ? Type extends ReadonlyArray<infer Item>
        ? Item
        : unknown
      : Property extends `${infer Key}.${infer Rest}`
        ? Key extends `${number}`
          ? Type extends ReadonlyArray<infer Item>
            ? PropertyType<Item, Rest>
            : unknown
          : Key extends keyof Type
            ? Type[Key] extends Map<string, infer Value>
              ? Value
              : PropertyType<Type[Key], Rest>
            : unknown
        : unknown;

/**
 * All paths into a type, as tuples of names, eight levels deep: below that, and where a type holds itself, the compiler would not end.
 *
 * @public
 */
export type NestedPaths<Type, Depth extends number[]> = Depth['length'] extends 8
  ? []
  : Type extends
        | string
        | number
        | bigint
        | boolean
        | Date
        | RegExp
        | Uint8Array
        | ((...args: any[]) => any)
        | { _bsontype: string }
    ? []
    : Type extends ReadonlyArray<infer Item>
      ? [] | [number, ...NestedPaths<Item, [...Depth, 1]>]
      : Type extends Map<string, any>
        ? [string]
        : Type extends object
          ? {
              [Key in Extract<keyof Type, string>]: Type[Key] extends Type
                ? [Key]
                : Type extends Type[Key]
                  ? [Key]
                  : Type[Key] extends ReadonlyArray<infer Item>
                    ? Type extends Item
                      ? [Key]
                      : Item extends Type
                        ? [Key]
                        : [Key, ...NestedPaths<Type[Key], [...Depth, 1]>]
                    : [Key, ...NestedPaths<Type[Key], [...Depth, 1]>] | [Key];
            }[Extract<keyof Type, string>]
          : [];

/** Paths whose values are of a type, with that type. @public */
export type NestedPathsOfType<TSchema, Type> = {
  [Property in Join<NestedPaths<TSchema, []>, '.'>]: PropertyType<TSchema, Property>;
} extends infer Paths
  ? { [Path in keyof Paths as NonNullable<Paths[Path]> extends Type ? Path : never]: Paths[Path] }
  : never;

/** A filter whose names with dots are checked too. @public */
export type StrictFilter<TSchema> =
  | Partial<TSchema>
  | ({
      [Property in Join<NestedPaths<WithId<TSchema>, []>, '.'>]?: Condition<PropertyType<WithId<TSchema>, Property>>;
    } & RootFilterOperators<WithId<TSchema>>);

/** Values for fields whose names with dots are checked too. @public */
export type StrictMatchKeysAndValues<TSchema> = Readonly<
  {
    [Property in Join<NestedPaths<TSchema, []>, '.'>]?: PropertyType<TSchema, Property>;
  } & {
    [Property in `${Extract<keyof NestedPathsOfType<TSchema, any[]>, string>}.$${`[${string}]` | ''}`]?: ArrayElement<
      PropertyType<TSchema, Property extends `${infer Key}.$${string}` ? Key : never>
    >;
  } & {
    [Property in `${Extract<keyof NestedPathsOfType<TSchema, Record<string, any>[]>, string>}.$${`[${string}]` | ''}.${string}`]?: any;
  } & Document
>;

/** An update whose names with dots are checked too. @public */
export type StrictUpdateFilter<TSchema> = {
  $currentDate?: OnlyFieldsOfType<TSchema, Date | Timestamp, true | { $type: 'date' | 'timestamp' }>;
  $inc?: OnlyFieldsOfType<TSchema, NumericType | undefined>;
  $min?: StrictMatchKeysAndValues<TSchema>;
  $max?: StrictMatchKeysAndValues<TSchema>;
  $mul?: OnlyFieldsOfType<TSchema, NumericType | undefined>;
  $rename?: Record<string, string>;
  $set?: StrictMatchKeysAndValues<TSchema>;
  $setOnInsert?: StrictMatchKeysAndValues<TSchema>;
  $unset?: OnlyFieldsOfType<TSchema, any, '' | true | 1>;
  $addToSet?: SetFields<TSchema>;
  $pop?: OnlyFieldsOfType<TSchema, ReadonlyArray<any>, 1 | -1>;
  $pull?: PullOperator<TSchema>;
  $push?: PushOperator<TSchema>;
  $pullAll?: PullAllOperator<TSchema>;
  $bit?: OnlyFieldsOfType<
    TSchema,
    NumericType | undefined,
    { and: IntegerType } | { or: IntegerType } | { xor: IntegerType }
  >;
} & Document;
