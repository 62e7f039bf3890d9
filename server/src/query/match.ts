import { asDocument, type Document, isDocument, typeOf } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { compileExpression, isTrue } from '../expression/compile.js';
import { compileSchema } from './json_schema.js';
import { parsePath, visitPath } from './path.js';
import { compileValueTest, type ValueTest } from './value_tests.js';
import { compileWhere } from './where.js';

/** What a match tells besides yes: the position that the update operator `$` stands for. */
export interface MatchDetails {
  arrayIndex?: number;
}

export type Matcher = (document: unknown, details?: MatchDetails) => boolean;

/** `variables` are those of `let`, for $expr. */
export function compileMatch(filter: Document, variables: Document = {}): Matcher {
  const parts = Object.entries(filter).map(([name, operand]) =>
    name.startsWith('$') ? compileTopLevel(name, operand, variables) : compileField(name, operand),
  );
  return allOf(parts);
}

function allOf(parts: readonly Matcher[]): Matcher {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return (document, details) => parts.every(part => part(document, details));
}

function compileTopLevel(name: string, operand: unknown, variables: Document): Matcher {
  switch (name) {
    case '$and':
      return allOf(compileList(name, operand, variables));
    case '$or': {
      const parts = compileList(name, operand, variables);
      return (document, details) => parts.some(part => part(document, details));
    }
    case '$nor': {
      const parts = compileList(name, operand, variables);
      return document => !parts.some(part => part(document));
    }
    case '$expr': {
      const evaluate = compileExpression(operand);
      return document => isTrue(evaluate({ root: document, current: document, variables }));
    }
    case '$jsonSchema':
      return compileSchema(operand);
    case '$where':
      return compileWhere(operand);
    case '$sampleRate': {
      const rate = Number(operand);
      return () => Math.random() < rate;
    }
    case '$comment':
      return () => true;
    default:
      throw new CommandError(
        ErrorCode.BadValue,
        `unknown top level operator: ${name}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.`,
      );
  }
}

function compileList(name: string, operand: unknown, variables: Document): Matcher[] {
  if (!Array.isArray(operand))
    throw new CommandError(ErrorCode.BadValue, `${name} argument must be an array, found: ${typeOf(operand)}`);
  if (operand.length === 0) {
    throw new CommandError(ErrorCode.BadValue, '$and/$or/$nor must be a nonempty array');
  }
  return operand.map((part: unknown) => {
    if (!isDocument(part)) throw new CommandError(ErrorCode.BadValue, '$or/$and/$nor entries need to be full objects');
    return compileMatch(part, variables);
  });
}

function compileField(name: string, operand: unknown): Matcher {
  const path = parsePath(name);
  const conditions = compileConditions(operand);
  return allOf(
    conditions.map(condition => (document: unknown, details?: MatchDetails) => {
      const found = visitPath(document, path, (value, outerIndex) => {
        const index = condition.test(value);
        if (index === false) return false;
        const position = outerIndex ?? (index === true ? undefined : index);
        if (details !== undefined && !condition.negated && position !== undefined) details.arrayIndex ??= position;
        return true;
      });
      return found !== condition.negated;
    }),
  );
}

/** A test of the values at a path. The index of the array element that passed is its answer, when there is one. */
interface Condition {
  readonly test: (value: unknown) => boolean | number;
  /** The field matches when no value passes. */
  readonly negated: boolean;
}

/** {$gt: 1, $lt: 5} is two conditions; anything that holds no operators is one of equality. */
function compileConditions(operand: unknown): Condition[] {
  if (!isOperatorDocument(operand)) return [onElements(compileValueTest('$eq', operand), false)];
  const conditions: Condition[] = [];
  for (const [operator, value] of Object.entries(operand)) {
    // $options belongs to $regex, wherever it stands.
    if (operator === '$options') {
      if (!('$regex' in operand)) throw new CommandError(ErrorCode.BadValue, '$options needs a $regex');
      continue;
    }
    conditions.push(...compileOperator(operator, value, operand));
  }
  return conditions;
}

/** A document whose first field is an operator. {$ref: …} is a DBRef, a value. */
export function isOperatorDocument(value: unknown): value is Document {
  if (!isDocument(value)) return false;
  const [first] = Object.keys(value);
  return first?.startsWith('$') === true && first !== '$ref' && first !== '$id' && first !== '$db';
}

function compileOperator(operator: string, operand: unknown, siblings: Document): Condition[] {
  switch (operator) {
    case '$ne':
      if (typeOf(operand) === 'regex') throw new CommandError(ErrorCode.BadValue, "Can't have regex as arg to $ne.");
      return [onElements(compileValueTest('$eq', operand), true)];
    case '$nin':
      return [onElements(compileValueTest('$in', operand), true)];
    case '$not':
      return [compileNot(operand)];
    case '$exists':
      return [{ test: value => value !== undefined, negated: !isTrue(operand) }];
    case '$size':
      return [compileSize(operand)];
    case '$elemMatch':
      return [compileElemMatch(operand)];
    case '$all':
      return compileAll(operand);
    case '$regex':
      return [onElements(compileValueTest('$regex', { pattern: operand, options: siblings['$options'] }), false)];
    default:
      return [onElements(compileValueTest(operator, operand), false)];
  }
}

/** An array passes when itself or one of its elements does. */
function onElements(test: ValueTest, negated: boolean): Condition {
  return {
    negated,
    test: value => {
      if (!Array.isArray(value)) return test(value);
      for (let index = 0; index < value.length; index++) if (test(value[index])) return index;
      return test(value);
    },
  };
}

function compileNot(operand: unknown): Condition {
  const isRegex = typeOf(operand) === 'regex';
  if (!isRegex && !isDocument(operand)) {
    throw new CommandError(ErrorCode.BadValue, '$not needs a regex or a document');
  }
  if (!isRegex && !isOperatorDocument(operand)) {
    const [first] = Object.keys(operand as Document);
    throw new CommandError(
      ErrorCode.BadValue,
      first === undefined ? '$not cannot be empty' : `unknown operator: ${first}`,
    );
  }
  // "No value of the field passes", not "some value does not".
  const inner = compileFieldOf(operand);
  return { test: inner, negated: true };
}

function compileFieldOf(operand: unknown): (value: unknown) => boolean {
  const conditions = compileConditions(operand);
  return value => conditions.every(condition => (condition.test(value) !== false) !== condition.negated);
}

function compileSize(operand: unknown): Condition {
  const size = compileValueTest('$size', operand);
  return { test: size, negated: false };
}

function compileElemMatch(operand: unknown): Condition {
  if (!isDocument(operand)) throw new CommandError(ErrorCode.BadValue, '$elemMatch needs an Object');
  const matches = compileElementTest(operand);
  return {
    negated: false,
    test: value => {
      if (!Array.isArray(value)) return false;
      const index = value.findIndex(matches);
      return index === -1 ? false : index;
    },
  };
}

/** {$gt: 1} tests the element itself; {price: 1} and {$or: […]} test the fields of elements that are documents. */
export function compileElementTest(operand: Document): (element: unknown) => boolean {
  const [first] = Object.keys(operand);
  const isLogical = first === '$and' || first === '$or' || first === '$nor' || first === '$expr';
  if (isOperatorDocument(operand) && !isLogical) return compileFieldOf(operand);
  const matches = compileMatch(operand);
  return element => (asDocument(element) !== undefined || Array.isArray(element)) && matches(element);
}

function compileAll(operand: unknown): Condition[] {
  if (!Array.isArray(operand)) throw new CommandError(ErrorCode.BadValue, '$all needs an array');
  if (operand.length === 0) return [{ test: () => false, negated: false }];
  return operand.map((part: unknown) => {
    if (isDocument(part) && '$elemMatch' in part) return compileElemMatch(part['$elemMatch']);
    return onElements(compileValueTest('$eq', part), false);
  });
}
