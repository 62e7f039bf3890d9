/** No options. It inherits nothing. */
const NO_OPTIONS: object = Object.freeze({ __proto__: null });

/** Inherits what was put on `Object.prototype`. */
const PLAIN: object = Object.freeze({});

/**
 * The own properties of an object that a caller gave, in an object that inherits nothing. The driver reads options from there only: what
 * somebody has put on `Object.prototype` (prototype pollution) or on the class of the object is no option.
 *
 * A spread of the result inherits from `Object.prototype` again. If that has enumerable properties, the result therefore has them as undefined,
 * which shadows them in spreads too.
 */
export function ownOptions<T extends object>(options: T | null | undefined): T {
  if (isPolluted()) return shadowed({ __proto__: null, ...options }) as T;
  if (options === undefined || options === null) return NO_OPTIONS as T;
  return Object.getPrototypeOf(options) === null ? options : { __proto__: null, ...options };
}

function isPolluted(): boolean {
  for (const _name in PLAIN) return true;
  return false;
}

function shadowed(own: object): object {
  for (const name in PLAIN) if (!(name in own)) (own as Record<string, unknown>)[name] = undefined;
  return own;
}

/** Whether a value was given. Programs in JavaScript write null for "not given" as often as they leave a field out. */
export function isGiven<T>(value: T): value is NonNullable<T> {
  return value !== undefined && value !== null;
}
