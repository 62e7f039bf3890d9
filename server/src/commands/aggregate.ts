import { compilePipeline, type Pipeline } from '../aggregate/pipeline.js';
import { BsonDocument } from '../bson/document.js';
import { type Document, isDocument, typeOf } from '../bson/types.js';
import { Collection } from '../engine/collection.js';
import { checkNamespace, checkWritableNamespace, type Namespace, namespaceText } from '../engine/namespace.js';
import { selectDocuments } from '../engine/select.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type CommandContext } from './context.js';
import { Fields, fieldsOf } from './fields.js';
import { checkHint } from './hint.js';
import { openCursor } from './read.js';

export function aggregate(context: CommandContext): Document {
  const namespace = aggregateNamespace(context);
  const fields = fieldsOf(context);
  const pipeline = compilePipeline(fields.array('pipeline'));
  if (!fields.has('cursor')) {
    throw new CommandError(
      ErrorCode.FailedToParse,
      "The 'cursor' option is required, except for aggregate with the explain argument",
    );
  }
  if (pipeline.out !== undefined && context.body['autocommit'] !== undefined) {
    throw new CommandError(ErrorCode.OperationNotSupportedInTransaction, '$out cannot be used in a transaction');
  }
  const cursor = new Fields('aggregate.cursor', fields.document('cursor'));
  const batchSize = cursor.count('batchSize');
  const documents = runPipeline(context, namespace, pipeline, fields);
  if (pipeline.out === undefined) return openCursor(context, namespace, documents, batchSize);
  writeOut(context, pipeline.out, documents);
  return openCursor(context, namespace, [], undefined);
}

/** The collection, or `$cmd.aggregate` when the pipeline brings its own documents ({aggregate: 1}). */
function aggregateNamespace({ body, database }: CommandContext): Namespace {
  const target = body['aggregate'];
  const collection = typeof target === 'string' ? target : '$cmd.aggregate';
  const namespace = { database, collection };
  checkNamespace(namespace);
  return namespace;
}

function runPipeline(
  { deployment }: CommandContext,
  namespace: Namespace,
  pipeline: Pipeline,
  fields: Fields,
): readonly BsonDocument[] {
  const collection = deployment.storage.find(namespace);
  checkHint(collection, fields.raw('hint'));
  const variables = { ...fields.optionalDocument('let'), NOW: new Date(deployment.clock.wallTime()) };
  const start =
    pipeline.documents === undefined
      ? selectDocuments(collection, { filter: pipeline.filter })
      : pipeline.documents.map(toBson);
  return pipeline.stages.reduce<readonly BsonDocument[]>((documents, stage) => stage(documents, variables), start);
}

function toBson(value: unknown): BsonDocument {
  if (isDocument(value)) return BsonDocument.fromValue(value);
  throw new CommandError(40228, `$documents must evaluate to an array of objects, found ${typeOf(value)}`);
}

/** $out replaces the whole target, and only when every document could be written. */
function writeOut(
  context: CommandContext,
  out: NonNullable<Pipeline['out']>,
  documents: readonly BsonDocument[],
): void {
  const { storage, ids, clock } = context.deployment;
  const target = { database: out.database ?? context.database, collection: out.collection };
  checkWritableNamespace(target);
  const before = storage.find(target);
  const after = new Collection(namespaceText(target), ids.uuid(), before?.options ?? {});
  for (const index of before?.indexes() ?? []) after.createIndex(index);
  for (const { value } of documents) {
    const { _id: id = ids.objectId(clock.wallTime()), ...rest } = value;
    after.insert(BsonDocument.fromValue({ _id: id, ...rest }));
  }
  storage.put(target, after);
}
