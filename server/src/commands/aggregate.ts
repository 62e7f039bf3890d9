import { compilePipeline, type Pipeline } from '../aggregate/pipeline.js';
import { runStages } from '../aggregate/stage.js';
import { type BsonDocument } from '../bson/document.js';
import { type Document } from '../bson/types.js';
import { checkNamespace, type Namespace } from '../engine/namespace.js';
import { selectDocuments } from '../engine/select.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { compileCollation } from '../query/collation.js';
import { openChangeStream } from './change_stream.js';
import { type CommandContext } from './context.js';
import { Fields, fieldsOf } from './fields.js';
import { checkHint } from './hint.js';
import { writeTarget } from './merge.js';
import { openCursor, openSource } from './read.js';
import { unsupported } from './read_concern.js';
import { documentsOf } from './sources.js';
import { variablesOf } from './variables.js';
import { readAll, sourceOf } from './view.js';

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
  const { target } = pipeline;
  if (target !== undefined && context.body['autocommit'] !== undefined) {
    throw new CommandError(
      ErrorCode.OperationNotSupportedInTransaction,
      `${target.stage} cannot be used in a transaction`,
    );
  }
  const concern = fields.optionalDocument('readConcern');
  if (target !== undefined && concern?.['level'] === 'linearizable') {
    const why = `${target.stage} cannot be used with a 'linearizable' read concern level`;
    throw unsupported('aggregate', 'linearizable', why);
  }
  const cursor = new Fields('aggregate.cursor', fields.document('cursor'));
  const batchSize = cursor.count('batchSize');
  if (pipeline.source?.name === '$changeStream') {
    const source = openChangeStream(context, namespace, pipeline);
    return openSource(context, namespace, source, { batchSize, awaitsData: true, isChangeStream: true });
  }
  const variables = variablesOf(context);
  const documents = runPipeline(context, namespace, pipeline, variables);
  if (target === undefined) return openCursor(context, namespace, documents, batchSize);
  writeTarget(context, target, documents, variables);
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
  context: CommandContext,
  namespace: Namespace,
  { source, filter, stages }: Pipeline,
  variables: Document,
): readonly BsonDocument[] {
  const { deployment, database } = context;
  const fields = fieldsOf(context);
  checkHint(deployment.storage.find(namespace), fields.raw('hint'));
  const fold = compileCollation(fields.optionalDocument('collation'));
  const start =
    source === undefined
      ? selectDocuments(sourceOf(deployment, namespace, variables), { filter, variables, fold })
      : documentsOf(source, context, namespace);
  const read = (collection: string): readonly BsonDocument[] => readAll(deployment, { database, collection });
  return runStages(stages, start, { variables, fold, read });
}
