// The one door to the package `bson`: nothing else in the library imports it.
import type { DeserializeOptions, SerializeOptions } from 'bson';

export {
  Binary,
  BSON,
  BSONRegExp,
  BSONSymbol,
  BSONType,
  Code,
  calculateObjectSize,
  DBRef,
  Decimal128,
  type DeserializeOptions,
  type Document,
  Double,
  deserialize,
  EJSON,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  type SerializeOptions,
  serialize,
  serializeWithBufferAndIndex,
  Timestamp,
  UUID,
} from 'bson';

/**
 * How documents become BSON and come back, as a client, a database, a collection or an operation may set it.
 *
 * @public
 */
export interface BSONSerializeOptions
  extends Omit<SerializeOptions, 'index'>,
    Omit<
      DeserializeOptions,
      | 'evalFunctions'
      | 'cacheFunctions'
      | 'cacheFunctionsCrc32'
      | 'allowObjectSmallerThanBufferSize'
      | 'index'
      | 'validation'
    > {
  /** Returns documents as the bytes that the server sent. Default false. */
  raw?: boolean;
  /** Refuses strings that are not valid UTF-8 in replies. Default true. */
  enableUtf8Validation?: boolean;
}

/** The names of these options. The compiler refuses a list that lacks one. */
export const BSON_OPTIONS = Object.keys({
  checkKeys: true,
  serializeFunctions: true,
  ignoreUndefined: true,
  useBigInt64: true,
  promoteLongs: true,
  promoteBuffers: true,
  promoteValues: true,
  fieldsAsRaw: true,
  bsonRegExp: true,
  raw: true,
  enableUtf8Validation: true,
} satisfies Record<keyof BSONSerializeOptions, true>) as readonly (keyof BSONSerializeOptions)[];
