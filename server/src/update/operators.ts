import { Int32, Timestamp } from 'bson';
import { formatValue } from '../bson/format.js';
import { calculate, isNumber, toInteger, toNumber } from '../bson/numbers.js';
import { cloneValue, type Document, isDocument, typeOf } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { compareValues, valuesEqual } from '../query/compare.js';
import { compilePull, compilePush, elementsToAdd } from './array_operators.js';
import { resolveSlots, type Slot } from './paths.js';
import { type UpdateContext } from './types.js';

/** Applies one operator to one path of a document, in place. */
export type FieldUpdate = (document: Document, context: UpdateContext) => void;

export function compileFieldUpdate(operator: string, path: string, operand: unknown): FieldUpdate {
  switch (operator) {
    case '$set':
      return onSlots(path, true, slot => slot.set(cloneValue(operand)));
    case '$setOnInsert':
      return (document, context) => {
        if (context.isInsert) onSlots(path, true, slot => slot.set(cloneValue(operand)))(document, context);
      };
    case '$unset':
      return onSlots(path, false, slot => slot.unset());
    case '$inc':
    case '$mul':
      return compileArithmetic(operator, path, operand);
    case '$min':
      return onSlots(path, true, slot => replaceIf(slot, operand, order => order > 0));
    case '$max':
      return onSlots(path, true, slot => replaceIf(slot, operand, order => order < 0));
    case '$currentDate':
      return compileCurrentDate(path, operand);
    case '$rename':
      return compileRename(path, operand);
    case '$push':
      return compileArray(path, compilePush(operand), true);
    case '$addToSet':
      return compileAddToSet(path, operand);
    case '$pull':
      return compileArray(path, compilePull(operand), false);
    case '$pullAll': {
      if (!Array.isArray(operand))
        throw new CommandError(
          ErrorCode.BadValue,
          '$pullAll requires an array argument but was given a ' + typeOf(operand),
        );
      const values: readonly unknown[] = operand;
      return compileArray(
        path,
        array => array.filter(element => !values.some(value => valuesEqual(value, element))),
        false,
      );
    }
    case '$pop':
      return compilePop(path, operand);
    default:
      throw new CommandError(
        ErrorCode.FailedToParse,
        `Unknown modifier: ${operator}. Expected a valid update modifier or pipeline-style update specified as an array`,
      );
  }
}

function onSlots(
  path: string,
  create: boolean,
  apply: (slot: Slot, document: Document, context: UpdateContext) => void,
): FieldUpdate {
  return (document, context) => {
    for (const slot of resolveSlots(document, path, context, create)) apply(slot, document, context);
  };
}

function compileArithmetic(operator: '$inc' | '$mul', path: string, operand: unknown): FieldUpdate {
  if (!isNumber(operand)) {
    const verb = operator === '$inc' ? 'increment' : 'multiply';
    throw new CommandError(
      ErrorCode.TypeMismatch,
      `Cannot ${verb} with non-numeric argument: {${path}: ${formatValue(operand)}}`,
    );
  }
  return onSlots(path, true, (slot, document) => {
    const current = slot.get();
    if (current === undefined) {
      slot.set(operator === '$inc' ? operand : calculate('multiply', operand, new Int32(0)));
      return;
    }
    if (!isNumber(current)) {
      const id = formatValue(document['_id']);
      const field = path.split('.').at(-1) ?? path;
      throw new CommandError(
        ErrorCode.TypeMismatch,
        `Cannot apply ${operator} to a value of non-numeric type. {_id: ${id}} has the field '${field}' of non-numeric type ${typeOf(current)}`,
      );
    }
    slot.set(calculate(operator === '$inc' ? 'add' : 'multiply', current, operand));
  });
}

function replaceIf(slot: Slot, operand: unknown, accepts: (order: number) => boolean): void {
  const current = slot.get();
  if (current === undefined || accepts(compareValues(current, operand))) slot.set(cloneValue(operand));
}

function compileCurrentDate(path: string, operand: unknown): FieldUpdate {
  const type = isDocument(operand) ? operand['$type'] : operand;
  if (type !== 'timestamp' && type !== 'date' && typeof type !== 'boolean') {
    throw new CommandError(
      ErrorCode.BadValue,
      `${typeOf(operand)} is not valid type for $currentDate. Please use a boolean ('true') or a $type expression ({$type: 'timestamp/date'}).`,
    );
  }
  return onSlots(path, true, (slot, _document, { wallTime }) => {
    slot.set(type === 'timestamp' ? new Timestamp({ t: Math.floor(wallTime / 1000), i: 1 }) : new Date(wallTime));
  });
}

function compileRename(path: string, operand: unknown): FieldUpdate {
  if (typeof operand !== 'string') {
    throw new CommandError(
      ErrorCode.BadValue,
      `The 'to' field for $rename must be a string: ${path}: ${formatValue(operand)}`,
    );
  }
  if (operand === path) {
    throw new CommandError(
      ErrorCode.BadValue,
      `The source and target field for $rename must differ: ${path}: "${path}"`,
    );
  }
  return (document, context) => {
    const [source] = resolveSlots(document, path, context, false);
    const value = source?.get();
    if (source === undefined || value === undefined) return;
    source.unset();
    const [target] = resolveSlots(document, operand, context, true);
    target?.set(value);
  };
}

/** An operator on an array; with `create` a missing field counts as an empty array, without it nothing happens. */
function compileArray(path: string, change: (array: unknown[]) => unknown[], create: boolean): FieldUpdate {
  return onSlots(path, create, (slot, document) => {
    const current = slot.get();
    if (current === undefined && !create) return;
    if (current !== undefined && !Array.isArray(current)) {
      if (!create) throw new CommandError(ErrorCode.BadValue, 'Cannot apply $pull to a non-array value');
      const id = formatValue(document['_id']);
      throw new CommandError(
        ErrorCode.BadValue,
        `The field '${path}' must be an array but is of type ${typeOf(current)} in document {_id: ${id}}`,
      );
    }
    slot.set(change((current as unknown[] | undefined) ?? []));
  });
}

function compileAddToSet(path: string, operand: unknown): FieldUpdate {
  const values = elementsToAdd('$addToSet', operand);
  return compileArray(
    path,
    array => {
      const result = [...array];
      for (const value of values) {
        if (!result.some(element => valuesEqual(element, value))) result.push(cloneValue(value));
      }
      return result;
    },
    true,
  );
}

function compilePop(path: string, operand: unknown): FieldUpdate {
  const direction = toInteger(operand);
  if (direction !== 1 && direction !== -1) {
    throw new CommandError(
      ErrorCode.FailedToParse,
      `$pop expects 1 or -1, found: ${isNumber(operand) ? toNumber(operand) : formatValue(operand)}`,
    );
  }
  const pop = (array: unknown[]): unknown[] => (direction === 1 ? array.slice(0, -1) : array.slice(1));
  return onSlots(path, false, slot => {
    const current = slot.get();
    if (current === undefined) return;
    if (!Array.isArray(current)) {
      throw new CommandError(
        ErrorCode.TypeMismatch,
        `Path '${path}' contains an element of non-array type '${typeOf(current)}'`,
      );
    }
    slot.set(pop(current));
  });
}
