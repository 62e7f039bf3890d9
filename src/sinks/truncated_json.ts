import { Binary, type Document, EJSON, ObjectId } from '../bson/index.js';

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
    return truncated(new Writer(max).textOf(document), max);
  } catch (error) {
    return `Not shown: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Writes what `EJSON.stringify` writes, up to a place that is certainly behind the limit. */
class Writer {
  /** Text of so many units has more code points than are shown: each takes at most two. */
  readonly #enough: number;
  #text = '';

  constructor(max: number) {
    this.#enough = max === 0 ? Infinity : 2 * max + 2;
  }

  textOf(document: Document): string {
    this.#write(document);
    return this.#text;
  }

  get #isLongEnough(): boolean {
    return this.#text.length >= this.#enough;
  }

  #write(value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.#text += JSON.stringify(value.length > this.#enough ? value.slice(0, this.#enough) : value);
        break;
      case 'object':
        this.#writeObject(value);
        break;
      case 'boolean':
        this.#text += String(value);
        break;
      case 'number':
        // Relaxed, only what JSON cannot hold is written as an object.
        this.#text += Number.isFinite(value) ? String(value) : EJSON.stringify(value, RELAXED);
        break;
      default:
        this.#text += value === undefined ? 'null' : EJSON.stringify(value, RELAXED);
    }
  }

  #writeObject(value: object | null): void {
    if (value === null) this.#text += 'null';
    else if (Array.isArray(value)) this.#writeArray(value);
    else if (value instanceof ObjectId) this.#text += `{"$oid":"${value.toHexString()}"}`;
    else if (value instanceof Binary) this.#writeBytes(value.value(), value.sub_type);
    else if (value instanceof Uint8Array) this.#writeBytes(value, 0);
    else if (value instanceof RegExp) this.#writeRegExp(value);
    else if (isValue(value)) this.#text += EJSON.stringify(value, RELAXED);
    else this.#writeDocument(value);
  }

  #writeDocument(document: Document): void {
    let separator = '{';
    for (const name of Object.keys(document)) {
      if (this.#isLongEnough) return;
      this.#text += `${separator}${JSON.stringify(name)}:`;
      this.#write(document[name]);
      separator = ',';
    }
    this.#text += separator === '{' ? '{}' : '}';
  }

  #writeArray(values: readonly unknown[]): void {
    let separator = '[';
    for (const value of values) {
      if (this.#isLongEnough) return;
      this.#text += separator;
      this.#write(value);
      separator = ',';
    }
    this.#text += separator === '[' ? '[]' : ']';
  }

  /** EJSON refuses the flag `g`, which is what the BSON option `s` becomes in JavaScript. */
  #writeRegExp({ source, ignoreCase, multiline, global }: RegExp): void {
    const options = `${ignoreCase ? 'i' : ''}${multiline ? 'm' : ''}${global ? 's' : ''}`;
    this.#text += `{"$regularExpression":{"pattern":${JSON.stringify(source)},"options":"${options}"}}`;
  }

  #writeBytes(bytes: Uint8Array, subType: number): void {
    const shown = bytes.length > this.#enough ? bytes.subarray(0, this.#enough) : bytes;
    const base64 = Buffer.from(shown.buffer, shown.byteOffset, shown.byteLength).toString('base64');
    this.#text += `{"$binary":{"base64":"${base64}","subType":"${subType.toString(16).padStart(2, '0')}"}}`;
  }
}

const RELAXED = { relaxed: true };

/** Whether an object is written as a whole: a BSON type, a date. A field may be named `_bsontype`, too. */
function isValue(value: object): boolean {
  if (value instanceof Date) return true;
  return '_bsontype' in value && !Object.hasOwn(value, '_bsontype');
}
