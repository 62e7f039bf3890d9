import { type Binary, BSONRegExp, Long } from 'bson';
import { isNumber, toInteger, toNumber } from '../bson/numbers.js';
import { type TypeName, typeOf } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { canonicalKey, compareValues, rankOf, valuesEqual } from './compare.js';

/** A test of one value; undefined stands for a missing field. */
export type ValueTest = (value: unknown) => boolean;

export function compileValueTest(operator: string, operand: unknown): ValueTest {
  switch (operator) {
    case '$eq':
      return compileEquality(operand);
    case '$gt':
      return compileOrder(operand, order => order > 0, false);
    case '$gte':
      return compileOrder(operand, order => order >= 0, true);
    case '$lt':
      return compileOrder(operand, order => order < 0, false);
    case '$lte':
      return compileOrder(operand, order => order <= 0, true);
    case '$in':
      return compileIn(operand);
    case '$regex':
      return compileRegexOperator(operand as { pattern: unknown; options: unknown });
    case '$mod':
      return compileMod(operand);
    case '$size':
      return compileSize(operand);
    case '$type':
      return compileType(operand);
    case '$bitsAllSet':
    case '$bitsAnySet':
    case '$bitsAllClear':
    case '$bitsAnyClear':
      return compileBits(operator, operand);
    case '$comment':
      return () => true;
    default:
      throw new CommandError(ErrorCode.BadValue, `unknown operator: ${operator}`);
  }
}

function compileEquality(operand: unknown): ValueTest {
  if (operand === null || operand === undefined) return value => value === undefined || value === null;
  if (operand instanceof BSONRegExp) {
    const matches = compileRegex(operand.pattern, operand.options);
    return value => matches(value) || valuesEqual(value, operand);
  }
  if (typeof operand === 'string')
    return value => value === operand || (typeOf(value) === 'symbol' && valuesEqual(value, operand));
  return value => value !== undefined && valuesEqual(value, operand);
}

/** Values of other types neither precede nor follow in a query: only MinKey and MaxKey are compared with everything. */
function compileOrder(operand: unknown, accepts: (order: number) => boolean, orEqual: boolean): ValueTest {
  if (operand === null || operand === undefined) {
    return value => orEqual && (value === undefined || value === null);
  }
  if (operand instanceof BSONRegExp)
    throw new CommandError(ErrorCode.BadValue, "Can't have RegEx as arg to predicate over field.");
  const rank = rankOf(operand);
  const isBound = typeOf(operand) === 'minKey' || typeOf(operand) === 'maxKey';
  const isNaN = isNumber(operand) && Number.isNaN(toNumber(operand));
  return value => {
    if (value === undefined) return false;
    if (!isBound && rankOf(value) !== rank) return false;
    if (isNumber(value) && isNumber(operand) && (isNaN || Number.isNaN(toNumber(value)))) {
      return orEqual && isNaN && Number.isNaN(toNumber(value));
    }
    return accepts(compareValues(value, operand));
  };
}

function compileIn(operand: unknown): ValueTest {
  if (!Array.isArray(operand)) throw new CommandError(ErrorCode.BadValue, '$in needs an array');
  const values: readonly unknown[] = operand;
  const keys = new Set(values.filter(value => !(value instanceof BSONRegExp)).map(canonicalKey));
  const regexes = values.filter(value => value instanceof BSONRegExp).map(compileEquality);
  return value => keys.has(canonicalKey(value)) || regexes.some(test => test(value));
}

function compileRegexOperator(operand: { pattern: unknown; options: unknown }): ValueTest {
  const { pattern, options } = operand;
  if (options !== undefined && typeof options !== 'string') {
    throw new CommandError(ErrorCode.BadValue, '$options has to be a string');
  }
  if (pattern instanceof BSONRegExp) {
    if (options !== undefined && pattern.options !== '') {
      throw new CommandError(51074, 'options set in both $regex and $options');
    }
    return compileRegex(pattern.pattern, options ?? pattern.options);
  }
  if (typeof pattern !== 'string') throw new CommandError(ErrorCode.BadValue, '$regex has to be a string');
  return compileRegex(pattern, options ?? '');
}

function compileRegex(pattern: string, options: string): ValueTest {
  let source = pattern;
  for (const option of options) {
    if (!'imsxu'.includes(option)) throw new CommandError(51108, `invalid flag in regex options: ${option}`);
  }
  // PCRE's extended syntax: white space and comments in the pattern do not count.
  if (options.includes('x')) source = source.replaceAll(/\\.|\s+|#.*$/gm, part => (part.startsWith('\\') ? part : ''));
  const flags = ['i', 'm', 's'].filter(flag => options.includes(flag)).join('');
  const regex = toRegExp(source, flags);
  return value => (typeof value === 'string' || typeOf(value) === 'symbol') && regex.test(String(value));
}

function toRegExp(pattern: string, flags: string): RegExp {
  // PCRE allows inline flags at the start, which this JavaScript does not know.
  const inline = /^\(\?([ims]+)\)/.exec(pattern);
  const allFlags = [...new Set(flags + (inline?.[1] ?? ''))].join('');
  try {
    return new RegExp(pattern.slice(inline?.[0].length ?? 0), allFlags);
  } catch (error) {
    throw new CommandError(51091, `Regular expression is invalid: ${(error as Error).message}`);
  }
}

function compileMod(operand: unknown): ValueTest {
  if (!Array.isArray(operand)) throw new CommandError(ErrorCode.BadValue, 'malformed mod, needs to be an array');
  if (operand.length < 2) throw new CommandError(ErrorCode.BadValue, 'malformed mod, not enough elements');
  if (operand.length > 2) throw new CommandError(ErrorCode.BadValue, 'malformed mod, too many elements');
  const [divisor, remainder] = operand.map((part: unknown) => {
    if (!isNumber(part)) throw new CommandError(ErrorCode.BadValue, 'malformed mod, divisor not a number');
    return Math.trunc(toNumber(part));
  });
  if (divisor === undefined || divisor === 0) throw new CommandError(ErrorCode.BadValue, 'divisor cannot be 0');
  return value => isNumber(value) && (Math.trunc(toNumber(value)) % divisor || 0) === remainder;
}

function compileSize(operand: unknown): ValueTest {
  const size = toInteger(operand);
  if (size === undefined) {
    throw new CommandError(ErrorCode.BadValue, 'Failed to parse $size. Expected a number in: $size');
  }
  if (size < 0)
    throw new CommandError(ErrorCode.BadValue, 'Failed to parse $size. Expected a non-negative number in: $size');
  return value => Array.isArray(value) && value.length === size;
}

const typeNumbers: Readonly<Record<number, TypeName>> = {
  [-1]: 'minKey',
  1: 'double',
  2: 'string',
  3: 'object',
  4: 'array',
  5: 'binData',
  7: 'objectId',
  8: 'bool',
  9: 'date',
  10: 'null',
  11: 'regex',
  13: 'javascript',
  14: 'symbol',
  15: 'javascriptWithScope',
  16: 'int',
  17: 'timestamp',
  18: 'long',
  19: 'decimal',
  127: 'maxKey',
};
const typeNames: ReadonlySet<string> = new Set(Object.values(typeNumbers));

export function compileType(operand: unknown): ValueTest {
  const wanted = new Set<TypeName>();
  for (const part of Array.isArray(operand) ? (operand as unknown[]) : [operand]) {
    if (part === 'number') ['int', 'long', 'double', 'decimal'].forEach(name => wanted.add(name as TypeName));
    else if (typeof part === 'string') {
      if (!typeNames.has(part)) throw new CommandError(ErrorCode.BadValue, `Unknown type name alias: ${part}`);
      wanted.add(part as TypeName);
    } else {
      const name = isNumber(part) ? typeNumbers[toNumber(part)] : undefined;
      if (name === undefined) throw new CommandError(ErrorCode.BadValue, 'Invalid numerical type code');
      wanted.add(name);
    }
  }
  return value => wanted.has(typeOf(value));
}

function compileBits(operator: string, operand: unknown): ValueTest {
  const mask = bitMask(operator, operand);
  return value => {
    const bits = bitsOf(value);
    if (bits === undefined) return false;
    switch (operator) {
      case '$bitsAllSet':
        return (bits & mask) === mask;
      case '$bitsAnySet':
        return (bits & mask) !== 0n;
      case '$bitsAllClear':
        return (bits & mask) === 0n;
      default:
        return (bits & mask) !== mask;
    }
  };
}

function bitMask(operator: string, operand: unknown): bigint {
  if (Array.isArray(operand))
    return operand.reduce((mask: bigint, bit) => mask | (1n << BigInt(toInteger(bit) ?? 0)), 0n);
  const bits = bitsOf(operand);
  if (bits === undefined || bits < 0n) {
    throw new CommandError(ErrorCode.BadValue, `${operator} takes an Array, a number, or a BinData`);
  }
  return bits;
}

function bitsOf(value: unknown): bigint | undefined {
  if (typeOf(value) === 'binData') {
    const binary = value as Binary;
    const bytes = Buffer.from(binary.buffer.subarray(0, binary.position)).reverse();
    return BigInt(`0x${bytes.toString('hex') || '0'}`);
  }
  if (value instanceof Long) return value.toBigInt();
  const integer = toInteger(value);
  return integer === undefined ? undefined : BigInt(integer);
}
