import { Int32 } from 'bson';
import { BsonDocument } from '../bson/document.js';
import { asDocument, type Document } from '../bson/types.js';

/** How an update changed a document, as change streams tell it. */
export interface UpdateDescription {
  readonly updatedFields: Document;
  readonly removedFields: string[];
  readonly truncatedArrays: Document[];
  /** The paths whose dots or numbers could be misread, in their parts. */
  readonly disambiguatedPaths: Document;
}

export function describeUpdate(before: Document, after: Document): UpdateDescription {
  const description: UpdateDescription = {
    updatedFields: {},
    removedFields: [],
    truncatedArrays: [],
    disambiguatedPaths: {},
  };
  compareDocuments(before, after, [], description);
  return description;
}

type Parts = readonly (string | number)[];

function compareDocuments(before: Document, after: Document, at: Parts, result: UpdateDescription): void {
  for (const name of Object.keys(before)) {
    if (!Object.hasOwn(after, name)) result.removedFields.push(pathOf([...at, name], result));
  }
  for (const [name, value] of Object.entries(after)) {
    const parts = [...at, name];
    if (Object.hasOwn(before, name)) compareValuesAt(before[name], value, parts, result);
    else result.updatedFields[pathOf(parts, result)] = value;
  }
}

function compareValuesAt(before: unknown, after: unknown, at: Parts, result: UpdateDescription): void {
  if (isSame(before, after)) return;
  const [old, changed] = [asDocument(before), asDocument(after)];
  if (old !== undefined && changed !== undefined) compareDocuments(old, changed, at, result);
  else if (Array.isArray(before) && Array.isArray(after)) compareArrays(before, after, at, result);
  else result.updatedFields[pathOf(at, result)] = after;
}

/** As bytes: 1 and 1.0 are not the same. */
function isSame(before: unknown, after: unknown): boolean {
  return BsonDocument.fromValue({ v: before }).bytes.equals(BsonDocument.fromValue({ v: after }).bytes);
}

function compareArrays(
  before: readonly unknown[],
  after: readonly unknown[],
  at: Parts,
  result: UpdateDescription,
): void {
  if (after.length < before.length) {
    result.truncatedArrays.push({ field: pathOf(at, result), newSize: new Int32(after.length) });
  }
  for (const [index, value] of after.entries()) {
    const parts = [...at, index];
    if (index < before.length) compareValuesAt(before[index], value, parts, result);
    else result.updatedFields[pathOf(parts, result)] = value;
  }
}

/** Remembers a path that its text alone does not tell: a field with a dot in it, or one that looks like an index. */
function pathOf(parts: Parts, { disambiguatedPaths }: UpdateDescription): string {
  const path = parts.join('.');
  const isAmbiguous = parts.some(part => typeof part === 'string' && (part.includes('.') || /^\d+$/.test(part)));
  if (isAmbiguous) {
    disambiguatedPaths[path] = parts.map(part => (typeof part === 'number' ? new Int32(part) : part));
  }
  return path;
}
