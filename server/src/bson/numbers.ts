import { Decimal128, Double, Int32, Long } from 'bson';
import { typeOf } from './types.js';

/** A number exactly as it is: digits × 10^exponent. Doubles are dyadic fractions, so they have a finite one too. */
interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

const maxLong = 2n ** 63n - 1n;
const minLong = -(2n ** 63n);

export function isNumber(value: unknown): boolean {
  switch (typeOf(value)) {
    case 'int':
    case 'long':
    case 'double':
    case 'decimal':
      return true;
    default:
      return false;
  }
}

/** The nearest JavaScript number. */
export function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  if (value instanceof Int32 || value instanceof Double) return value.value;
  if (value instanceof Long) return value.toNumber();
  if (value instanceof Decimal128) return Number(value.toString());
  return typeof value === 'bigint' ? Number(value) : Number.NaN;
}

/** The number in decimal digits; a double that is whole has no fraction here. */
export function numberText(value: unknown): string {
  return value instanceof Long || value instanceof Decimal128 ? value.toString() : String(toNumber(value));
}

/** The number as an integer, or undefined when it is none (or no number at all). */
export function toInteger(value: unknown): number | undefined {
  if (!isNumber(value)) return undefined;
  const number = toNumber(value);
  return Number.isInteger(number) ? number : undefined;
}

/** NaN is the smallest number and equal to itself, as in BSON's order. */
export function compareNumbers(left: unknown, right: unknown): number {
  const a = toNumber(left);
  const b = toNumber(right);
  if (a !== b && !(Number.isNaN(a) && Number.isNaN(b))) {
    if (Number.isNaN(a)) return -1;
    if (Number.isNaN(b)) return 1;
  }
  if (Number.isNaN(a) || !Number.isFinite(a) || !Number.isFinite(b) || (isPlain(left) && isPlain(right))) {
    return a < b ? -1 : a > b ? 1 : 0;
  }
  return compareDecimals(exactOf(left), exactOf(right));
}

function isPlain(value: unknown): boolean {
  return typeof value === 'number' || value instanceof Int32 || value instanceof Double;
}

/** One text for all numbers that are equal, whatever their type. */
export function numberKey(value: unknown): string {
  const number = toNumber(value);
  if (Number.isSafeInteger(number) && !(value instanceof Decimal128)) return String(number === 0 ? 0 : number);
  if (!Number.isFinite(number) && !isHugeDecimal(value)) return String(number);
  const { digits, exponent } = normalized(exactOf(value));
  return exponent === 0
    ? String(digits)
    : exponent > 0 && exponent < 40
      ? String(digits * 10n ** BigInt(exponent))
      : `${String(digits)}e${exponent}`;
}

function isHugeDecimal(value: unknown): boolean {
  return value instanceof Decimal128 && /\d/.test(value.toString());
}

function normalized({ digits, exponent }: Decimal): Decimal {
  if (digits === 0n) return { digits, exponent: 0 };
  let shorter = digits;
  let larger = exponent;
  while (shorter % 10n === 0n) {
    shorter /= 10n;
    larger++;
  }
  return { digits: shorter, exponent: larger };
}

function exactOf(value: unknown): Decimal {
  if (value instanceof Long) return { digits: value.toBigInt(), exponent: 0 };
  if (typeof value === 'bigint') return { digits: value, exponent: 0 };
  if (value instanceof Decimal128) return parseDecimal(value.toString());
  return exactOfDouble(toNumber(value));
}

function exactOfDouble(value: number): Decimal {
  let scaled = value;
  let halvings = 0;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    halvings++;
  }
  return { digits: BigInt(scaled) * 5n ** BigInt(halvings), exponent: -halvings };
}

function parseDecimal(text: string): Decimal {
  const match = /^(-?)(\d*)(?:\.(\d*))?(?:E([+-]?\d+))?$/i.exec(text);
  if (match === null) return { digits: 0n, exponent: 0 };
  const [, sign = '', whole = '', fraction = '', power = '0'] = match;
  const digits = BigInt(`${whole}${fraction}` || '0');
  return { digits: sign === '-' ? -digits : digits, exponent: Number(power) - fraction.length };
}

function aligned(left: Decimal, right: Decimal): [bigint, bigint, number] {
  const exponent = Math.min(left.exponent, right.exponent);
  return [
    left.digits * 10n ** BigInt(left.exponent - exponent),
    right.digits * 10n ** BigInt(right.exponent - exponent),
    exponent,
  ];
}

function compareDecimals(left: Decimal, right: Decimal): number {
  const [a, b] = aligned(left, right);
  return a < b ? -1 : a > b ? 1 : 0;
}

export type Operation = 'add' | 'subtract' | 'multiply';

/** Arithmetic with the server's result types: the widest operand decides, and an int that overflows becomes a long. */
export function calculate(operation: Operation, left: unknown, right: unknown): unknown {
  const types = [typeOf(left), typeOf(right)];
  if (types.includes('decimal')) return calculateDecimal(operation, left, right);
  if (types.includes('double')) return new Double(calculateDouble(operation, toNumber(left), toNumber(right)));
  const result = calculateInteger(operation, exactOf(left).digits, exactOf(right).digits);
  if (!types.includes('long') && BigInt.asIntN(32, result) === result) return new Int32(Number(result));
  if (result > maxLong || result < minLong) return new Double(Number(result));
  return Long.fromBigInt(result);
}

function calculateDouble(operation: Operation, left: number, right: number): number {
  switch (operation) {
    case 'add':
      return left + right;
    case 'subtract':
      return left - right;
    case 'multiply':
      return left * right;
  }
}

function calculateInteger(operation: Operation, left: bigint, right: bigint): bigint {
  switch (operation) {
    case 'add':
      return left + right;
    case 'subtract':
      return left - right;
    case 'multiply':
      return left * right;
  }
}

function calculateDecimal(operation: Operation, left: unknown, right: unknown): Decimal128 {
  const numbers = [toNumber(left), toNumber(right)] as const;
  if (!numbers.every(Number.isFinite)) {
    return Decimal128.fromString(String(calculateDouble(operation, ...numbers)));
  }
  const a = exactOf(left);
  const b = exactOf(right);
  if (operation === 'multiply') return toDecimal128({ digits: a.digits * b.digits, exponent: a.exponent + b.exponent });
  const [x, y, exponent] = aligned(a, b);
  return toDecimal128({ digits: calculateInteger(operation, x, y), exponent });
}

function toDecimal128({ digits, exponent }: Decimal): Decimal128 {
  return Decimal128.fromStringWithRounding(`${String(digits)}E${exponent}`);
}
