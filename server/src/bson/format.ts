import { type Binary, type BSONRegExp, type BSONSymbol, type Code, Double, type Timestamp } from 'bson';
import { isNumber, numberText } from './numbers.js';
import { asDocument, bsonClass } from './types.js';

/** A value as the server prints it in messages: { _id: 1, name: "x", when: new Date(0) }. */
export function formatValue(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  if (value instanceof Double) return Number.isInteger(value.value) ? `${value.value}.0` : String(value.value);
  if (isNumber(value)) return numberText(value);
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[ ${value.map(formatValue).join(', ')} ]`;
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  const document = asDocument(value);
  if (document !== undefined) {
    const fields = Object.entries(document).map(([name, field]) => `${name}: ${formatValue(field)}`);
    return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
  }
  return formatSpecial(value);
}

function formatSpecial(value: object): string {
  switch (bsonClass(value)) {
    case 'ObjectId':
      return `ObjectId('${(value as { toHexString(): string }).toHexString()}')`;
    case 'Binary':
      return formatBinary(value as Binary);
    case 'BSONRegExp':
      return `/${(value as BSONRegExp).pattern}/${(value as BSONRegExp).options}`;
    case 'Timestamp':
      return `Timestamp(${(value as Timestamp).t}, ${(value as Timestamp).i})`;
    case 'Code':
      return (value as Code).code;
    case 'MinKey':
      return 'MinKey';
    case 'MaxKey':
      return 'MaxKey';
    default:
      return (value as BSONSymbol).toString();
  }
}

function formatBinary(value: Binary): string {
  const hex = Buffer.from(value.buffer.subarray(0, value.position)).toString('hex').toUpperCase();
  if (value.sub_type !== 4 || hex.length !== 32) return `BinData(${value.sub_type}, ${hex})`;
  const lower = hex.toLowerCase();
  const parts = [lower.slice(0, 8), lower.slice(8, 12), lower.slice(12, 16), lower.slice(16, 20), lower.slice(20)];
  return `UUID("${parts.join('-')}")`;
}
