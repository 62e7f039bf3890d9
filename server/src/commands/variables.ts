import { type Document } from '../bson/types.js';
import { compileExpression } from '../expression/compile.js';
import { isReplicated } from '../replication/deployment.js';
import { type CommandContext } from './context.js';
import { fieldsOf } from './fields.js';

/** The `let` of a command, each value an expression of its own, and what the server itself sets. */
export function variablesOf(context: CommandContext): Document {
  const { clock, clusterTime } = context.deployment;
  const variables: Document = {
    NOW: new Date(clock.wallTime()),
    ...(isReplicated(context.deployment) ? { CLUSTER_TIME: clusterTime.latest } : {}),
  };
  return { ...variables, ...evaluated(fieldsOf(context).optionalDocument('let') ?? {}, variables) };
}

/** Constants: there is no document that they could take fields of. */
export function evaluated(expressions: Document, variables: Document): Document {
  const scope = { root: {}, current: {}, variables };
  return Object.fromEntries(
    Object.entries(expressions).map(([name, expression]) => [name, compileExpression(expression)(scope)]),
  );
}
