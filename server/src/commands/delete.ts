import { type Document } from '../bson/types.js';
import { checkWritableNamespace, type Namespace } from '../engine/namespace.js';
import { selectDocuments } from '../engine/select.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { compileCollation, type Fold } from '../query/collation.js';
import { type Deployment } from '../replication/deployment.js';
import { type CommandContext } from './context.js';
import { Fields, requireNamespace } from './fields.js';
import { checkStatements } from './gates.js';
import { checkHint } from './hint.js';
import { statementsOf } from './update.js';
import { variablesOf } from './variables.js';
import { checkNoView } from './view.js';
import { checkSingle, runBatch, withReport } from './write_batch.js';

const deleteFields: ReadonlySet<string> = new Set(['q', 'limit', 'collation', 'hint', 'sampleId']);

export function remove(context: CommandContext): Document {
  const namespace = requireNamespace(context);
  checkWritableNamespace(namespace);
  const variables = variablesOf(context);
  let n = 0;
  const statements = statementsOf(context, 'deletes');
  checkStatements(context.deployment.version, 'delete.deletes', statements, deleteFields);
  const execute = (statement: Document): number => {
    const fields = new Fields('delete.deletes', statement);
    const filter = fields.document('q');
    const limit = fields.count('limit');
    if (limit !== 0 && limit !== 1) {
      throw new CommandError(
        ErrorCode.FailedToParse,
        `The limit field in delete objects must be 0 or 1. Got ${String(limit)}`,
      );
    }
    checkSingle(context, limit === 0, 'limit=0');
    return removeMatching(context.deployment, namespace, {
      filter,
      isMulti: limit === 0,
      hint: fields.raw('hint'),
      fold: compileCollation(fields.optionalDocument('collation')),
      variables,
    });
  };
  const report = runBatch(context, statements, { execute, count: removed => (n += removed) });
  return withReport({ n }, report);
}

/** Removes what matches and answers how many that were. */
export function removeMatching(
  deployment: Deployment,
  namespace: Namespace,
  statement: { filter: Document; isMulti: boolean; hint: unknown; fold: Fold | undefined; variables: Document },
): number {
  const { filter, variables, fold } = statement;
  checkNoView(deployment, namespace);
  const collection = deployment.storage.findToChange(namespace);
  checkHint(collection, statement.hint);
  const targets = selectDocuments(collection, { filter, variables, fold, limit: statement.isMulti ? undefined : 1 });
  for (const document of targets) collection?.remove(document);
  return targets.length;
}
