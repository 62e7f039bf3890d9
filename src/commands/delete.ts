import type { Document } from '../bson/index.js';
import type { Operation } from '../executor/operation.js';
import { addWriteConcern, type OperationContext, unacknowledged } from './context.js';
import { encodedWrite, forEachSent, STATEMENT } from './encoded_write.js';
import { onPrimary } from './operation_defaults.js';
import {
  addGenericFields,
  type CollationOptions,
  type CommandOperationOptions,
  checkHintWithoutAnswer,
  copyOptions,
  type Hint,
} from './options.js';
import { countIn, throwWriteErrors } from './reply.js';
import { checkEncodedWrite, checkWriteFilter } from './update_document.js';

/** @public */
export interface DeleteOptions extends CommandOperationOptions {
  /** Without effect, since there is one statement. */
  ordered?: boolean;
  hint?: Hint;
  let?: Document;
}

/** @public */
export interface DeleteResult {
  acknowledged: boolean;
  deletedCount: number;
}

/** One statement of a `delete`, as it is sent. @public */
export interface DeleteStatement {
  q: Document;
  /** 1: the first document that matches; 0: all. */
  limit: number;
  collation?: CollationOptions;
  hint?: Hint;
}

/** A `delete` with one statement. */
export function deleteDocuments(
  kind: 'deleteOne' | 'deleteMany',
  context: OperationContext,
  filter: unknown,
  options: DeleteOptions,
): Operation<DeleteResult> {
  checkWriteFilter(filter, 'Argument "filter" must be an object', context.bsonOptions);
  const statement: DeleteStatement = { q: filter, limit: kind === 'deleteOne' ? 1 : 0 };
  copyOptions(statement, options, ['hint', 'collation']);
  return onPrimary<DeleteResult>(context, {
    access: 'write',
    name: 'delete',
    retryable: kind === 'deleteOne',
    unacknowledged: unacknowledged(context),
    sequence: { field: 'deletes', documents: [statement], from: 0 },
    checkEncoded: message =>
      forEachSent(message, start => checkEncodedWrite(encodedWrite(message, start, STATEMENT), filter, null, null)),
    command(target) {
      if (options.hint !== undefined) checkHintWithoutAnswer('delete', context, target);
      const command: Document = { delete: context.collection, ordered: true };
      addWriteConcern(command, context);
      addGenericFields(command, options, target);
      copyOptions(command, options, ['let']);
      return command;
    },
    result(reply) {
      throwWriteErrors(reply, context);
      return { acknowledged: true, deletedCount: countIn(reply, 'n') ?? 0 };
    },
    unacknowledgedResult: () => ({ acknowledged: false, deletedCount: 0 }),
  });
}
