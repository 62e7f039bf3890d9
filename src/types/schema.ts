import type { ObjectId } from '../bson/index.js';

/* eslint-disable @typescript-eslint/no-explicit-any -- a type that is compared with, not one that a value has */

/** The type of a schema's `_id`: its own, or ObjectId. @public */
export type InferIdType<TSchema> = TSchema extends { _id: infer IdType }
  ? Record<any, never> extends IdType
    ? never
    : IdType
  : TSchema extends { _id?: infer IdType }
    ? unknown extends IdType
      ? ObjectId
      : IdType
    : ObjectId;

/** A document as it is stored: with its `_id`. @public */
export type WithId<TSchema> = EnhancedOmit<TSchema, '_id'> & { _id: InferIdType<TSchema> };

/** A document without its `_id`. @public */
export type WithoutId<TSchema> = Omit<TSchema, '_id'>;

/** A document whose `_id` may be left out. @public */
export type OptionalId<TSchema> = EnhancedOmit<TSchema, '_id'> & { _id?: InferIdType<TSchema> };

/** A document to insert: its `_id` may be left out unless the schema asks for one. @public */
export type OptionalUnlessRequiredId<TSchema> = TSchema extends { _id: unknown } ? TSchema : OptionalId<TSchema>;

/** Omit that keeps the known names of a type with an index signature. @public */
export type EnhancedOmit<TRecordOrUnion, KeyUnion> = string extends keyof TRecordOrUnion
  ? TRecordOrUnion
  : TRecordOrUnion extends unknown
    ? Pick<TRecordOrUnion, Exclude<keyof TRecordOrUnion, KeyUnion>>
    : never;

/** The items of an array type; other types as they are. @public */
export type Flatten<Type> = Type extends ReadonlyArray<infer Item> ? Item : Type;

/** The type of an array's items; never for other types. @public */
export type ArrayElement<Type> = Type extends ReadonlyArray<infer Item> ? Item : never;

/** One type if another is `any`, and a third otherwise. @public */
export type IsAny<Type, ResultIfAny, ResultIfNotAny> = true extends false & Type ? ResultIfAny : ResultIfNotAny;

/** Names of the fields whose values are of a type. @public */
export type KeysOfAType<TSchema, Type> = {
  [Key in keyof TSchema]: NonNullable<TSchema[Key]> extends Type ? Key : never;
}[keyof TSchema];

/** Names of the fields whose values are of another type. @public */
export type KeysOfOtherType<TSchema, Type> = {
  [Key in keyof TSchema]: NonNullable<TSchema[Key]> extends Type ? never : Key;
}[keyof TSchema];

/** A value for fields of a type. @public */
export type SchemaMember<T, V> = { [P in keyof T]?: V } | { [key: string]: V };
