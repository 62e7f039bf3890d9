import { type Pipeline } from '../aggregate/pipeline.js';
import { parseChangeStream } from '../change_streams/options.js';
import { ChangeStreamSource } from '../change_streams/source.js';
import { type Namespace } from '../engine/namespace.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { compileCollation } from '../query/collation.js';
import { isReplicated } from '../replication/deployment.js';
import { type CommandContext } from './context.js';
import { fieldsOf } from './fields.js';
import { variablesOf } from './variables.js';
import { readAll } from './view.js';

/** Those that make one event of an event, or none. */
const allowedStages: ReadonlySet<string> = new Set([
  ...['$match', '$project', '$addFields', '$set', '$unset', '$replaceRoot', '$replaceWith', '$redact'],
  '$changeStreamSplitLargeEvent',
]);

/** Opens a change stream: the source of a cursor that never ends by itself. */
export function openChangeStream(
  context: CommandContext,
  namespace: Namespace,
  pipeline: Pipeline,
): ChangeStreamSource {
  const { deployment, database } = context;
  if (!isReplicated(deployment)) {
    throw new CommandError(40573, 'The $changeStream stage is only supported on replica sets');
  }
  if (context.body['autocommit'] !== undefined) {
    throw new CommandError(
      ErrorCode.OperationNotSupportedInTransaction,
      '$changeStream cannot be used in a multi-document transaction',
    );
  }
  const { names, stages, source } = pipeline;
  const forbidden = names.slice(1).find(name => !allowedStages.has(name));
  if (forbidden !== undefined) {
    throw new CommandError(ErrorCode.IllegalOperation, `${forbidden} is not permitted in a $changeStream pipeline`);
  }
  return new ChangeStreamSource(deployment.oplog, {
    options: parseChangeStream(source?.operand, namespace),
    stages,
    splits: names.at(-1) === '$changeStreamSplitLargeEvent',
    environment: {
      variables: variablesOf(context),
      fold: compileCollation(fieldsOf(context).optionalDocument('collation')),
      read: collection => readAll(deployment, { database, collection }),
    },
    lookUp: (where, id) => deployment.storage.find(where)?.findById(id),
    now: () => deployment.clusterTime.latest,
  });
}

/** Errors after which a driver may take a change stream up again; the server labels them since 4.4. */
const resumable: ReadonlySet<number> = new Set([
  ...[6, 7, 63, 89, 91, 133, 150, 189, 234, 262, 9001, 10107, 11600, 11602, 13388, 13435, 13436],
]);

export function labelResumable(error: unknown): unknown {
  if (!(error instanceof CommandError) || !resumable.has(error.code)) return error;
  return new CommandError(error.code, error.message, { ...error.details, errorLabels: ['ResumableChangeStreamError'] });
}
