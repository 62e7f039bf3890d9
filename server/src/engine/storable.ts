import { asDocument, type Document } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';

/** What a stored document may be called inside: since 5.0 nearly everything, but never a dollar in its _id. */
export function checkStorable(document: Document, allowsDollars: boolean): void {
  for (const [name, value] of Object.entries(document)) {
    if (name === '_id') checkDollars(value, "_id fields may not contain '$'-prefixed fields: ");
  }
  if (!allowsDollars) checkDollars(document, '');
}

/** A DBRef has dollars of its own. */
const references: ReadonlySet<string> = new Set(['$ref', '$id', '$db']);

function checkDollars(value: unknown, prefix: string): void {
  if (Array.isArray(value)) {
    for (const item of value) checkDollars(item, prefix);
    return;
  }
  const document = asDocument(value);
  if (document === undefined) return;
  for (const [name, field] of Object.entries(document)) {
    if (name.startsWith('$') && !references.has(name)) {
      throw new CommandError(
        ErrorCode.DollarPrefixedFieldName,
        `${prefix}The dollar ($) prefixed field '${name}' in '${name}' is not valid for storage.`,
      );
    }
    checkDollars(field, prefix);
  }
}
