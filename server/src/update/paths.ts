import { formatValue } from '../bson/format.js';
import { asDocument, type Document, fieldOf, isDocument, setField } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { arrayIndex } from '../query/path.js';
import { type UpdateContext } from './types.js';

/** One place in a document that an update operator works on. */
export interface Slot {
  readonly path: string;
  get(): unknown;
  set(value: unknown): void;
  unset(): void;
}

/** How many elements an array may be padded by. */
const maxPadding = 1_500_000;

/**
 * The places that a path with `$`, `$[]` and `$[name]` names. With `create` missing documents on the way are made
 * when the slot is set; without it a path that leads nowhere names no place.
 */
export function resolveSlots(document: Document, path: string, context: UpdateContext, create: boolean): Slot[] {
  const parts = path.split('.');
  if (parts.includes('')) {
    throw new CommandError(
      ErrorCode.EmptyFieldName,
      `The update path '${path}' contains an empty field name, which is not allowed.`,
    );
  }
  return [...walk(document, parts, 0, [], context, create)];
}

function* walk(
  container: Document | unknown[],
  parts: readonly string[],
  depth: number,
  done: readonly string[],
  context: UpdateContext,
  create: boolean,
): Generator<Slot> {
  const part = parts[depth] ?? '';
  for (const name of expandPart(container, part, parts, context, create)) {
    const reached = [...done, name];
    if (depth === parts.length - 1) {
      if (Array.isArray(container) && arrayIndex(name) === undefined) {
        if (create) throw notViable(name, done, container);
        continue;
      }
      yield slotOf(container, name, reached.join('.'));
      continue;
    }
    let next = getIn(container, name);
    if (next === undefined && create) {
      next = {};
      setIn(container, name, next);
    }
    if (isDocument(next) || Array.isArray(next)) yield* walk(next, parts, depth + 1, reached, context, create);
    else if (create) throw notViable(parts[depth + 1] ?? '', reached, next);
  }
}

function notViable(name: string, reached: readonly string[], value: unknown): CommandError {
  const element = `{${reached.at(-1) ?? ''}: ${formatValue(value)}}`;
  return new CommandError(ErrorCode.PathNotViable, `Cannot create field '${name}' in element ${element}`);
}

/** The names that a part of the path stands for in this container. */
function expandPart(
  container: Document | unknown[],
  part: string,
  parts: readonly string[],
  context: UpdateContext,
  create: boolean,
): string[] {
  if (part === '$') {
    if (context.arrayIndex === undefined) {
      throw new CommandError(
        ErrorCode.BadValue,
        'The positional operator did not find the match needed from the query.',
      );
    }
    return [String(context.arrayIndex)];
  }
  const identifier = /^\$\[(.*)\]$/.exec(part)?.[1];
  if (identifier === undefined)
    return Array.isArray(container) && arrayIndex(part) === undefined && !create ? [] : [part];
  if (!Array.isArray(container)) {
    throw new CommandError(
      ErrorCode.BadValue,
      `Cannot apply array updates to non-array element ${formatValue(container)} at ${parts.join('.')}`,
    );
  }
  const indexes = [...container.keys()];
  if (identifier === '') return indexes.map(String);
  const matches = context.arrayFilters.get(identifier);
  if (matches === undefined) {
    throw new CommandError(
      ErrorCode.BadValue,
      `No array filter found for identifier '${identifier}' in path '${parts.join('.')}'`,
    );
  }
  return indexes.filter(index => matches(container[index])).map(String);
}

function slotOf(container: Document | unknown[], name: string, path: string): Slot {
  return {
    path,
    get: () => getIn(container, name),
    set: value => setIn(container, name, value),
    unset: () => {
      const index = arrayIndex(name);
      if (!Array.isArray(container)) Reflect.deleteProperty(container, name);
      else if (index !== undefined && index < container.length) container[index] = null;
    },
  };
}

function getIn(container: Document | unknown[], name: string): unknown {
  if (!Array.isArray(container)) return fieldOf(container, name);
  const index = arrayIndex(name);
  const value: unknown = index === undefined ? undefined : container[index];
  // A DBRef that an update steps into becomes the plain document that it is in BSON.
  return isDocument(value) ? value : (asDocument(value) ?? value);
}

function setIn(container: Document | unknown[], name: string, value: unknown): void {
  if (!Array.isArray(container)) {
    setField(container, name, value);
    return;
  }
  const index = arrayIndex(name);
  if (index === undefined) return;
  if (index - container.length > maxPadding) {
    throw new CommandError(ErrorCode.CannotMutateObject, `Cannot apply the update: array index ${index} is too large`);
  }
  while (container.length < index) container.push(null);
  container[index] = value;
}
