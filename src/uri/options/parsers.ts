/** Says that a value is not one that the option may have. */
export const REFUSED = Symbol('refused');

/**
 * Reads the value of one option, as text from a connection string or as what the program gave.
 *
 * Some options are lists of which a part can be wrong. Such a part is left out and described to `leaveOut`: in a connection string
 * that is a warning, in a program an error.
 */
export interface Parser<T> {
  /** What is accepted, to be read after "allowed is". */
  readonly allowed: string;
  readonly parse: (given: unknown, leaveOut: (part: string) => void) => T | typeof REFUSED;
}

export const boolean: Parser<boolean> = {
  allowed: 'true or false',
  parse(given) {
    if (given === true || given === 'true') return true;
    if (given === false || given === 'false') return false;
    return REFUSED;
  },
};

/** What plainly stands for true or false, also in words that the specification does not know. */
export const TRUE_OR_FALSE = /^\s*(?:true|false|t|f|yes|no|y|n|on|off|0|1|enabled?|disabled?)\s*$/i;

export interface Range {
  readonly min?: number;
  readonly max?: number;
}

/** An integer, also as text. */
export function integer({ min = 0, max = Number.MAX_SAFE_INTEGER }: Range = {}): Parser<number> {
  const isBounded = max !== Number.MAX_SAFE_INTEGER;
  return {
    allowed: isBounded
      ? `an integer from ${min} to ${max}`
      : min === Number.MIN_SAFE_INTEGER
        ? 'an integer'
        : `an integer of at least ${min}`,
    parse(given) {
      const value = typeof given === 'string' && /^-?\d+$/.test(given) ? Number(given) : given;
      return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
        ? (value as number)
        : REFUSED;
    },
  };
}

export const text: Parser<string> = {
  allowed: 'a non-empty string',
  parse: given => (typeof given === 'string' && given !== '' ? given : REFUSED),
};

/** Text that may be empty. */
export const anyText: Parser<string> = {
  allowed: 'a string',
  parse: given => (typeof given === 'string' ? given : REFUSED),
};

export function oneOf<const T extends string>(...values: readonly T[]): Parser<T> {
  return {
    allowed: `one of ${values.join(', ')}`,
    parse: given => values.find(value => value === given) ?? REFUSED,
  };
}

/** A plain object; what it holds is looked at by whoever uses it. */
export function record<T extends object>(): Parser<T> {
  return {
    allowed: 'an object',
    parse: given => (isRecord(given) ? (given as T) : REFUSED),
  };
}

/** Passed on to Node.js as it is. */
export function anything<T>(): Parser<T> {
  return { allowed: 'what Node.js accepts', parse: given => given as T };
}

export function func<T>(): Parser<T> {
  return { allowed: 'a function', parse: given => (typeof given === 'function' ? (given as T) : REFUSED) };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `name:value,name:value` as pairs; a value may contain colons. A part without a colon is left out. */
export function pairs(given: string, leaveOut: (part: string) => void): [string, string][] {
  const result: [string, string][] = [];
  for (const part of given.split(',')) {
    const colon = part.indexOf(':');
    if (colon > 0) result.push([part.slice(0, colon), part.slice(colon + 1)]);
    else leaveOut('a part that is not a name and a value with a colon between them');
  }
  return result;
}
