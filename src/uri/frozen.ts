import { inspect } from 'node:util';

/** Copies plain objects and arrays, at every depth, and freezes the copies. Other values stay as they are. */
export function frozenCopy<T>(value: T): T {
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy)) as T;
  if (typeof value !== 'object' || value === null || !isPlain(value)) return value;
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([name, item]) => [name, frozenCopy(item)]))) as T;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Freezes an object. `console.log` and JSON do not show the fields named in `secrets`. */
export function frozenWithSecrets<T extends object>(value: T, secrets: readonly string[]): Readonly<T> {
  const masked = () =>
    Object.fromEntries(
      Object.entries(value).map(([name, item]: [string, unknown]) => [
        name,
        item !== undefined && secrets.includes(name) ? '***' : item,
      ]),
    );
  Object.defineProperty(value, 'toJSON', { value: masked });
  Object.defineProperty(value, inspect.custom, { value: masked });
  return Object.freeze(value);
}
