import { asDocument, type Document, fieldOf } from '../bson/types.js';

export type Path = readonly string[];

export function parsePath(path: string): Path {
  return path.split('.');
}

/** 0, 1, 2… as they stand in a path; undefined for anything else. */
export function arrayIndex(part: string): number | undefined {
  return /^(0|[1-9]\d*)$/.test(part) ? Number(part) : undefined;
}

/** Receives a value that a path reaches (undefined: the field is missing) and says whether to stop. */
export type Visitor = (value: unknown, outerIndex: number | undefined) => boolean;

/**
 * Visits every value that a path reaches. An array on the way stands for each of its documents, and for the element
 * that a number in the path names; an array at the end is visited as it is. `outerIndex` is the position in the
 * outermost array, which is what the positional operator `$` means.
 */
export function visitPath(start: unknown, path: Path, visit: Visitor): boolean {
  return visitFrom(start, path, 0, visit, undefined);
}

function visitFrom(value: unknown, path: Path, depth: number, visit: Visitor, outer: number | undefined): boolean {
  const part = path[depth];
  if (part === undefined) return visit(value, outer);
  if (!Array.isArray(value)) {
    const document = asDocument(value);
    if (document === undefined) return visit(undefined, outer);
    return visitFrom(fieldOf(document, part), path, depth + 1, visit, outer);
  }
  const position = arrayIndex(part);
  if (position !== undefined && position < value.length) {
    if (visitFrom(value[position], path, depth + 1, visit, outer)) return true;
  }
  for (let index = 0; index < value.length; index++) {
    const element: unknown = value[index];
    if (asDocument(element) !== undefined && visitFrom(element, path, depth, visit, outer ?? index)) return true;
  }
  return false;
}

/** The values that sorting and indexes use: arrays at the end are opened too. An empty array is undefined there. */
export function collectKeyValues(start: unknown, path: Path): unknown[] {
  const values: unknown[] = [];
  visitPath(start, path, value => {
    if (!Array.isArray(value)) values.push(value ?? null);
    else if (value.length === 0) values.push(undefined);
    else values.push(...(value as unknown[]));
    return false;
  });
  return values.length === 0 ? [null] : values;
}

/** The one value at a path through documents; arrays are not opened. */
export function fieldAt(document: Document, path: string): unknown {
  return path.split('.').reduce<unknown>((value, part) => fieldOf(asDocument(value) ?? {}, part), document);
}
