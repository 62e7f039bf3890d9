import { isNumber, toInteger } from '../bson/numbers.js';
import { asDocument, type Document, isDocument } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';

/** Makes of a value one whose strings compare by their bytes as the originals do by the collation. */
export type Fold = <Value>(value: Value) => Value;

const known: ReadonlySet<string> = new Set([
  ...['locale', 'strength', 'caseLevel', 'caseFirst', 'numericOrdering', 'alternate', 'maxVariable', 'backwards'],
  ...['normalization', 'version'],
]);

/** undefined for the simple collation, which is that of bytes. Strengths 4 and 5 are taken as 3. */
export function compileCollation(collation: Document | undefined): Fold | undefined {
  if (collation === undefined) return undefined;
  const { locale, strength = 3, caseLevel, numericOrdering } = collation;
  if (typeof locale !== 'string') {
    throw new CommandError(ErrorCode.IDLFailedToParse, "BSON field 'collation.locale' is missing but a required field");
  }
  const unknown = Object.keys(collation).find(name => !known.has(name));
  if (unknown !== undefined) {
    throw new CommandError(ErrorCode.IDLUnknownField, `BSON field 'collation.${unknown}' is an unknown field.`);
  }
  if (locale === 'simple') return undefined;
  const level = isNumber(strength) ? toInteger(strength) : typeof strength === 'number' ? strength : undefined;
  if (level === undefined || level < 1 || level > 5) {
    throw new CommandError(
      ErrorCode.BadValue,
      `Enumeration value '${String(strength)}' for field 'collation.strength' is invalid.`,
    );
  }
  const keyOf = (text: string): string => collationKey(text, level, caseLevel === true, numericOrdering === true);
  return value => foldValue(value, keyOf) as typeof value;
}

/** Base letters first; then accents and then case, as far as the strength goes. */
function collationKey(text: string, strength: number, caseLevel: boolean, numeric: boolean): string {
  const letters = text.normalize('NFD');
  const bases = letters.replace(/\p{M}/gu, '');
  const primary = numeric ? bases.replace(/\d+/g, digits => digits.padStart(20, '0')) : bases;
  const parts = [primary.toLowerCase()];
  if (strength >= 2) parts.push(letters.replace(/[^\p{M}]/gu, ' ').trimEnd());
  if (strength >= 3 || caseLevel) {
    parts.push(Array.from(bases, letter => (letter === letter.toLowerCase() ? '0' : '1')).join(''));
  }
  return parts.join('\0');
}

function foldValue(value: unknown, keyOf: (text: string) => string): unknown {
  if (typeof value === 'string') return keyOf(value);
  if (Array.isArray(value)) return value.map(item => foldValue(item, keyOf));
  if (!isDocument(value)) return value;
  const fields = Object.entries(asDocument(value) ?? {}).map(
    ([name, field]) => [name, foldValue(field, keyOf)] as const,
  );
  return Object.fromEntries(fields);
}
