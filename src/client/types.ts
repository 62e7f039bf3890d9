import type { Document } from '../bson/index.js';
import type { WithId } from '../operations/schema_types.js';

export type * from '../operations/schema_types.js';

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
