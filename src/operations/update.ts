import type { Document } from '../bson/index.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { addWriteConcern, type OperationContext, unacknowledged } from './context.js';
import type { Operation, OperationReply } from './operation.js';
import { onPrimary } from './operation_defaults.js';
import { addGenericFields, type CommandOperationOptions, copyOptions, type Hint } from './options.js';
import { formatSort, type Sort } from './sort.js';
import { throwWriteErrors } from './write_result.js';

/** @public */
export interface UpdateOptions extends CommandOperationOptions {
  arrayFilters?: Document[];
  bypassDocumentValidation?: boolean;
  hint?: Hint;
  /** Inserts a document when none matches. */
  upsert?: boolean;
  let?: Document;
}

/** @public */
export interface ReplaceOptions extends CommandOperationOptions {
  bypassDocumentValidation?: boolean;
  hint?: Hint;
  upsert?: boolean;
  let?: Document;
  sort?: Sort;
}

/** @public */
export interface UpdateResult<TSchema = Document> {
  acknowledged: boolean;
  matchedCount: number;
  modifiedCount: number;
  upsertedCount: number;
  /** `_id` of the document that an upsert inserted, or null. */
  upsertedId: (TSchema extends { _id: infer Id } ? Id : unknown) | null;
}

type UpdateKind = 'updateOne' | 'updateMany' | 'replaceOne';

/** One `update` of one statement. */
export function update<TSchema>(
  kind: UpdateKind,
  context: OperationContext,
  filter: Document,
  change: Document | Document[],
  options: UpdateOptions & { sort?: Sort },
): Operation<UpdateResult<TSchema>> {
  checkChange(kind, change);
  const multi = kind === 'updateMany';
  const statement = statementOf(filter, change, multi, options);
  return onPrimary(context, {
    access: 'write',
    name: 'update',
    // What many documents have become cannot be repeated (Retryable Writes, "Supported Write Operations").
    retryable: !multi,
    unacknowledged: unacknowledged(context),
    sequence: { field: 'updates', documents: [statement], from: 0 },
    command(target) {
      const command: Document = { update: context.collection, ordered: true };
      addWriteConcern(command, context, target);
      addGenericFields(command, options, target);
      copyOptions(command, options, ['bypassDocumentValidation', 'let']);
      return command;
    },
    result: reply => resultOf(reply, context),
    unacknowledgedResult: () => ({
      acknowledged: false,
      matchedCount: 0,
      modifiedCount: 0,
      upsertedCount: 0,
      upsertedId: null,
    }),
  });
}

function statementOf(
  filter: Document,
  change: Document | Document[],
  multi: boolean,
  options: UpdateOptions & { sort?: Sort },
): Document {
  const statement: Document = { q: filter, u: change };
  if (multi) statement['multi'] = true;
  copyOptions(statement, options, ['upsert', 'hint', 'collation', 'arrayFilters']);
  const sort = formatSort(options.sort);
  if (sort !== undefined) statement['sort'] = sort;
  return statement;
}

function resultOf<TSchema>(reply: OperationReply, context: OperationContext): UpdateResult<TSchema> {
  throwWriteErrors(reply, context);
  const { body } = reply.reply;
  const n = body.number('n') ?? 0;
  const upserted = body.has('upserted') ? (reply.reply.decode(context.decode)['upserted'] as Document[]) : [];
  return {
    acknowledged: true,
    matchedCount: n - upserted.length,
    modifiedCount: body.number('nModified') ?? n,
    upsertedCount: upserted.length,
    upsertedId: (upserted[0]?.['_id'] ?? null) as UpdateResult<TSchema>['upsertedId'],
  };
}

/** Only the first name is looked at: the rest is the server's business (CRUD, "Update vs. replace validation"). */
function checkChange(kind: UpdateKind, change: unknown): void {
  if (typeof change !== 'object' || change === null) {
    throw new MongoInvalidArgumentError(`The second argument of ${kind} must be an object, given was ${typeof change}`);
  }
  const pipeline = Array.isArray(change);
  const first = pipeline ? undefined : Object.keys(change)[0];
  if (kind === 'replaceOne') {
    if (pipeline || first?.startsWith('$') === true) {
      throw new MongoInvalidArgumentError('Replacement document must not contain atomic operators');
    }
  } else if (pipeline ? change.length === 0 : first?.startsWith('$') !== true) {
    throw new MongoInvalidArgumentError('Update document requires atomic operators');
  }
}
