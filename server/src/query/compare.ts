import { type Binary, type BSONRegExp, type Code, type ObjectId, type Timestamp } from 'bson';
import { compareNumbers, numberKey } from '../bson/numbers.js';
import { asDocument, type TypeName, typeOf } from '../bson/types.js';

/** MongoDB's order of types; types of one rank are compared by value. */
const ranks: Readonly<Record<TypeName, number>> = {
  minKey: -1,
  missing: 0,
  null: 5,
  int: 10,
  long: 10,
  double: 10,
  decimal: 10,
  string: 15,
  symbol: 15,
  object: 20,
  array: 25,
  binData: 30,
  objectId: 35,
  bool: 40,
  date: 45,
  timestamp: 47,
  regex: 50,
  javascript: 60,
  javascriptWithScope: 65,
  maxKey: 127,
};

export function rankOf(value: unknown): number {
  return ranks[typeOf(value)];
}

/** BSON's total order: first by type, then by value. */
export function compareValues(left: unknown, right: unknown): number {
  if (typeof left === 'string' && typeof right === 'string') return compareStrings(left, right);
  const type = typeOf(left);
  const rank = ranks[type];
  const difference = rank - ranks[typeOf(right)];
  if (difference !== 0) return difference;
  switch (type) {
    case 'missing':
    case 'null':
    case 'minKey':
    case 'maxKey':
      return 0;
    case 'int':
    case 'long':
    case 'double':
    case 'decimal':
      return compareNumbers(left, right);
    case 'string':
    case 'symbol':
      return compareStrings(String(left), String(right));
    case 'object':
      return compareDocuments(left, right);
    case 'array':
      return compareArrays(left as unknown[], right as unknown[]);
    case 'binData':
      return compareBinary(left as Binary, right as Binary);
    case 'objectId':
      return Buffer.compare((left as ObjectId).id, (right as ObjectId).id);
    case 'bool':
      return Number(left) - Number(right);
    case 'date':
      return (left as Date).getTime() - (right as Date).getTime();
    case 'timestamp':
      return (left as Timestamp).compare(right as Timestamp);
    case 'regex':
      return compareRegexes(left as BSONRegExp, right as BSONRegExp);
    case 'javascript':
    case 'javascriptWithScope':
      return compareStrings((left as Code).code, (right as Code).code);
  }
}

export function valuesEqual(left: unknown, right: unknown): boolean {
  return compareValues(left, right) === 0;
}

/** By UTF-8 bytes, that is by code points; UTF-16 puts surrogate pairs before U+E000…U+FFFF. */
function compareStrings(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a === b) continue;
    if (a >= 0xd800 && b >= 0xd800) return isSurrogate(a) === isSurrogate(b) ? a - b : isSurrogate(a) ? 1 : -1;
    return a - b;
  }
  return left.length - right.length;
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}

/** Field by field: type of the value, then name, then value; a prefix comes first. */
function compareDocuments(left: unknown, right: unknown): number {
  const a = Object.entries(asDocument(left) ?? {});
  const b = Object.entries(asDocument(right) ?? {});
  for (let index = 0; index < a.length; index++) {
    const [name, value] = a[index] as [string, unknown];
    const other = b[index];
    if (other === undefined) return 1;
    const order = rankOf(value) - rankOf(other[1]) || compareStrings(name, other[0]) || compareValues(value, other[1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareArrays(left: readonly unknown[], right: readonly unknown[]): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const order = compareValues(left[index], right[index]);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareBinary(left: Binary, right: Binary): number {
  return (
    left.position - right.position ||
    left.sub_type - right.sub_type ||
    Buffer.compare(left.buffer.subarray(0, left.position), right.buffer.subarray(0, right.position))
  );
}

function compareRegexes(left: BSONRegExp, right: BSONRegExp): number {
  return compareStrings(left.pattern, right.pattern) || compareStrings(left.options, right.options);
}

/** One text for all values that are equal in BSON's order: the key of hash maps (1, 1.0 and Long 1 are one key). */
export function canonicalKey(value: unknown): string {
  const type = typeOf(value);
  switch (type) {
    case 'objectId':
      return `o${(value as ObjectId).toHexString()}`;
    case 'string':
    case 'symbol':
      return `s${String(value)}`;
    case 'int':
    case 'long':
    case 'double':
    case 'decimal':
      return `n${numberKey(value)}`;
    case 'missing':
    case 'null':
      return 'z';
    case 'minKey':
    case 'maxKey':
      return type;
    case 'bool':
      return value === true ? 'b1' : 'b0';
    case 'date':
      return `d${(value as Date).getTime()}`;
    case 'timestamp':
      return `t${(value as Timestamp).t}:${(value as Timestamp).i}`;
    case 'binData': {
      const binary = value as Binary;
      return `x${binary.sub_type}:${Buffer.from(binary.buffer.subarray(0, binary.position)).toString('hex')}`;
    }
    case 'regex':
      return `r${JSON.stringify([(value as BSONRegExp).pattern, (value as BSONRegExp).options])}`;
    case 'javascript':
    case 'javascriptWithScope':
      return `c${(value as Code).code}`;
    case 'array':
      return JSON.stringify((value as unknown[]).map(canonicalKey));
    case 'object':
      return `{${JSON.stringify(Object.entries(asDocument(value) ?? {}).map(([name, field]) => [name, canonicalKey(field)]))}`;
  }
}
