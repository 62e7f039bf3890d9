/* eslint-disable @typescript-eslint/no-explicit-any -- what the schema does not name may be of any type, and must stay assignable */
import type { Decimal128, Document, Double, Int32, Long, Timestamp } from '../bson/index.js';
import type { FilterOperations } from './filter.js';
import type { Flatten, IsAny, KeysOfAType, KeysOfOtherType, OptionalId } from './schema.js';
import type { Sort } from './sort.js';

/** @public */
export type NumericType = IntegerType | Decimal128 | Double;

/** @public */
export type IntegerType = number | Int32 | Long | bigint;

/** `$set`, `$inc` and the like. @public */
export type UpdateFilter<TSchema> = {
  $currentDate?: OnlyFieldsOfType<TSchema, Date | Timestamp, true | { $type: 'date' | 'timestamp' }>;
  $inc?: OnlyFieldsOfType<TSchema, NumericType | undefined>;
  $min?: MatchKeysAndValues<TSchema>;
  $max?: MatchKeysAndValues<TSchema>;
  $mul?: OnlyFieldsOfType<TSchema, NumericType | undefined>;
  $rename?: Record<string, string>;
  $set?: MatchKeysAndValues<TSchema>;
  $setOnInsert?: MatchKeysAndValues<TSchema>;
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

/** Values of the schema's types for its fields; names with dots take any. @public */
export type MatchKeysAndValues<TSchema> = Readonly<Partial<TSchema>> & Record<string, any>;

/** Fields of one type take a value, those of another none; names that the schema does not have take it too. @public */
export type OnlyFieldsOfType<TSchema, FieldType = any, AssignableType = FieldType> = IsAny<
  TSchema[keyof TSchema],
  AssignableType extends FieldType ? Record<string, FieldType> : Record<string, AssignableType>,
  AcceptedFields<TSchema, FieldType, AssignableType> &
    NotAcceptedFields<TSchema, FieldType> &
    Record<string, AssignableType>
>;

/** @public */
export type AcceptedFields<TSchema, FieldType, AssignableType> = {
  readonly [Key in KeysOfAType<TSchema, FieldType>]?: AssignableType;
};

/** @public */
export type NotAcceptedFields<TSchema, FieldType> = {
  readonly [Key in KeysOfOtherType<TSchema, FieldType>]?: never;
};

/** @public */
export type AddToSetOperators<Type> = { $each?: Array<Flatten<Type>> };

/** @public */
export type ArrayOperator<Type> = {
  $each?: Array<Flatten<Type>>;
  $slice?: number;
  $position?: number;
  $sort?: Sort;
};

/** `$addToSet`. @public */
export type SetFields<TSchema> = ({
  readonly [Key in KeysOfAType<TSchema, ReadonlyArray<any> | undefined>]?:
    | OptionalId<Flatten<TSchema[Key]>>
    | AddToSetOperators<Array<OptionalId<Flatten<TSchema[Key]>>>>;
} & IsAny<TSchema[keyof TSchema], object, NotAcceptedFields<TSchema, ReadonlyArray<any> | undefined>>) & {
  readonly [key: string]: any;
};

/** @public */
export type PushOperator<TSchema> = ({
  readonly [Key in KeysOfAType<TSchema, ReadonlyArray<any>>]?:
    | Flatten<TSchema[Key]>
    | ArrayOperator<Array<Flatten<TSchema[Key]>>>;
} & NotAcceptedFields<TSchema, ReadonlyArray<any>>) & {
  readonly [key: string]: any;
};

/** @public */
export type PullOperator<TSchema> = ({
  readonly [Key in KeysOfAType<TSchema, ReadonlyArray<any>>]?:
    | Partial<Flatten<TSchema[Key]>>
    | FilterOperations<Flatten<TSchema[Key]>>;
} & NotAcceptedFields<TSchema, ReadonlyArray<any>>) & {
  readonly [key: string]: any;
};

/** @public */
export type PullAllOperator<TSchema> = ({
  readonly [Key in KeysOfAType<TSchema, ReadonlyArray<any>>]?: TSchema[Key];
} & NotAcceptedFields<TSchema, ReadonlyArray<any>>) & {
  readonly [key: string]: ReadonlyArray<any>;
};
