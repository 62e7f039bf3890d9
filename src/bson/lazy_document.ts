import { inspect } from 'node:util';
import { type DocumentDecoder, documentDecoder } from './decode.js';
import type { BSONSerializeOptions, Document } from './index.js';
import { RawDocument } from './raw_document.js';

/**
 * A decoder whose documents decode each field when it is first read. They behave like plain objects: whatever asks for more than single
 * fields (their keys, a spread, JSON, a change) has the rest decoded first. They keep the bytes of their batch until then.
 *
 * Malformed fields are found at once, invalid UTF-8 only when it is read.
 */
export function lazyDecoder(options: BSONSerializeOptions): DocumentDecoder {
  const decode = documentDecoder(options);
  // These options change what the simplest values become.
  const simple = options.promoteValues !== false && options.enableUtf8Validation !== false;
  return (bytes, offset) =>
    new Proxy<Document>(new LazyFields(), new LazyHandler(RawDocument.at(bytes, offset, bytes.length), decode, simple));
}

/** Holds the fields that are decoded. `util.inspect` looks at it past the proxy, and is told what there is. */
class LazyFields {
  [inspect.custom](this: Document): Document {
    return { ...this };
  }
}

const ASCII = /^[\x01-\x7f]*$/;

class LazyHandler implements ProxyHandler<Document> {
  /** Null when all fields are decoded. */
  #raw: RawDocument | null;
  readonly #decode: DocumentDecoder;
  /** Strings, numbers and booleans are read without the decoder, a call of which costs more than they do. */
  readonly #simple: boolean;

  constructor(raw: RawDocument, decode: DocumentDecoder, simple: boolean) {
    this.#raw = raw;
    this.#decode = decode;
    this.#simple = simple;
  }

  get(target: Document, name: string | symbol): unknown {
    if (typeof name === 'string') {
      if (Object.hasOwn(target, name)) return target[name];
      const value = this.#field(target, name);
      if (value !== undefined || Object.hasOwn(target, name)) return value;
    }
    return Reflect.get(Object.hasOwn(target, name) ? target : Object.prototype, name) as unknown;
  }

  has(target: Document, name: string | symbol): boolean {
    if (typeof name === 'string' && ASCII.test(name) && this.#raw?.has(name) === true) return true;
    return Reflect.has(Object.prototype, name) || Object.hasOwn(this.#all(target), name);
  }

  set(target: Document, name: string | symbol, value: unknown): boolean {
    return Reflect.set(this.#all(target), name, value);
  }

  deleteProperty(target: Document, name: string | symbol): boolean {
    return Reflect.deleteProperty(this.#all(target), name);
  }

  defineProperty(target: Document, name: string | symbol, property: PropertyDescriptor): boolean {
    return Reflect.defineProperty(this.#all(target), name, property);
  }

  getOwnPropertyDescriptor(target: Document, name: string | symbol): PropertyDescriptor | undefined {
    return Reflect.getOwnPropertyDescriptor(this.#all(target), name);
  }

  ownKeys(target: Document): (string | symbol)[] {
    return Reflect.ownKeys(this.#all(target));
  }

  preventExtensions(target: Document): boolean {
    // What cannot be extended must have the prototype that it says it has.
    Object.setPrototypeOf(this.#all(target), Object.prototype);
    return Reflect.preventExtensions(target);
  }

  getPrototypeOf(): object {
    return Object.prototype;
  }

  /** Decodes one field, and keeps it. */
  #field(target: Document, name: string): unknown {
    if (this.#raw === null) return undefined;
    // Names are compared byte by byte; the others are rare.
    if (!ASCII.test(name)) return this.#all(target)[name] as unknown;
    let value: unknown = this.#simple ? this.#raw.simple(name) : undefined;
    if (value === undefined) {
      const bytes = this.#raw.only(name);
      if (bytes === undefined) return undefined;
      value = this.#decode(bytes, 0)[name];
    }
    define(target, name, value);
    return value;
  }

  /** Decodes what is not decoded yet; all fields stand in the order of the document. */
  #all(target: Document): Document {
    if (this.#raw === null) return target;
    const { bytes, start } = this.#raw;
    const all = this.#decode(bytes, start);
    this.#raw = null;
    const known = { ...target };
    for (const name of Object.keys(target)) Reflect.deleteProperty(target, name);
    for (const name of Object.keys(all)) define(target, name, Object.hasOwn(known, name) ? known[name] : all[name]);
    return target;
  }
}

function define(target: Document, name: string, value: unknown): void {
  // A plain assignment to this name would change the prototype.
  if (name === '__proto__')
    Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
  else target[name] = value;
}
