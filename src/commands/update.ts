import type { Document } from '../bson/index.js';
import type { Operation, OperationReply } from '../executor/operation.js';
import type { InferIdType } from '../types/schema.js';
import type { Sort, SortForCmd } from '../types/sort.js';
import { addWriteConcern, type OperationContext, unacknowledged } from './context.js';
import { encodedWrite, forEachSent, STATEMENT } from './encoded_write.js';
import { onPrimary } from './operation_defaults.js';
import {
  addGenericFields,
  type CollationOptions,
  type CommandOperationOptions,
  copyOptions,
  type Hint,
} from './options.js';
import { countIn, throwWriteErrors, upsertedIn } from './reply.js';
import { formatSort } from './sort.js';
import { checkEncodedWrite, checkReplacement, checkUpdate, checkWriteFilter } from './update_document.js';

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
export interface UpdateResult<TSchema extends Document = Document> {
  acknowledged: boolean;
  matchedCount: number;
  modifiedCount: number;
  upsertedCount: number;
  /** `_id` of the document that an upsert inserted, or null. */
  upsertedId: InferIdType<TSchema> | null;
}

/** One statement of an `update`, as it is sent. @public */
export interface UpdateStatement {
  q: Document;
  u: Document | Document[];
  upsert?: boolean;
  multi?: boolean;
  collation?: CollationOptions;
  arrayFilters?: Document[];
  hint?: Hint;
  sort?: SortForCmd;
}

type UpdateKind = 'updateOne' | 'updateMany' | 'replaceOne';

/** An `update` with one statement. */
export function update<TSchema extends Document>(
  kind: UpdateKind,
  context: OperationContext,
  filter: unknown,
  change: unknown,
  options: UpdateOptions & { sort?: Sort },
): Operation<UpdateResult<TSchema>> {
  checkWriteFilter(filter, 'Selector must be a valid JavaScript object', context.bsonOptions);
  if (kind === 'replaceOne') checkReplacement(change, context.bsonOptions);
  else checkUpdate(change, context.bsonOptions);
  const changeKind = kind === 'replaceOne' ? 'replacement' : 'update';
  const multi = kind === 'updateMany';
  const statement = statementOf(filter, change, multi, options);
  return onPrimary(context, {
    access: 'write',
    name: 'update',
    // An update of many documents cannot be retried (Retryable Writes, "Supported Write Operations").
    retryable: !multi,
    unacknowledged: unacknowledged(context),
    sequence: { field: 'updates', documents: [statement], from: 0 },
    checkEncoded: message =>
      forEachSent(message, start =>
        checkEncodedWrite(encodedWrite(message, start, STATEMENT), filter, changeKind, change),
      ),
    command(target) {
      const command: Document = { update: context.collection, ordered: true };
      addWriteConcern(command, context);
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
): UpdateStatement {
  const statement: UpdateStatement = { q: filter, u: change };
  if (multi) statement.multi = true;
  copyOptions(statement, options, ['upsert', 'hint', 'collation', 'arrayFilters']);
  // An update of many documents has no first document.
  const sort = multi ? undefined : formatSort(options.sort);
  if (sort !== undefined) statement.sort = sort;
  return statement;
}

function resultOf<TSchema extends Document>(reply: OperationReply, context: OperationContext): UpdateResult<TSchema> {
  throwWriteErrors(reply, context);
  const n = countIn(reply, 'n') ?? 0;
  const upserted = upsertedIn(reply, context);
  return {
    acknowledged: true,
    matchedCount: n - upserted.length,
    modifiedCount: countIn(reply, 'nModified') ?? n,
    upsertedCount: upserted.length,
    upsertedId: (upserted[0]?._id ?? null) as UpdateResult<TSchema>['upsertedId'],
  };
}
