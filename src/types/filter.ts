/* eslint-disable @typescript-eslint/no-explicit-any -- what the schema does not name may be of any type, and must stay assignable */
import type { Binary, BSONRegExp, BSONType, Document, ObjectId } from '../bson/index.js';
import type { WithId } from './schema.js';

/** Which documents an operation is about: values or operators by the fields of the schema, and `$and`, `$or` and the like. @public */
export type Filter<TSchema> = {
  [P in keyof WithId<TSchema>]?: Condition<WithId<TSchema>[P]>;
} & RootFilterOperators<WithId<TSchema>>;

/** What a field may be compared with: a value, or operators. @public */
export type Condition<T> = AlternativeType<T> | FilterOperators<AlternativeType<T>>;

/** What matches a field of this type: an array also by one of its items, a string also by a regular expression. @public */
export type AlternativeType<T> = T extends ReadonlyArray<infer Item> ? T | RegExpOrString<Item> : RegExpOrString<T>;

/** @public */
export type RegExpOrString<T> = T extends string ? BSONRegExp | RegExp | T : T;

/** Operators on the whole document; names with dots are allowed beside them. @public */
export interface RootFilterOperators<TSchema> extends Document {
  $and?: Filter<TSchema>[];
  $nor?: Filter<TSchema>[];
  $or?: Filter<TSchema>[];
  $text?: {
    $search: string;
    $language?: string;
    $caseSensitive?: boolean;
    $diacriticSensitive?: boolean;
  };
  $where?: string | ((this: TSchema) => boolean);
  $comment?: string | Document;
}

/** A document that cannot be taken for an ObjectId: a field of that type may be compared with either. @public */
export type NonObjectIdLikeDocument = {
  [Key in keyof Pick<ObjectId, 'id' | 'toHexString'> | '__id']?: never;
} & Document;

/** Bits by their mask, or by their positions. @public */
export type BitwiseFilter = number | Binary | ReadonlyArray<number>;

/** Names of BSON types, for `$type`. @public */
export type BSONTypeAlias = keyof typeof BSONType;

/** `$gt`, `$in` and the like, for a field of a type. @public */
export interface FilterOperators<TValue> extends NonObjectIdLikeDocument {
  $eq?: TValue;
  $gt?: TValue;
  $gte?: TValue;
  $in?: ReadonlyArray<TValue>;
  $lt?: TValue;
  $lte?: TValue;
  $ne?: TValue;
  $nin?: ReadonlyArray<TValue>;
  $not?: TValue extends string ? FilterOperators<TValue> | RegExp : FilterOperators<TValue>;
  $exists?: boolean;
  $type?: BSONType | BSONTypeAlias;
  $expr?: Record<string, any>;
  $jsonSchema?: Record<string, any>;
  $mod?: TValue extends number ? [number, number] : never;
  $regex?: TValue extends string ? RegExp | BSONRegExp | string : never;
  $options?: TValue extends string ? string : never;
  $geoIntersects?: { $geometry: Document };
  $geoWithin?: Document;
  $near?: Document;
  $nearSphere?: Document;
  $maxDistance?: number;
  $all?: ReadonlyArray<any>;
  $elemMatch?: Document;
  $size?: TValue extends ReadonlyArray<any> ? number : never;
  $bitsAllClear?: BitwiseFilter;
  $bitsAllSet?: BitwiseFilter;
  $bitsAnyClear?: BitwiseFilter;
  $bitsAnySet?: BitwiseFilter;
  $rand?: Record<string, never>;
}

/** Operators for each field of a document, or for a value that is none. @public */
export type FilterOperations<T> =
  T extends Record<string, any> ? { [Key in keyof T]?: FilterOperators<T[Key]> } : FilterOperators<T>;
