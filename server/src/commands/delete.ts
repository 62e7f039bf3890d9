import { type Document } from '../bson/types.js';
import { checkWritableNamespace } from '../engine/namespace.js';
import { selectDocuments } from '../engine/select.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type CommandContext } from './context.js';
import { Fields, requireNamespace } from './fields.js';
import { checkHint } from './hint.js';
import { statementsOf } from './update.js';
import { runBatch, withWriteErrors } from './write_batch.js';

export function remove(context: CommandContext): Document {
  const namespace = requireNamespace(context);
  checkWritableNamespace(namespace);
  let n = 0;
  const errors = runBatch(context, statementsOf(context, 'deletes'), statement => {
    const fields = new Fields('delete.deletes', statement);
    const filter = fields.document('q');
    const limit = fields.count('limit');
    if (limit !== 0 && limit !== 1) {
      throw new CommandError(
        ErrorCode.FailedToParse,
        `The limit field in delete objects must be 0 or 1. Got ${String(limit)}`,
      );
    }
    const collection = context.deployment.storage.find(namespace);
    checkHint(collection, fields.raw('hint'));
    for (const document of selectDocuments(collection, { filter, limit: limit === 1 ? 1 : undefined })) {
      collection?.remove(document);
      n++;
    }
  });
  return withWriteErrors({ n }, errors);
}
