import { Double, Int32, Long, ObjectId } from 'bson';
import { calculate, isNumber, numberText, type Operation, toInteger, toNumber } from '../bson/numbers.js';
import { asDocument, type Document, typeOf } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { compareValues, valuesEqual } from '../query/compare.js';

/** An operator whose arguments are all evaluated first. */
export interface Operator {
  readonly min: number;
  readonly max: number;
  /** Names of the arguments when they are given as a document. */
  readonly named?: readonly string[];
  apply(values: unknown[]): unknown;
}

function exactly(count: number, apply: (...values: unknown[]) => unknown): Operator {
  return { min: count, max: count, apply: values => apply(...values) };
}

function anyNumber(apply: (values: unknown[]) => unknown): Operator {
  return { min: 0, max: Number.POSITIVE_INFINITY, apply };
}

function isNullish(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

function comparison(accepts: (order: number) => boolean): Operator {
  return exactly(2, (left, right) => accepts(compareValues(left, right)));
}

function fold(operation: Operation, start: number): Operator {
  return anyNumber(values => {
    if (values.some(isNullish)) return null;
    return values.reduce((total, value) => arithmetic(operation, total, value), new Int32(start));
  });
}

function arithmetic(operation: Operation, left: unknown, right: unknown): unknown {
  if (left instanceof Date || right instanceof Date) return dateArithmetic(operation, left, right);
  for (const value of [left, right]) {
    if (!isNumber(value)) {
      throw new CommandError(
        ErrorCode.TypeMismatch,
        `$${operation} only supports numeric or date types, not ${typeOf(value)}`,
      );
    }
  }
  return calculate(operation, left, right);
}

function dateArithmetic(operation: Operation, left: unknown, right: unknown): unknown {
  const milliseconds = (value: unknown): number => (value instanceof Date ? value.getTime() : toNumber(value));
  if (operation === 'subtract') {
    const difference = milliseconds(left) - milliseconds(right);
    return right instanceof Date ? Long.fromNumber(difference) : new Date(difference);
  }
  return new Date(milliseconds(left) + milliseconds(right));
}

/** A function of doubles that keeps integers integers when the result is one. */
function numeric(name: string, apply: (value: number) => number): Operator {
  return exactly(1, value => {
    if (isNullish(value)) return null;
    if (!isNumber(value)) throw new CommandError(28765, `${name} only supports numeric types, not ${typeOf(value)}`);
    return sameType(value, apply(toNumber(value)));
  });
}

function sameType(model: unknown, value: number): unknown {
  if (model instanceof Int32 && (value | 0) === value) return new Int32(value);
  if (model instanceof Long && Number.isInteger(value)) return Long.fromNumber(value);
  return new Double(value);
}

function divide(left: unknown, right: unknown): unknown {
  if (isNullish(left) || isNullish(right)) return null;
  if (!isNumber(left) || !isNumber(right)) {
    throw new CommandError(
      ErrorCode.TypeMismatch,
      `$divide only supports numeric types, not ${typeOf(left)} and ${typeOf(right)}`,
    );
  }
  if (toNumber(right) === 0) throw new CommandError(ErrorCode.BadValue, "can't $divide by zero");
  return new Double(toNumber(left) / toNumber(right));
}

function modulo(left: unknown, right: unknown): unknown {
  if (isNullish(left) || isNullish(right)) return null;
  if (!isNumber(left) || !isNumber(right)) {
    throw new CommandError(16611, `$mod only supports numeric types, not ${typeOf(left)} and ${typeOf(right)}`);
  }
  if (toNumber(right) === 0) throw new CommandError(16610, "can't $mod by zero");
  const remainder = toNumber(left) % toNumber(right);
  return left instanceof Double || right instanceof Double ? new Double(remainder) : sameType(left, remainder);
}

function round(value: unknown, place: unknown, apply: (value: number) => number): unknown {
  if (isNullish(value)) return null;
  const scale = 10 ** (toInteger(place) ?? 0);
  return sameType(value, apply(toNumber(value) * scale) / scale);
}

/** Half to even, as the server rounds. */
function bankersRound(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

function text(name: string, value: unknown): string {
  if (isNullish(value)) return '';
  if (typeof value === 'string') return value;
  if (isNumber(value)) return numberText(value);
  if (value instanceof Date) return value.toISOString();
  throw new CommandError(16007, `${name}: can't convert from BSON type ${typeOf(value)} to String`);
}

function concat(values: unknown[]): unknown {
  if (values.some(isNullish)) return null;
  return values
    .map(value => {
      if (typeof value !== 'string')
        throw new CommandError(16702, `$concat only supports strings, not ${typeOf(value)}`);
      return value;
    })
    .join('');
}

function array(name: string, value: unknown): unknown[] {
  if (!Array.isArray(value)) {
    throw new CommandError(17124, `The argument to ${name} must be an array, but was of type: ${typeOf(value)}`);
  }
  return value;
}

function elementAt(name: string, value: unknown, position: number): unknown {
  if (isNullish(value)) return null;
  return array(name, value).at(position);
}

/** $sum, $avg… as expressions take one array or many values. */
function spread(apply: (values: unknown[]) => unknown): Operator {
  return anyNumber(values =>
    apply(values.length === 1 && Array.isArray(values[0]) ? (values[0] as unknown[]) : values),
  );
}

export function sumOf(values: readonly unknown[]): unknown {
  return values.filter(isNumber).reduce((total, value) => calculate('add', total, value), new Int32(0));
}

export function averageOf(values: readonly unknown[]): unknown {
  const numbers = values.filter(isNumber);
  if (numbers.length === 0) return null;
  return new Double(numbers.reduce((total: number, value) => total + toNumber(value), 0) / numbers.length);
}

/** The smallest (direction -1) or largest (1) value; null and missing do not count. */
export function extremeOf(values: readonly unknown[], direction: 1 | -1): unknown {
  let extreme: unknown = null;
  for (const value of values) {
    if (isNullish(value)) continue;
    if (extreme === null || compareValues(value, extreme) * direction > 0) extreme = value;
  }
  return extreme;
}

function convert(apply: (value: unknown) => unknown): Operator {
  return exactly(1, value => (isNullish(value) ? null : apply(value)));
}

function convertNumber(value: unknown): number {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Date) return value.getTime();
  const number = typeof value === 'string' ? Number(value === '' ? Number.NaN : value) : toNumber(value);
  if (Number.isNaN(number) && !isNumber(value)) {
    throw new CommandError(
      241,
      `Failed to parse number '${typeof value === 'string' ? value : typeOf(value)}' in $convert with no onError value`,
    );
  }
  return number;
}

export function mergeObjects(values: readonly unknown[]): Document {
  const merged: Document = {};
  for (const value of values) {
    if (isNullish(value)) continue;
    const document = asDocument(value);
    if (document === undefined)
      throw new CommandError(40400, `$mergeObjects requires object inputs, but input is of type ${typeOf(value)}`);
    Object.assign(merged, document);
  }
  return merged;
}

function setOf(value: unknown): unknown[] {
  const unique: unknown[] = [];
  for (const element of array('a set operator', value)) {
    if (!unique.some(known => valuesEqual(known, element))) unique.push(element);
  }
  return unique;
}

export const operators: Readonly<Record<string, Operator>> = {
  $eq: comparison(order => order === 0),
  $ne: comparison(order => order !== 0),
  $gt: comparison(order => order > 0),
  $gte: comparison(order => order >= 0),
  $lt: comparison(order => order < 0),
  $lte: comparison(order => order <= 0),
  $cmp: exactly(2, (left, right) => new Int32(Math.sign(compareValues(left, right)))),
  $not: exactly(1, value => isNullish(value) || value === false || (isNumber(value) && toNumber(value) === 0)),

  $add: fold('add', 0),
  $multiply: fold('multiply', 1),
  $subtract: exactly(2, (left, right) =>
    isNullish(left) || isNullish(right) ? null : arithmetic('subtract', left, right),
  ),
  $divide: exactly(2, divide),
  $mod: exactly(2, modulo),
  $abs: numeric('$abs', Math.abs),
  $ceil: numeric('$ceil', Math.ceil),
  $floor: numeric('$floor', Math.floor),
  $sqrt: numeric('$sqrt', Math.sqrt),
  $round: { min: 1, max: 2, apply: ([value, place]) => round(value, place, bankersRound) },
  $trunc: { min: 1, max: 2, apply: ([value, place]) => round(value, place, Math.trunc) },

  $concat: anyNumber(concat),
  $toUpper: exactly(1, value => text('$toUpper', value).toUpperCase()),
  $toLower: exactly(1, value => text('$toLower', value).toLowerCase()),
  $strLenCP: exactly(1, value => new Int32(Array.from(text('$strLenCP', value)).length)),
  $strLenBytes: exactly(1, value => new Int32(Buffer.byteLength(text('$strLenBytes', value)))),
  $substrCP: exactly(3, (value, start, length) => {
    const from = toNumber(start);
    return Array.from(text('$substrCP', value))
      .slice(from, from + toNumber(length))
      .join('');
  }),
  $split: exactly(2, (value, separator) =>
    isNullish(value) ? null : text('$split', value).split(text('$split', separator)),
  ),

  $size: exactly(1, value => new Int32(array('$size', value).length)),
  $isArray: exactly(1, value => Array.isArray(value)),
  $arrayElemAt: exactly(2, (value, position) => elementAt('$arrayElemAt', value, toNumber(position))),
  $first: exactly(1, value => elementAt('$first', value, 0)),
  $last: exactly(1, value => elementAt('$last', value, -1)),
  $in: exactly(2, (value, values) => array('$in', values).some(element => valuesEqual(element, value))),
  $concatArrays: anyNumber(values =>
    values.some(isNullish) ? null : values.flatMap(value => array('$concatArrays', value)),
  ),
  $reverseArray: exactly(1, value => (isNullish(value) ? null : array('$reverseArray', value).toReversed())),
  $slice: {
    min: 2,
    max: 3,
    apply: ([value, first, second]) => {
      if (isNullish(value)) return null;
      const values = array('$slice', value);
      if (second !== undefined) {
        const start = toNumber(first) < 0 ? Math.max(0, values.length + toNumber(first)) : toNumber(first);
        return values.slice(start, start + toNumber(second));
      }
      const count = toNumber(first);
      return count < 0 ? values.slice(count) : values.slice(0, count);
    },
  },
  $setUnion: anyNumber(values =>
    values.some(isNullish) ? null : setOf(values.flatMap(value => array('$setUnion', value))),
  ),
  $setIntersection: anyNumber(values => {
    if (values.some(isNullish)) return null;
    const [first, ...rest] = values.map(setOf);
    return (first ?? []).filter(value => rest.every(set => set.some(other => valuesEqual(other, value))));
  }),

  $mergeObjects: anyNumber(values =>
    mergeObjects(values.length === 1 && Array.isArray(values[0]) ? values[0] : values),
  ),
  $objectToArray: exactly(1, value => {
    if (isNullish(value)) return null;
    return Object.entries(asDocument(value) ?? {}).map(([k, v]) => ({ k, v }));
  }),
  $arrayToObject: exactly(1, value => {
    if (isNullish(value)) return null;
    return Object.fromEntries(
      array('$arrayToObject', value).map(pair => {
        const [k, v] = Array.isArray(pair) ? (pair as unknown[]) : [asDocument(pair)?.['k'], asDocument(pair)?.['v']];
        return [String(k), v];
      }),
    );
  }),

  $sum: spread(sumOf),
  $avg: spread(averageOf),
  $min: spread(values => extremeOf(values, -1)),
  $max: spread(values => extremeOf(values, 1)),

  $type: exactly(1, typeOf),
  $toString: convert(value =>
    value instanceof ObjectId
      ? value.toHexString()
      : typeof value === 'boolean'
        ? String(value)
        : text('$toString', value),
  ),
  $toInt: convert(value => new Int32(Math.trunc(convertNumber(value)))),
  $toLong: convert(value => Long.fromNumber(Math.trunc(convertNumber(value)))),
  $toDouble: convert(value => new Double(convertNumber(value))),
  $toBool: convert(value => (typeof value === 'boolean' ? value : !isNumber(value) || toNumber(value) !== 0)),
  $toObjectId: convert(value => (value instanceof ObjectId ? value : new ObjectId(text('$toObjectId', value)))),
  $toDate: convert(value =>
    value instanceof Date ? value : typeof value === 'string' ? new Date(value) : new Date(toNumber(value)),
  ),
  $range: {
    min: 2,
    max: 3,
    apply: ([start, end, step]) => {
      const by = step === undefined ? 1 : toNumber(step);
      const values: Int32[] = [];
      for (let value = toNumber(start); by > 0 ? value < toNumber(end) : value > toNumber(end); value += by)
        values.push(new Int32(value));
      return values;
    },
  },
};
