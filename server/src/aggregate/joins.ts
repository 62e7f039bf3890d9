import { BsonDocument } from '../bson/document.js';
import { asDocument, type Document, fieldOf, isDocument, setField, typeOf } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { compileExpression } from '../expression/compile.js';
import { valuesEqual } from '../query/compare.js';
import { collectKeyValues, parsePath } from '../query/path.js';
import { type CompileStages, runStages, type Stage } from './stage.js';

/** Both forms, and the two together: equality of a local with a foreign field, and a pipeline with variables. */
export function compileLookup(operand: unknown, compileStages: CompileStages): Stage {
  if (!isDocument(operand)) {
    throw new CommandError(
      ErrorCode.FailedToParse,
      `the $lookup specification must be an Object, but found ${typeOf(operand)}`,
    );
  }
  const { from, as, pipeline } = operand;
  const [localField, foreignField] = [textOf(operand['localField']), textOf(operand['foreignField'])];
  if (typeof as !== 'string') throw new CommandError(ErrorCode.FailedToParse, "must specify 'as' field for a $lookup");
  if (
    (localField === undefined) !== (foreignField === undefined) ||
    (localField === undefined && pipeline === undefined)
  ) {
    throw new CommandError(
      ErrorCode.FailedToParse,
      "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified",
    );
  }
  const stages = compileStages(Array.isArray(pipeline) ? (pipeline as unknown[]) : []);
  const variablesOf = compileLet(operand['let']);
  return (documents, environment) => {
    const foreign = typeof from === 'string' ? environment.read(from) : [];
    return documents.map(document => {
      const local = localField === undefined ? undefined : valuesAt(document, localField);
      const matching =
        local === undefined ? foreign : foreign.filter(other => shareOne(local, valuesAt(other, foreignField ?? '')));
      const variables = { ...environment.variables, ...variablesOf(document.value, environment.variables) };
      const joined = runStages(stages, matching, { ...environment, variables });
      return withField(
        document,
        as,
        joined.map(({ value }) => value),
      );
    });
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function compileLet(operand: unknown): (document: Document, variables: Document) => Document {
  const expressions = Object.entries(isDocument(operand) ? operand : {}).map(
    ([name, expression]) => [name, compileExpression(expression)] as const,
  );
  return (document, variables) =>
    Object.fromEntries(
      expressions.map(([name, evaluate]) => [name, evaluate({ root: document, current: document, variables })]),
    );
}

/** The values that may be equal to another's: of an array its elements, and null for what is missing. */
function valuesAt(document: BsonDocument, path: string): readonly unknown[] {
  return collectKeyValues(document.value, parsePath(path)).map(value => value ?? null);
}

function shareOne(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.some(one => right.some(other => valuesEqual(one, other)));
}

/** A copy with a field set, at any depth. */
function withField(document: BsonDocument, path: string, value: unknown): BsonDocument {
  return BsonDocument.fromValue(setAt(document.value, path.split('.'), value));
}

function setAt(document: Document, [name = '', ...rest]: readonly string[], value: unknown): Document {
  const copy = { ...document };
  setField(copy, name, rest.length === 0 ? value : setAt(asDocument(fieldOf(copy, name)) ?? {}, rest, value));
  return copy;
}

export function compileUnionWith(operand: unknown, compileStages: CompileStages): Stage {
  const { coll, pipeline = [] } = isDocument(operand) ? operand : { coll: operand };
  if (typeof coll !== 'string' || !Array.isArray(pipeline)) {
    throw new CommandError(
      ErrorCode.FailedToParse,
      `the $unionWith stage specification must be an object or string, but found ${typeOf(operand)}`,
    );
  }
  const stages = compileStages(pipeline as unknown[]);
  return (documents, environment) => [...documents, ...runStages(stages, environment.read(coll), environment)];
}

export function compileFacet(operand: unknown, compileStages: CompileStages): Stage {
  if (!isDocument(operand) || Object.keys(operand).length === 0) {
    throw new CommandError(40169, 'the $facet specification must be a non-empty object');
  }
  const facets = Object.entries(operand).map(([name, pipeline]) => {
    if (!Array.isArray(pipeline))
      throw new CommandError(40170, `arguments to $facet must be arrays, ${name} is type ${typeOf(pipeline)}`);
    return [name, compileStages(pipeline as unknown[])] as const;
  });
  return (documents, environment) => [
    BsonDocument.fromValue(
      Object.fromEntries(
        facets.map(([name, stages]) => [name, runStages(stages, documents, environment).map(({ value }) => value)]),
      ),
    ),
  ];
}
