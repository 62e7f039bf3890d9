import { type Doc, fieldsOf, show } from './bson_values.js';

/** Reading a parsed file: each function gives a typed value, or an error that says where the file is not as expected. */

export function readDocument(value: unknown, path: string): Doc {
  const fields = fieldsOf(value);
  if (fields === undefined) throw wrong(path, 'a document', value);
  return Object.fromEntries(fields);
}

export function readText(value: unknown, path: string): string {
  if (typeof value !== 'string') throw wrong(path, 'a string', value);
  return value;
}

export function readFlag(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw wrong(path, 'a boolean', value);
  return value;
}

export function readList<T>(value: unknown, path: string, read: (item: unknown, path: string) => T): readonly T[] {
  if (!Array.isArray(value)) throw wrong(path, 'an array', value);
  return value.map((item, index) => read(item, `${path}[${index}]`));
}

export function readOneOf<T extends string>(value: unknown, path: string, names: readonly T[]): T {
  const name = names.find(known => known === value);
  if (name === undefined) throw wrong(path, `one of ${names.join(', ')}`, value);
  return name;
}

/** The fields of a document, each read by its own function; one without a function is an error, an absent one is not. */
export function readFields<T extends object>(
  value: unknown,
  path: string,
  readers: { readonly [K in keyof T]-?: (field: unknown, path: string) => T[K] },
  required: readonly (keyof T & string)[],
): T {
  const document = readDocument(value, path);
  const result: Partial<T> = {};
  for (const [key, field] of Object.entries(document)) {
    if (!Object.hasOwn(readers, key)) throw new Error(`${path} has an unknown field ${key}`);
    const name = key as keyof T & string;
    result[name] = readers[name](field, `${path}.${key}`);
  }
  const missing = required.filter(key => !Object.hasOwn(document, key));
  if (missing.length > 0) throw new Error(`${path} has no ${missing.join(', ')}`);
  return result as T;
}

export function anything(value: unknown): unknown {
  return value;
}

function wrong(path: string, wanted: string, value: unknown): Error {
  return new Error(`${path} has to be ${wanted}, not ${show(value)}`);
}
