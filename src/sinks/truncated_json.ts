import { Binary, type Document, EJSON } from '../bson/index.js';

const ELLIPSIS = '...';

/** Text cut off after `max` code points, which `...` then follows; 0 is no limit. */
export function truncated(text: string, max: number): string {
  // A code point takes one or two units.
  if (max === 0 || text.length <= max) return text;
  let units = 0;
  for (let points = 0; points < max; points++) {
    if (units >= text.length) return text;
    units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  }
  return units >= text.length ? text : text.slice(0, units) + ELLIPSIS;
}

/**
 * A document as relaxed Extended JSON, cut off after `max` code points; 0 is no limit. The cost depends on the limit and not on the size of
 * the document, which may be megabytes.
 *
 * Source: Logging, "Document Truncation".
 */
export function truncatedJSON(document: Document, max: number): string {
  try {
    const shown = max === 0 ? document : new Beginning(max).of(document);
    return truncated(EJSON.stringify(shown, { relaxed: true }), max);
  } catch (error) {
    return `Not shown: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/**
 * Copies documents up to the place where their JSON is certainly longer than the limit. What is counted is always less than what is
 * written, so that the text of the copy, cut off, is that of the whole document, cut off.
 */
class Beginning {
  /** Code points that are certainly not written yet. */
  #left: number;

  constructor(max: number) {
    this.#left = max;
  }

  of(value: unknown): unknown {
    // Whatever is written here is cut off.
    if (this.#left <= 0) return null;
    if (typeof value === 'string') return this.#text(value);
    if (value instanceof Uint8Array) return this.#bytes(value, 0);
    if (value instanceof Binary) return this.#binary(value);
    if (Array.isArray(value)) return this.#array(value);
    if (isPlainDocument(value)) return this.#document(value);
    this.#left -= 1;
    return value;
  }

  #text(value: string): string {
    // Two units may be one code point. A pair that is cut here lies behind the limit.
    const shown = value.length > 2 * this.#left + 2 ? value.slice(0, 2 * this.#left + 2) : value;
    this.#left -= Math.ceil(shown.length / 2);
    return shown;
  }

  #binary(value: Binary): unknown {
    const bytes = value.value();
    if (bytes.length > this.#left) return this.#bytes(bytes, value.sub_type);
    this.#left -= bytes.length;
    return value;
  }

  /** What EJSON writes for a Binary. The bytes of three are four characters, whatever follows. */
  #bytes(bytes: Uint8Array, subType: number): object {
    const shown = bytes.subarray(0, 3 * Math.ceil((this.#left + 1) / 3));
    this.#left -= shown.length;
    const base64 = Buffer.from(shown.buffer, shown.byteOffset, shown.byteLength).toString('base64');
    return { $binary: { base64, subType: subType.toString(16).padStart(2, '0') } };
  }

  #array(values: readonly unknown[]): unknown[] {
    const shown: unknown[] = [];
    this.#left -= 1;
    for (const value of values) {
      if (this.#left <= 0) break;
      shown.push(this.of(value));
    }
    return shown;
  }

  #document(document: Document): Document {
    // Without a prototype, `__proto__` is a field like others.
    const shown = Object.create(null) as Document;
    this.#left -= 1;
    for (const name of Object.keys(document)) {
      if (this.#left <= 0) break;
      this.#left -= Math.ceil(name.length / 2) + 1;
      shown[name] = this.of(document[name]);
    }
    return shown;
  }
}

/** BSON types, dates and regular expressions are written as a whole. */
function isPlainDocument(value: unknown): value is Document {
  if (typeof value !== 'object' || value === null) return false;
  if ('_bsontype' in value || value instanceof Date || value instanceof RegExp) return false;
  return true;
}
