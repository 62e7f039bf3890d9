import { Int32 } from 'bson';
import { BsonDocument } from '../bson/document.js';
import { type Document, isDocument } from '../bson/types.js';
import { CommandError } from '../errors/command_error.js';
import { compileExpression } from '../expression/compile.js';
import { averageOf, extremeOf, mergeObjects, sumOf } from '../expression/operators.js';
import { type Evaluate } from '../expression/types.js';
import { canonicalKey, compareValues } from '../query/compare.js';
import { type Stage } from './stage.js';

/** What an accumulator makes of the values of a group, in their order. */
const accumulators: Readonly<Record<string, (values: readonly unknown[]) => unknown>> = {
  $sum: sumOf,
  $avg: averageOf,
  $min: values => extremeOf(values, -1),
  $max: values => extremeOf(values, 1),
  $first: values => values[0] ?? null,
  $last: values => values.at(-1) ?? null,
  $push: values => values.filter(value => value !== undefined),
  $addToSet: values => distinctOf(values.filter(value => value !== undefined)),
  $mergeObjects: values => mergeObjects(values),
  $count: values => new Int32(values.length),
};

interface Accumulator {
  readonly field: string;
  readonly operand: Evaluate;
  readonly combine: (values: readonly unknown[]) => unknown;
}

export function compileGroup(operand: unknown): (documents: readonly Document[], variables: Document) => Document[] {
  if (!isDocument(operand)) throw new CommandError(15947, "a group's fields must be specified in an object");
  if (!('_id' in operand)) throw new CommandError(15955, 'a group specification must include an _id');
  const groupId = compileExpression(operand['_id']);
  const fields = Object.entries(operand).filter(([name]) => name !== '_id');
  const compiled = fields.map(([field, accumulator]) => compileAccumulator(field, accumulator));
  return (documents, variables) => {
    const groups = new Map<string, { id: unknown; values: unknown[][] }>();
    for (const document of documents) {
      const scope = { root: document, current: document, variables };
      const id = groupId(scope) ?? null;
      const key = canonicalKey(id);
      let group = groups.get(key);
      if (group === undefined) {
        group = { id, values: compiled.map(() => []) };
        groups.set(key, group);
      }
      for (const [index, { operand: evaluate }] of compiled.entries()) group.values[index]?.push(evaluate(scope));
    }
    return [...groups.values()].map(({ id, values }) => {
      const result: Document = { _id: id };
      for (const [index, { field, combine }] of compiled.entries()) result[field] = combine(values[index] ?? []);
      return result;
    });
  };
}

function compileAccumulator(field: string, specification: unknown): Accumulator {
  if (field.includes('.')) throw new CommandError(40235, `The field name '${field}' cannot contain '.'`);
  if (!isDocument(specification)) throw new CommandError(40234, `The field '${field}' must be an accumulator object`);
  const [operator = '', ...others] = Object.keys(specification);
  if (others.length > 0) throw new CommandError(40238, `The field '${field}' must specify one accumulator`);
  const combine = Object.hasOwn(accumulators, operator) ? accumulators[operator] : undefined;
  if (combine === undefined) throw new CommandError(15952, `unknown group operator '${operator}'`);
  return { field, operand: compileExpression(specification[operator]), combine };
}

function distinctOf(values: readonly unknown[]): unknown[] {
  const distinct = new Map<string, unknown>();
  for (const value of values) {
    const key = canonicalKey(value);
    if (!distinct.has(key)) distinct.set(key, value);
  }
  return [...distinct.values()];
}

/** $bucket: a group for each range between two boundaries. */
export function compileBucket(operand: unknown): Stage {
  if (!isDocument(operand)) throw new CommandError(40201, 'Argument to $bucket stage must be an object');
  const { groupBy, boundaries, output = { count: { $sum: new Int32(1) } } } = operand;
  if (!Array.isArray(boundaries) || boundaries.length < 2) {
    throw new CommandError(40192, "The $bucket 'boundaries' field must have at least 2 values");
  }
  const limits = boundaries as readonly unknown[];
  const branches = limits.slice(1).map((upper, index) => ({
    case: { $and: [{ $gte: [groupBy, limits[index]] }, { $lt: [groupBy, upper] }] },
    then: limits[index],
  }));
  const otherwise = 'default' in operand ? { default: operand['default'] } : {};
  const group = compileGroup({ _id: { $switch: { branches, ...otherwise } }, ...(output as Document) });
  return (documents, { variables }) =>
    group(
      documents.map(document => document.value),
      variables,
    )
      .sort((left, right) => compareValues(left['_id'], right['_id']))
      .map(value => BsonDocument.fromValue(value));
}
