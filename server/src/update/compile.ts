import { compilePipelineUpdate } from '../aggregate/update_pipeline.js';
import { formatValue } from '../bson/format.js';
import { cloneDocument, type Document, fieldOf, isDocument, setField, typeOf } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { valuesEqual } from '../query/compare.js';
import { compileMatch } from '../query/match.js';
import { compileFieldUpdate, type FieldUpdate } from './operators.js';
import { type Update } from './types.js';

/** The three kinds of update that the field `u` can hold; only operators and pipelines may change many documents. */
export interface CompiledUpdate {
  readonly kind: 'operators' | 'replacement' | 'pipeline';
  readonly apply: Update;
}

export function compileUpdate(update: unknown): CompiledUpdate {
  if (Array.isArray(update)) return { kind: 'pipeline', apply: compilePipeline(update) };
  if (!isDocument(update)) {
    throw new CommandError(
      ErrorCode.FailedToParse,
      `Update argument must be either an object or an array, found: ${typeOf(update)}`,
    );
  }
  const [first] = Object.keys(update);
  if (first?.startsWith('$') !== true) return { kind: 'replacement', apply: compileReplacement(update) };
  return { kind: 'operators', apply: compileOperators(update) };
}

function compileReplacement(replacement: Document): Update {
  const bad = Object.keys(replacement).find(name => name.startsWith('$'));
  if (bad !== undefined) {
    throw new CommandError(
      ErrorCode.DollarPrefixedFieldName,
      `The dollar ($) prefixed field '${bad}' in '${bad}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
    );
  }
  return document => {
    const after: Document = {};
    const id = fieldOf(document, '_id') ?? fieldOf(replacement, '_id');
    if (id !== undefined) after['_id'] = id;
    const copy = cloneDocument(replacement);
    for (const name of Object.keys(copy)) if (name !== '_id') setField(after, name, copy[name]);
    checkSameId(document, fieldOf(replacement, '_id'));
    return after;
  };
}

function compileOperators(update: Document): Update {
  const changes: FieldUpdate[] = [];
  const touched: string[] = [];
  for (const [operator, fields] of Object.entries(update)) {
    if (!isDocument(fields)) {
      // An unknown operator is told before its operand is looked at.
      if (operator.startsWith('$')) compileFieldUpdate(operator, '_', 1);
      throw new CommandError(
        ErrorCode.FailedToParse,
        `Modifiers operate on fields but we found type ${typeOf(fields)} instead. For example: {$mod: {<field>: ...}} not {${operator}: ${formatValue(fields)}}`,
      );
    }
    for (const [path, operand] of Object.entries(fields)) {
      changes.push(compileFieldUpdate(operator, path, operand));
      touch(touched, path);
      if (operator === '$rename') touch(touched, String(operand));
    }
    if (Object.keys(fields).length === 0)
      compileFieldUpdate(operator, '_', operator === '$pullAll' ? [] : operator === '$rename' ? '__' : 1);
  }
  return (document, context) => {
    const id = fieldOf(document, '_id');
    const after = cloneDocument(document);
    for (const change of changes) change(after, context);
    checkIdUntouched(id, after, touched);
    return after;
  };
}

/** Two operators may not work on one path, nor on a path and a part of it. */
function touch(touched: string[], path: string): void {
  for (const other of touched) {
    if (other === path || path.startsWith(`${other}.`) || other.startsWith(`${path}.`)) {
      const shorter = other.length < path.length ? other : path;
      throw new CommandError(
        ErrorCode.ConflictingUpdateOperators,
        `Updating the path '${path}' would create a conflict at '${shorter}'`,
      );
    }
  }
  touched.push(path);
}

function checkIdUntouched(before: unknown, after: Document, touched: readonly string[]): void {
  if (before === undefined || valuesEqual(before, fieldOf(after, '_id'))) return;
  const path = touched.find(name => name === '_id' || name.startsWith('_id.')) ?? '_id';
  throw new CommandError(
    ErrorCode.ImmutableField,
    `Performing an update on the path '${path}' would modify the immutable field '_id'`,
  );
}

function checkSameId(document: Document, id: unknown): void {
  const current = fieldOf(document, '_id');
  if (id === undefined || current === undefined || valuesEqual(current, id)) return;
  throw new CommandError(
    ErrorCode.ImmutableField,
    `After applying the update, the (immutable) field '_id' was found to have been altered to _id: ${formatValue(id)}`,
  );
}

function compilePipeline(stages: readonly unknown[]): Update {
  const apply = compilePipelineUpdate(stages);
  return (document, { variables, wallTime }) => {
    const after = apply(document, { ...variables, NOW: new Date(wallTime) });
    if (fieldOf(after, '_id') === undefined && fieldOf(document, '_id') !== undefined) {
      return { _id: document['_id'], ...after };
    }
    checkSameId(document, fieldOf(after, '_id'));
    return after;
  };
}

/** arrayFilters: [{'x.grade': {$gte: 85}}] tells which elements `$[x]` stands for. */
export function compileArrayFilters(filters: readonly unknown[]): ReadonlyMap<string, (element: unknown) => boolean> {
  const compiled = new Map<string, (element: unknown) => boolean>();
  for (const filter of filters) {
    if (!isDocument(filter)) throw new CommandError(ErrorCode.TypeMismatch, 'Each array filter must be an object');
    const identifier = identifierOf(filter);
    if (identifier === undefined) {
      throw new CommandError(
        ErrorCode.FailedToParse,
        'Cannot use an expression without a top-level field name in arrayFilters',
      );
    }
    if (compiled.has(identifier)) {
      throw new CommandError(
        ErrorCode.FailedToParse,
        `Found multiple array filters with the same top-level field name ${identifier}`,
      );
    }
    const matches = compileMatch(filter);
    // The element is matched as the field that the filter calls it.
    compiled.set(identifier, element => matches({ [identifier]: element }));
  }
  return compiled;
}

function identifierOf(filter: Document): string | undefined {
  for (const [name, value] of Object.entries(filter)) {
    if (!name.startsWith('$')) return name.split('.')[0];
    const [first] = Array.isArray(value) ? (value as unknown[]) : [];
    if (isDocument(first)) return identifierOf(first);
  }
  return undefined;
}
