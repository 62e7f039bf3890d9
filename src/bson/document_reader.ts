import type { DocumentDecoder } from './decode.js';
import type { Document } from './index.js';
import { ElementType, endOfCString, malformed, type RawDocument } from './raw_document.js';

/** How much is decoded at once at most: for a reader who takes one document after the other, and for one who takes all. */
const FEW: Portion = Object.freeze({ documents: 32, bytes: 32 * 1024 });
const MANY: Portion = Object.freeze({ documents: 1024, bytes: 256 * 1024 });

interface Portion {
  readonly documents: number;
  readonly bytes: number;
}

/**
 * Reads the documents of an array one after the other, where they lie.
 *
 * A call of the decoder costs as much as a small document does. So after the first one small documents are decoded some at a time, more and
 * more of them as long as they are read; a reader of one document has decoded one.
 */
export class DocumentReader {
  readonly #array: RawDocument;
  readonly #decode: DocumentDecoder;
  #offset: number;
  /** Decoded and not read yet; the next one is the last. */
  #ready: Document[] = [];
  /** How many to decode the next time. */
  #portion = 1;

  constructor(array: RawDocument, decode: DocumentDecoder) {
    this.#array = array;
    this.#decode = decode;
    this.#offset = array.start + 4;
  }

  get done(): boolean {
    return this.#ready.length === 0 && this.#offset >= this.#array.end;
  }

  /** The next document, or undefined at the end. */
  next(): Document | undefined {
    const ready = this.#ready.pop();
    if (ready !== undefined) return ready;
    if (this.#offset >= this.#array.end) return undefined;
    if (this.#portion > 1 && this.#decode.array !== undefined) {
      this.#ready = this.#some(this.#decode.array, { documents: this.#portion, bytes: FEW.bytes }).reverse();
    }
    this.#portion = Math.min(FEW.documents, this.#portion * 2);
    return this.#ready.pop() ?? this.#one();
  }

  /** All that are left. */
  rest(): Document[] {
    const documents = this.#ready.reverse();
    this.#ready = [];
    while (this.#offset < this.#array.end) {
      const some = this.#decode.array === undefined ? [] : this.#some(this.#decode.array, MANY);
      if (some.length === 0) documents.push(this.#one());
      else for (const document of some) documents.push(document);
    }
    return documents;
  }

  /** How many are left: walks over them without decoding. */
  count(): number {
    let count = this.#ready.length;
    for (let offset = this.#offset; offset < this.#array.end; count++) offset = this.#endOf(this.#valueOf(offset));
    return count;
  }

  #one(): Document {
    const start = this.#valueOf(this.#offset);
    this.#offset = this.#endOf(start);
    return this.#decode(this.#array.bytes, start);
  }

  /** Decodes the next documents; none if one of them cannot be: those before it are to be read before it fails. */
  #some(decodeArray: NonNullable<DocumentDecoder['array']>, most: Portion): Document[] {
    const { bytes, end } = this.#array;
    const from = this.#offset;
    let to = from;
    for (let count = 0; count < most.documents && to < end && bytes[to] === ElementType.document; count++) {
      const next = this.#endOf(this.#valueOf(to));
      if (next - from > most.bytes && count > 0) break;
      to = next;
    }
    const documents = decodeArray(bytes, from, to);
    if (documents === null) return [];
    this.#offset = to;
    return documents;
  }

  /** Where the document of the element at an offset begins. */
  #valueOf(offset: number): number {
    const { bytes, end } = this.#array;
    if (bytes[offset] !== ElementType.document) malformed('an array of documents with something else in it');
    return endOfCString(bytes, offset + 1, end) + 1;
  }

  #endOf(start: number): number {
    return start + this.#array.bytes.readInt32LE(start);
  }
}
