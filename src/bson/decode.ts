import { MongoUnexpectedServerResponseError } from '../errors/driver.js';
import { type BSONSerializeOptions, type DeserializeOptions, type Document, deserialize } from './index.js';
import { ElementType } from './raw_document.js';

/**
 * Turns the document at an offset into a JavaScript object.
 *
 * @throws MongoUnexpectedServerResponseError if it is malformed, or holds invalid UTF-8 and that is checked
 */
export interface DocumentDecoder {
  (bytes: Buffer, offset: number): Document;
  /**
   * Decodes the elements of an array that lie between two offsets: faster than one by one. Absent where documents are not decoded at once;
   * null if one of them is malformed.
   */
  readonly array?: (bytes: Buffer, from: number, to: number) => Document[] | null;
}

/** A decoder with the options of a client, a collection or an operation; made once and used for every document. */
export function documentDecoder(given: BSONSerializeOptions = {}): DocumentDecoder {
  const options = { __proto__: null, ...given } as BSONSerializeOptions;
  if (options.raw === true) return (bytes, offset) => bytes.subarray(offset, offset + bytes.readInt32LE(offset));
  return decoderWith({
    ...deserializeOptions(options),
    ...(options.enableUtf8Validation === false && { validation: { utf8: false } }),
  });
}

/** The same for a whole reply: with `raw` its own fields are decoded, and the documents in it are the bytes that the server sent. */
export function replyDecoder(given: BSONSerializeOptions): DocumentDecoder {
  const options = { __proto__: null, ...given } as BSONSerializeOptions;
  return decoderWith({
    ...deserializeOptions(options),
    raw: options.raw ?? false,
    validation: { utf8: options.enableUtf8Validation ?? true },
  });
}

/**
 * `bson` copies its options to a plain object for every document. There, a polluted `Object.prototype` would show through for each option that
 * is no property of its own.
 */
const NOTHING_INHERITED = Object.freeze({
  fieldsAsRaw: undefined,
  raw: undefined,
  bsonRegExp: undefined,
  promoteBuffers: undefined,
  promoteLongs: undefined,
  promoteValues: undefined,
  useBigInt64: undefined,
  validation: undefined,
}) as unknown as DeserializeOptions;

function decoderWith(options: DeserializeOptions): DocumentDecoder {
  // One object for all calls: `deserialize` reads it and keeps nothing.
  const settings: DeserializeOptions = {
    ...NOTHING_INHERITED,
    ...options,
    allowObjectSmallerThanBufferSize: true,
    index: 0,
  };
  const decode = (bytes: Buffer, offset: number): Document => {
    settings.index = offset;
    try {
      return deserialize(bytes, settings);
    } catch (error) {
      throw new MongoUnexpectedServerResponseError(
        `Malformed BSON in a reply: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );
    }
  };
  // Fields to be left raw are found by their names at any depth, and so by that of the array.
  if (settings.fieldsAsRaw !== undefined) return decode;
  return Object.assign(decode, {
    array(bytes: Buffer, from: number, to: number): Document[] | null {
      settings.index = 0;
      try {
        return deserialize(inDocument(bytes, from, to), settings)[''] as Document[];
      } catch {
        return null;
      }
    },
  });
}

/** size, type and name of the field, size of the array */
const ARRAY_OFFSET = 4 + 1 + 1;
const ELEMENTS_OFFSET = ARRAY_OFFSET + 4;

/** A document of its own whose one field, with an empty name, is an array of these elements. */
function inDocument(bytes: Buffer, from: number, to: number): Buffer {
  const end = ELEMENTS_OFFSET + to - from;
  const document = Buffer.allocUnsafe(end + 2);
  document.writeInt32LE(end + 2, 0);
  document[4] = ElementType.array;
  document[5] = 0;
  document.writeInt32LE(end + 1 - ARRAY_OFFSET, ARRAY_OFFSET);
  bytes.copy(document, ELEMENTS_OFFSET, from, to);
  document[end] = 0;
  document[end + 1] = 0;
  return document;
}

/** Only what differs from the defaults of `bson`, which copies its options for every document. */
function deserializeOptions(options: BSONSerializeOptions): DeserializeOptions {
  const { useBigInt64, promoteLongs, promoteBuffers, promoteValues, fieldsAsRaw, bsonRegExp } = options;
  const hasRawFields = fieldsAsRaw !== undefined && Object.keys(fieldsAsRaw).length > 0;
  return {
    ...(useBigInt64 === true && { useBigInt64 }),
    ...(promoteLongs === false && { promoteLongs }),
    ...(promoteBuffers === true && { promoteBuffers }),
    ...(promoteValues === false && { promoteValues }),
    ...(hasRawFields && { fieldsAsRaw }),
    ...(bsonRegExp === true && { bsonRegExp }),
  };
}

/**
 * What the driver uses for replies that it reads itself. Servers shorten the messages of errors without regard to UTF-8, so
 * there, and only there, it is not checked: the error of the write must not be lost for it.
 */
export const decodeDocument: DocumentDecoder = decoderWith({
  validation: { utf8: { writeErrors: false, writeConcernError: false } },
});

/** The same for a reply that is an error as a whole: its message may be cut off anywhere. */
export const decodeErrorReply: DocumentDecoder = decoderWith({ validation: { utf8: false } });
