import { inspect } from 'node:util';

/** Copies plain objects and arrays, at every depth, and freezes the copies. Anything else is passed on as it is. */
export function frozenCopy<T>(value: T): T {
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy)) as T;
  if (typeof value !== 'object' || value === null || !isPlain(value)) return value;
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([name, item]) => [name, frozenCopy(item)]))) as T;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Freezes an object of which some fields are shown neither by console.log nor in JSON. */
export function frozenWithSecrets<T extends object>(value: T, secrets: readonly (keyof T & string)[]): Readonly<T> {
  const masked = () =>
    Object.fromEntries(
      Object.entries(value).map(([name, item]: [string, unknown]) => [
        name,
        item !== undefined && (secrets as readonly string[]).includes(name) ? '***' : item,
      ]),
    );
  Object.defineProperty(value, 'toJSON', { value: masked });
  Object.defineProperty(value, inspect.custom, { value: masked });
  return Object.freeze(value);
}
