import type { Document, ObjectId } from '../bson/index.js';

/** The type of a schema's `_id`: its own, or ObjectId. @public */
export type InferIdType<TSchema> = TSchema extends { _id: infer IdType }
  ? IdType
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

/** What a field may be compared with: a value, or operators. @public */
export type Condition<T> = T | (T extends readonly (infer Item)[] ? Item | RegExp : RegExp) | FilterOperators;

/** `$gt`, `$in` and the like. @public */
export interface FilterOperators extends Document {
  $exists?: boolean;
}

/** Which documents an operation is about. @public */
export type Filter<TSchema> = { [P in keyof WithId<TSchema>]?: Condition<WithId<TSchema>[P]> } & RootFilterOperators;

/** `$and`, `$or` and the like, and names with dots. @public */
export interface RootFilterOperators extends Document {
  $and?: readonly Document[];
  $nor?: readonly Document[];
  $or?: readonly Document[];
}

/** `$set`, `$inc` and the like. @public */
export type UpdateFilter<TSchema> = {
  $set?: Partial<WithId<TSchema>> & Document;
  $setOnInsert?: Partial<WithId<TSchema>> & Document;
  $unset?: Document;
  $inc?: Document;
  $mul?: Document;
  $min?: Document;
  $max?: Document;
  $rename?: Record<string, string>;
  $push?: Document;
  $pull?: Document;
  $pullAll?: Document;
  $pop?: Document;
  $addToSet?: Document;
  $currentDate?: Document;
  $bit?: Document;
} & Document;
