import { Double } from 'bson';
import { isNumber, toNumber } from '../bson/numbers.js';
import { asDocument, type Document, fieldOf, isDocument, setField } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { operators } from './operators.js';
import { type Evaluate, type Scope } from './types.js';

/** Everything but false, 0, null and missing is true. */
export function isTrue(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  return !isNumber(value) || toNumber(value) !== 0;
}

/** Compiles an aggregation expression; a missing value is undefined. */
export function compileExpression(expression: unknown): Evaluate {
  if (typeof expression === 'string' && expression.startsWith('$')) return compileReference(expression);
  if (Array.isArray(expression)) {
    const parts = expression.map(compileExpression);
    return scope => parts.map(part => part(scope) ?? null);
  }
  if (!isDocument(expression)) {
    const value = expression;
    return () => value;
  }
  const names = Object.keys(expression);
  const [first] = names;
  if (first?.startsWith('$') === true) {
    if (names.length > 1) {
      throw new CommandError(
        15983,
        `An object representing an expression must have exactly one field: ${names.join(', ')}`,
      );
    }
    return compileOperator(first, expression[first]);
  }
  return compileObject(expression);
}

function compileObject(expression: Document): Evaluate {
  const fields = Object.entries(expression).map(([name, part]) => [name, compileExpression(part)] as const);
  return scope => {
    const result: Document = {};
    for (const [name, evaluate] of fields) {
      const value = evaluate(scope);
      if (value !== undefined) setField(result, name, value);
    }
    return result;
  };
}

function compileReference(expression: string): Evaluate {
  if (!expression.startsWith('$$')) {
    const path = expression.slice(1).split('.');
    if (path.includes('')) throw new CommandError(15998, 'FieldPath field names may not be empty strings.');
    return scope => follow(scope.current, path, 0);
  }
  const [variable = '', ...path] = expression.slice(2).split('.');
  switch (variable) {
    case 'ROOT':
      return scope => follow(scope.root, path, 0);
    case 'CURRENT':
      return scope => follow(scope.current, path, 0);
    case 'REMOVE':
      return () => undefined;
    case 'NOW':
      return scope => scope.variables['NOW'];
    default:
      return scope => {
        if (!Object.hasOwn(scope.variables, variable)) {
          throw new CommandError(17276, `Use of undefined variable: ${variable}`);
        }
        return follow(scope.variables[variable], path, 0);
      };
  }
}

/** Unlike in queries, numbers do not name array elements here; an array yields the array of its documents' values. */
function follow(value: unknown, path: readonly string[], depth: number): unknown {
  const part = path[depth];
  if (part === undefined) return value;
  if (Array.isArray(value)) {
    return value.map((element: unknown) => follow(element, path, depth)).filter(found => found !== undefined);
  }
  const document = asDocument(value);
  return document === undefined ? undefined : follow(fieldOf(document, part), path, depth + 1);
}

function compileOperator(name: string, operand: unknown): Evaluate {
  switch (name) {
    case '$literal':
    case '$const':
      return () => operand;
    case '$rand':
      if (!isDocument(operand) || Object.keys(operand).length > 0) {
        throw new CommandError(3040501, '$rand does not currently accept arguments');
      }
      return () => new Double(Math.random());
    case '$cond':
      return compileCond(operand);
    case '$switch':
      return compileSwitch(operand);
    case '$let':
      return compileLet(operand);
    case '$map':
    case '$filter':
      return compileOverArray(name, operand);
    case '$reduce':
      return compileReduce(operand);
    case '$and':
    case '$or': {
      const parts = argumentsOf(operand).map(compileExpression);
      if (name === '$and') return scope => parts.every(part => isTrue(part(scope)));
      return scope => parts.some(part => isTrue(part(scope)));
    }
    case '$ifNull': {
      const parts = argumentsOf(operand).map(compileExpression);
      return scope => {
        let value: unknown;
        for (const part of parts) {
          value = part(scope);
          if (value !== undefined && value !== null) return value;
        }
        return value;
      };
    }
    case '$getField':
    case '$setField':
      return compileFieldAccess(name, operand);
    default:
      return compileFunction(name, operand);
  }
}

/** The simple operators: all arguments are evaluated, then a function is applied to them. */
function compileFunction(name: string, operand: unknown): Evaluate {
  const operator = Object.hasOwn(operators, name) ? operators[name] : undefined;
  if (operator === undefined) {
    throw new CommandError(ErrorCode.InvalidPipelineOperator, `Unrecognized expression '${name}'`);
  }
  if (operator.named !== undefined && isDocument(operand)) {
    const named = operator.named.map(key => compileExpression(fieldOf(operand, key)));
    return scope => operator.apply(named.map(part => part(scope)));
  }
  const parts = argumentsOf(operand).map(compileExpression);
  const { min, max } = operator;
  if (parts.length < min || parts.length > max) {
    const wanted = min === max ? `exactly ${min}` : `at least ${min} and at most ${max}`;
    throw new CommandError(16020, `Expression ${name} takes ${wanted} arguments. ${parts.length} were passed in.`);
  }
  return scope => operator.apply(parts.map(part => part(scope)));
}

function argumentsOf(operand: unknown): unknown[] {
  return Array.isArray(operand) ? operand : [operand];
}

function compileCond(operand: unknown): Evaluate {
  let parts: unknown[];
  if (isDocument(operand)) {
    for (const key of ['if', 'then', 'else']) {
      if (!(key in operand)) throw new CommandError(17080, `Missing '${key}' parameter to $cond`);
    }
    parts = [operand['if'], operand['then'], operand['else']];
  } else {
    parts = argumentsOf(operand);
    if (parts.length !== 3) {
      throw new CommandError(16020, `Expression $cond takes exactly 3 arguments. ${parts.length} were passed in.`);
    }
  }
  const [condition, yes, no] = parts.map(compileExpression) as [Evaluate, Evaluate, Evaluate];
  return scope => (isTrue(condition(scope)) ? yes(scope) : no(scope));
}

function compileSwitch(operand: unknown): Evaluate {
  const { branches, default: otherwise } = documentOperand('$switch', operand);
  if (!Array.isArray(branches) || branches.length === 0)
    throw new CommandError(40068, '$switch requires at least one branch.');
  const compiled = branches.map((branch: unknown) => {
    const { case: test, then } = documentOperand('$switch branch', branch);
    return [compileExpression(test), compileExpression(then)] as const;
  });
  const fallback = otherwise === undefined ? undefined : compileExpression(otherwise);
  return scope => {
    for (const [test, then] of compiled) if (isTrue(test(scope))) return then(scope);
    if (fallback !== undefined) return fallback(scope);
    throw new CommandError(
      40066,
      '$switch could not find a matching branch for an input, and no default was specified.',
    );
  };
}

function compileLet(operand: unknown): Evaluate {
  const { vars, in: body } = documentOperand('$let', operand);
  const variables = Object.entries(documentOperand('$let vars', vars)).map(
    ([name, value]) => [name, compileExpression(value)] as const,
  );
  const evaluate = compileExpression(body);
  return scope => {
    const added = Object.fromEntries(variables.map(([name, value]) => [name, value(scope)]));
    return evaluate(withVariables(scope, added));
  };
}

function withVariables(scope: Scope, added: Document): Scope {
  return { ...scope, variables: { ...scope.variables, ...added } };
}

function compileOverArray(name: '$map' | '$filter', operand: unknown): Evaluate {
  const { input, as = 'this', in: body, cond } = documentOperand(name, operand);
  const variable = String(as);
  const evaluateInput = compileExpression(input);
  const evaluate = compileExpression(name === '$map' ? body : cond);
  return scope => {
    const values = arrayOrNull(name, evaluateInput(scope));
    if (values === null) return null;
    const apply = (value: unknown) => evaluate(withVariables(scope, { [variable]: value }));
    return name === '$map' ? values.map(value => apply(value) ?? null) : values.filter(value => isTrue(apply(value)));
  };
}

function compileReduce(operand: unknown): Evaluate {
  const { input, initialValue, in: body } = documentOperand('$reduce', operand);
  const [evaluateInput, start, step] = [input, initialValue, body].map(compileExpression) as [
    Evaluate,
    Evaluate,
    Evaluate,
  ];
  return scope => {
    const values = arrayOrNull('$reduce', evaluateInput(scope));
    if (values === null) return null;
    return values.reduce((value, element) => step(withVariables(scope, { value, this: element })), start(scope));
  };
}

function arrayOrNull(name: string, value: unknown): unknown[] | null {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value)) throw new CommandError(28651, `input to ${name} must be an array`);
  return value as unknown[];
}

function compileFieldAccess(name: '$getField' | '$setField', operand: unknown): Evaluate {
  const { field, input, value } = isDocument(operand)
    ? operand
    : { field: operand, input: undefined, value: undefined };
  const evaluateField = compileExpression(field);
  const evaluateInput = input === undefined ? (scope: Scope) => scope.current : compileExpression(input);
  const evaluateValue = compileExpression(value);
  return scope => {
    const key = String(evaluateField(scope));
    const target = asDocument(evaluateInput(scope));
    if (name === '$getField') return target === undefined ? undefined : fieldOf(target, key);
    if (target === undefined) return null;
    const copy = { ...target };
    const changed = evaluateValue(scope);
    if (changed === undefined) Reflect.deleteProperty(copy, key);
    else setField(copy, key, changed);
    return copy;
  };
}

function documentOperand(name: string, operand: unknown): Document {
  if (!isDocument(operand))
    throw new CommandError(ErrorCode.FailedToParse, `${name} requires an object as an argument`);
  return operand;
}
