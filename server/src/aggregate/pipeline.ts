import { Int32 } from 'bson';
import { BsonDocument } from '../bson/document.js';
import { isNumber, toNumber } from '../bson/numbers.js';
import { asDocument, type Document, fieldOf, isDocument, setField, typeOf } from '../bson/types.js';
import { CommandError } from '../errors/command_error.js';
import { compileMatch } from '../query/match.js';
import { compileSort } from '../query/sort.js';
import { compileDocumentStage } from './document_stages.js';
import { compileGroup } from './group.js';

/** A stage makes a list of documents of a list of documents. */
export type Stage = (documents: readonly BsonDocument[], variables: Document) => readonly BsonDocument[];

/** A pipeline in the parts that are run differently: documents from a collection, then stages, then perhaps a target. */
export interface Pipeline {
  /** The filter of a $match that comes first: the collection can answer it with its indexes. */
  readonly filter: Document;
  /** Documents that the pipeline brings itself ($documents). */
  readonly documents: readonly unknown[] | undefined;
  readonly stages: readonly Stage[];
  /** Where $out puts the result. */
  readonly out: { readonly database: string | undefined; readonly collection: string } | undefined;
}

export function compilePipeline(specification: readonly unknown[]): Pipeline {
  const parsed = specification.map(parseStage);
  const last = parsed.at(-1);
  const out = last?.name === '$out' ? parseOut(last.operand) : undefined;
  const rest = out === undefined ? parsed : parsed.slice(0, -1);
  const [first] = rest;
  const isMatch = first?.name === '$match' && isDocument(first.operand);
  const documents =
    first?.name === '$documents' && Array.isArray(first.operand) ? (first.operand as unknown[]) : undefined;
  const begun = isMatch || documents !== undefined ? rest.slice(1) : rest;
  return {
    filter: isMatch && isDocument(first.operand) ? first.operand : {},
    documents,
    stages: begun.map(({ name, operand }) => compileStage(name, operand)),
    out,
  };
}

function parseStage(stage: unknown): { name: string; operand: unknown } {
  if (!isDocument(stage)) throw new CommandError(14, "Each element of the 'pipeline' array must be an object");
  const [name, ...others] = Object.keys(stage);
  if (name === undefined || others.length > 0) {
    throw new CommandError(40323, 'A pipeline stage specification object must contain exactly one field.');
  }
  return { name, operand: stage[name] };
}

function parseOut(operand: unknown): { database: string | undefined; collection: string } {
  if (typeof operand === 'string') return { database: undefined, collection: operand };
  if (isDocument(operand) && typeof operand['coll'] === 'string' && typeof operand['db'] === 'string') {
    return { database: operand['db'], collection: operand['coll'] };
  }
  throw new CommandError(16990, `$out only supports a string or object argument, but found ${typeOf(operand)}`);
}

function compileStage(name: string, operand: unknown): Stage {
  switch (name) {
    case '$match': {
      if (!isDocument(operand)) throw new CommandError(15959, 'the match filter must be an expression in an object');
      const matches = compileMatch(operand);
      return documents => documents.filter(document => matches(document.value));
    }
    case '$sort':
      return compileSortStage(operand);
    case '$skip': {
      const skip = stageNumber(
        operand,
        5107200,
        `invalid argument to $skip stage: Expected a non-negative number in: $skip: ${String(operand)}`,
        0,
      );
      return documents => documents.slice(skip);
    }
    case '$limit': {
      const limit = stageNumber(operand, 15958, 'the limit must be positive', 1);
      return documents => documents.slice(0, limit);
    }
    case '$count':
      return compileCount(operand);
    case '$group': {
      const group = compileGroup(operand);
      return (documents, variables) =>
        group(
          documents.map(document => document.value),
          variables,
        ).map(toBson);
    }
    case '$sortByCount': {
      const group = compileGroup({ _id: operand, count: { $sum: new Int32(1) } });
      const sort = compileSort({ count: new Int32(-1) });
      return (documents, variables) =>
        sort(
          group(
            documents.map(document => document.value),
            variables,
          ),
          document => document,
        ).map(toBson);
    }
    case '$unwind':
      return compileUnwind(operand);
    case '$project':
    case '$set':
    case '$addFields':
    case '$unset':
    case '$replaceRoot':
    case '$replaceWith': {
      const apply = compileDocumentStage(name, operand);
      return (documents, variables) => documents.map(document => toBson(apply(document.value, variables)));
    }
    case '$out':
      throw new CommandError(40601, '$out can only be the final stage in the pipeline');
    case '$changeStream':
      throw new CommandError(
        40573,
        'The $changeStream stage is only supported on replica sets, and not yet by this server',
      );
    default:
      throw new CommandError(40324, `Unrecognized pipeline stage name: '${name}'`);
  }
}

function toBson(value: Document): BsonDocument {
  return BsonDocument.fromValue(value);
}

function stageNumber(operand: unknown, code: number, message: string, least: number): number {
  if (!isNumber(operand) || !Number.isInteger(toNumber(operand)) || toNumber(operand) < least) {
    throw new CommandError(code, message);
  }
  return toNumber(operand);
}

function compileSortStage(operand: unknown): Stage {
  if (!isDocument(operand)) throw new CommandError(15973, 'the $sort key specification must be an object');
  if (Object.keys(operand).length === 0) throw new CommandError(15976, '$sort stage must have at least one sort key');
  const sort = compileSort(operand);
  return documents => sort(documents, document => document.value);
}

function compileCount(operand: unknown): Stage {
  if (typeof operand !== 'string' || operand === '')
    throw new CommandError(40156, 'the count field must be a non-empty string');
  if (operand.startsWith('$')) throw new CommandError(40158, 'the count field cannot be a $-prefixed path');
  if (operand.includes('.')) throw new CommandError(40160, "the count field cannot contain '.'");
  return documents => (documents.length === 0 ? [] : [toBson({ [operand]: new Int32(documents.length) })]);
}

function compileUnwind(operand: unknown): Stage {
  const options = isDocument(operand) ? operand : { path: operand };
  const reference = options['path'];
  if (typeof reference !== 'string') throw new CommandError(28808, 'expected a string as the path for $unwind stage');
  if (!reference.startsWith('$')) {
    throw new CommandError(28818, `path option to $unwind stage should be prefixed with a '$': ${reference}`);
  }
  const path = reference.slice(1).split('.');
  const keepsEmpty = options['preserveNullAndEmptyArrays'] === true;
  const indexField = options['includeArrayIndex'];
  return documents =>
    documents.flatMap(document => {
      const value = path.reduce<unknown>((current, part) => fieldOf(asDocument(current) ?? {}, part), document.value);
      const elements: readonly unknown[] = Array.isArray(value)
        ? value
        : value === undefined || value === null
          ? []
          : [value];
      const isArray = Array.isArray(value);
      if (elements.length === 0)
        return keepsEmpty ? [isArray ? toBson(replaceAt(document.value, path, undefined)) : document] : [];
      return elements.map((element, index) => {
        const unwound = replaceAt(document.value, path, element);
        if (typeof indexField === 'string') setField(unwound, indexField, isArray ? new Int32(index) : null);
        return toBson(unwound);
      });
    });
}

/** A copy with another value at the path; undefined takes the field away. */
function replaceAt(document: Document, path: readonly string[], value: unknown): Document {
  const [name = '', ...rest] = path;
  const copy = { ...document };
  if (rest.length > 0) setField(copy, name, replaceAt(asDocument(fieldOf(copy, name)) ?? {}, rest, value));
  else if (value === undefined) Reflect.deleteProperty(copy, name);
  else setField(copy, name, value);
  return copy;
}
