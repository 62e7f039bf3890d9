import { isNumber, toInteger } from '../bson/numbers.js';
import { cloneValue, type Document, isDocument, typeOf } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { compareValues, valuesEqual } from '../query/compare.js';
import { compileElementTest } from '../query/match.js';
import { compileSort } from '../query/sort.js';
import { compileValueTest } from '../query/value_tests.js';

type ArrayChange = (array: unknown[]) => unknown[];

/** The values that $push and $addToSet add: one, or those of $each. */
export function elementsToAdd(operator: string, operand: unknown): readonly unknown[] {
  if (!isDocument(operand) || !('$each' in operand)) return [operand];
  const each = operand['$each'];
  if (!Array.isArray(each)) {
    throw new CommandError(
      ErrorCode.TypeMismatch,
      `The argument to $each in ${operator} must be an array but it was of type ${typeOf(each)}`,
    );
  }
  return each;
}

export function compilePush(operand: unknown): ArrayChange {
  const values = elementsToAdd('$push', operand);
  const modifiers = isDocument(operand) && '$each' in operand ? operand : {};
  for (const name of Object.keys(modifiers)) {
    if (!['$each', '$slice', '$sort', '$position'].includes(name)) {
      throw new CommandError(ErrorCode.BadValue, `Unrecognized clause in $push: ${name}`);
    }
  }
  const position = optionalInteger(modifiers, '$position');
  const slice = optionalInteger(modifiers, '$slice');
  const sort = '$sort' in modifiers ? compilePushSort(modifiers['$sort']) : undefined;
  return array => {
    const at = position === undefined ? array.length : position < 0 ? Math.max(0, array.length + position) : position;
    const added = [...array.slice(0, at), ...values.map(cloneValue), ...array.slice(at)];
    const sorted = sort === undefined ? added : sort(added);
    if (slice === undefined) return sorted;
    return slice < 0 ? sorted.slice(slice) : sorted.slice(0, slice);
  };
}

function optionalInteger(modifiers: Document, name: string): number | undefined {
  if (!(name in modifiers)) return undefined;
  const value = toInteger(modifiers[name]);
  if (value === undefined) {
    throw new CommandError(
      ErrorCode.BadValue,
      `The value for ${name} must be an integer value but was given type: ${typeOf(modifiers[name])}`,
    );
  }
  return value;
}

function compilePushSort(specification: unknown): ArrayChange {
  if (isDocument(specification)) {
    const sorter = compileSort(specification);
    return array => sorter(array, element => element);
  }
  const direction = isNumber(specification) ? toInteger(specification) : undefined;
  if (direction !== 1 && direction !== -1) {
    throw new CommandError(ErrorCode.BadValue, 'The $sort element value must be either 1 or -1');
  }
  return array => array.toSorted((left, right) => compareValues(left, right) * direction);
}

/** $pull takes a value, a regex, conditions on the elements ({$gte: 5}) or on their fields ({price: 1}). */
export function compilePull(operand: unknown): ArrayChange {
  if (isDocument(operand)) {
    const matches = compileElementTest(operand);
    return array => array.filter(element => !matches(element));
  }
  const matches = typeOf(operand) === 'regex' ? compileValueTest('$eq', operand) : undefined;
  return array => array.filter(element => !(matches?.(element) ?? valuesEqual(element, operand)));
}
