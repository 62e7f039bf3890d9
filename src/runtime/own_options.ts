/** Has no properties, and inherits none. */
const NOTHING: object = Object.freeze({ __proto__: null });

/**
 * Makes objects that inherit no properties. V8 keeps the properties of an object without a prototype in a dictionary, in which each look costs several
 * times as much; and options are looked at many times for each operation.
 */
const OwnProperties = function () {} as unknown as new () => object;
OwnProperties.prototype = NOTHING;

/** No options. It inherits nothing. */
const NO_OPTIONS: object = Object.freeze(new OwnProperties());

/** Inherits the properties of `Object.prototype`. */
const PLAIN: object = Object.freeze({});

/**
 * The own properties of a caller's object, in an object that inherits nothing. The driver reads options only from such objects: properties
 * of `Object.prototype` (prototype pollution) and of the object's class are not options.
 *
 * A spread of the result inherits from `Object.prototype` again. If that has enumerable properties, the result therefore has them as undefined,
 * which shadows them in spreads too.
 */
export function ownOptions<T extends object>(options: T | null | undefined): T {
  if (isPolluted()) return shadowed(Object.assign(new OwnProperties(), options)) as T;
  if (options === undefined || options === null) return NO_OPTIONS as T;
  const prototype: unknown = Object.getPrototypeOf(options);
  return prototype === null || prototype === NOTHING ? options : Object.assign(new OwnProperties(), options);
}

function isPolluted(): boolean {
  for (const _name in PLAIN) return true;
  return false;
}

function shadowed(own: object): object {
  for (const name in PLAIN) if (!(name in own)) (own as Record<string, unknown>)[name] = undefined;
  return own;
}

/** Whether a caller gave a value. JavaScript programs often write null where they could leave a field out. */
export function isGiven<T>(value: T): value is NonNullable<T> {
  return value !== undefined && value !== null;
}
