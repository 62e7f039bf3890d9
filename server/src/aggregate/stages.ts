import { Int32 } from 'bson';
import { BsonDocument } from '../bson/document.js';
import { isNumber, toNumber } from '../bson/numbers.js';
import { asDocument, type Document, fieldOf, isDocument, setField } from '../bson/types.js';
import { selectDocuments } from '../engine/select.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { compileSort } from '../query/sort.js';
import { compileDocumentStage } from './document_stages.js';
import { compileBucket, compileGroup } from './group.js';
import { compileFacet, compileLookup, compileUnionWith } from './joins.js';
import { isSourceStage, parseStage, unrecognizedStage } from './parse.js';
import { type Stage } from './stage.js';

export function compileStages(specification: readonly unknown[]): readonly Stage[] {
  return specification.map(parseStage).map(({ name, operand }) => compileStage(name, operand));
}

/** @throws CommandError for a stage that there is not, or an operand that it cannot have. */
export function compileStage(name: string, operand: unknown): Stage {
  switch (name) {
    case '$match': {
      if (!isDocument(operand)) throw new CommandError(15959, 'the match filter must be an expression in an object');
      return (documents, environment) => selectDocuments(documents, { filter: operand, ...environment });
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
      return (documents, { variables }) =>
        group(
          documents.map(document => document.value),
          variables,
        ).map(toBson);
    }
    case '$sortByCount': {
      const group = compileGroup({ _id: operand, count: { $sum: new Int32(1) } });
      const sort = compileSort({ count: new Int32(-1) });
      return (documents, { variables }) =>
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
      return (documents, { variables }) => documents.map(document => toBson(apply(document.value, variables)));
    }
    case '$lookup':
      return compileLookup(operand, compileStages);
    case '$unionWith':
      return compileUnionWith(operand, compileStages);
    case '$facet':
      return compileFacet(operand, compileStages);
    case '$sample': {
      const size = isDocument(operand) ? operand['size'] : undefined;
      const count = stageNumber(size, 28747, 'size argument to $sample must be a positive integer', 0);
      return documents => shuffled(documents).slice(0, count);
    }
    case '$redact':
    case '$geoNear':
    case '$graphLookup':
    case '$bucketAuto':
    case '$densify':
    case '$fill':
    case '$setWindowFields':
      throw new CommandError(ErrorCode.NotImplemented, `This test server does not have the stage ${name}`);
    case '$bucket':
      return compileBucket(operand);
    case '$changeStreamSplitLargeEvent':
      // Last of a change stream, which does it itself.
      return documents => documents;
    case '$out':
    case '$merge':
      throw new CommandError(40601, `${name} can only be the final stage in the pipeline`);
    default:
      if (isSourceStage(name)) throw new CommandError(40602, `${name} is only valid as the first stage in a pipeline.`);
      throw unrecognizedStage(name);
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
  compileSort(operand);
  return (documents, { fold }) => selectDocuments(documents, { filter: {}, sort: operand, fold });
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

function shuffled<Item>(items: readonly Item[]): Item[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [result[last], result[other]] = [result[other] as Item, result[last] as Item];
  }
  return result;
}
