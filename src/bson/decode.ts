import { MongoUnexpectedServerResponseError } from '../errors/driver.js';
import { type BSONSerializeOptions, type DeserializeOptions, type Document, deserialize } from './index.js';
import { ElementType, endOfCString, malformed, type RawDocument } from './raw_document.js';

/**
 * Turns the document at an offset into a JavaScript object.
 *
 * @throws MongoUnexpectedServerResponseError if it is malformed, or holds invalid UTF-8 and that is checked
 */
export type DocumentDecoder = (bytes: Buffer, offset: number) => Document;

/** A decoder with the options of a client, a collection or an operation; made once and used for every document. */
export function documentDecoder(options: BSONSerializeOptions = {}): DocumentDecoder {
  if (options.raw === true) return (bytes, offset) => bytes.subarray(offset, offset + bytes.readInt32LE(offset));
  return decoderWith({
    ...deserializeOptions(options),
    validation: { utf8: options.enableUtf8Validation ?? true },
  });
}

function decoderWith(options: DeserializeOptions): DocumentDecoder {
  // One object for all calls: `deserialize` reads it and keeps nothing.
  const settings: DeserializeOptions = { ...options, allowObjectSmallerThanBufferSize: true, index: 0 };
  return (bytes, offset) => {
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
}

function deserializeOptions(options: BSONSerializeOptions): DeserializeOptions {
  const { useBigInt64, promoteLongs, promoteBuffers, promoteValues, fieldsAsRaw, bsonRegExp } = options;
  return {
    ...(useBigInt64 !== undefined && { useBigInt64 }),
    ...(promoteLongs !== undefined && { promoteLongs }),
    ...(promoteBuffers !== undefined && { promoteBuffers }),
    ...(promoteValues !== undefined && { promoteValues }),
    ...(fieldsAsRaw !== undefined && { fieldsAsRaw }),
    ...(bsonRegExp !== undefined && { bsonRegExp }),
  };
}

/**
 * What the driver uses for replies that it reads itself. Servers shorten the message of a write error without regard to UTF-8, so
 * there, and only there, it is not checked: the error of the write must not be lost for it.
 */
export const decodeDocument: DocumentDecoder = decoderWith({ validation: { utf8: { writeErrors: false } } });

/** Reads the documents of an array one after the other, where they lie. */
export class DocumentReader {
  readonly #array: RawDocument;
  readonly #decode: DocumentDecoder;
  #offset: number;

  constructor(array: RawDocument, decode: DocumentDecoder) {
    this.#array = array;
    this.#decode = decode;
    this.#offset = array.start + 4;
  }

  get done(): boolean {
    return this.#offset >= this.#array.end;
  }

  /** The next document, or undefined at the end. */
  next(): Document | undefined {
    if (this.done) return undefined;
    const { bytes } = this.#array;
    const start = this.#valueOf(this.#offset);
    this.#offset = start + bytes.readInt32LE(start);
    return this.#decode(bytes, start);
  }

  /** How many are left: walks over them without decoding. */
  count(): number {
    let count = 0;
    for (let offset = this.#offset; offset < this.#array.end; count++) {
      const start = this.#valueOf(offset);
      offset = start + this.#array.bytes.readInt32LE(start);
    }
    return count;
  }

  /** Where the document of the element at an offset begins. */
  #valueOf(offset: number): number {
    const { bytes, end } = this.#array;
    if (bytes[offset] !== ElementType.document) malformed('an array of documents with something else in it');
    return endOfCString(bytes, offset + 1, end) + 1;
  }
}
