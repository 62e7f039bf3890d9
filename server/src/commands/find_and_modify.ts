import { Int32 } from 'bson';
import { type BsonDocument } from '../bson/document.js';
import { type Document } from '../bson/types.js';
import { checkWritableNamespace, type Namespace } from '../engine/namespace.js';
import { selectDocuments } from '../engine/select.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { compileCollation } from '../query/collation.js';
import { compileProjection } from '../query/project.js';
import { compileArrayFilters, compileUpdate } from '../update/compile.js';
import { type CommandContext } from './context.js';
import { type Fields, fieldsOf, requireNamespace } from './fields.js';
import { checkHint } from './hint.js';
import { bypassesValidation } from './insert.js';
import { updateOnce } from './update.js';
import { variablesOf } from './variables.js';
import { checkNoView } from './view.js';
import { executeOnce, statementIds } from './write_batch.js';

export function findAndModify(context: CommandContext): Document {
  const namespace = requireNamespace(context);
  checkWritableNamespace(namespace);
  const fields = fieldsOf(context);
  const removes = fields.boolean('remove', false);
  if (removes === fields.has('update')) {
    throw new CommandError(
      ErrorCode.FailedToParse,
      removes ? 'Cannot specify both an update and remove=true' : 'Either an update or remove=true must be specified',
    );
  }
  checkNoView(context.deployment, namespace);
  const id = statementIds(context)(0);
  const { outcome, wasKnown } = executeOnce(context, id, () =>
    removes ? removeOne(context, namespace, fields) : modifyOne(context, namespace, fields),
  );
  return wasKnown ? { ...outcome, retriedStmtId: new Int32(id) } : outcome;
}

function removeOne(context: CommandContext, namespace: Namespace, fields: Fields): Document {
  for (const name of ['upsert', 'new']) {
    if (fields.boolean(name, false)) {
      throw new CommandError(
        ErrorCode.FailedToParse,
        name === 'new'
          ? "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document"
          : 'Cannot specify both upsert=true and remove=true',
      );
    }
  }
  const collection = context.deployment.storage.findToChange(namespace);
  checkHint(collection, fields.raw('hint'));
  const [document] = selectDocuments(collection, {
    filter: fields.optionalDocument('query') ?? {},
    sort: fields.optionalDocument('sort'),
    variables: variablesOf(context),
    fold: compileCollation(fields.optionalDocument('collation')),
    limit: 1,
  });
  const value = projected(document, fields);
  if (document !== undefined) collection?.remove(document);
  return { lastErrorObject: { n: document === undefined ? 0 : 1 }, value };
}

function modifyOne(context: CommandContext, namespace: Namespace, fields: Fields): Document {
  const returnsNew = fields.boolean('new', false);
  const result = updateOnce(context.deployment, namespace, {
    filter: fields.optionalDocument('query') ?? {},
    update: compileUpdate(fields.raw('update')),
    arrayFilters: compileArrayFilters(fields.optionalArray('arrayFilters') ?? []),
    isMulti: false,
    isUpsert: fields.boolean('upsert', false),
    sort: fields.optionalDocument('sort'),
    hint: fields.raw('hint'),
    fold: compileCollation(fields.optionalDocument('collation')),
    bypassesValidation: bypassesValidation(context),
    variables: variablesOf(context),
  });
  const { upserted, matched } = result;
  return {
    lastErrorObject: {
      n: matched + (upserted === undefined ? 0 : 1),
      updatedExisting: matched > 0,
      ...(upserted === undefined ? {} : { upserted: upserted.value['_id'] }),
    },
    value: projected(returnsNew ? result.after : result.before, fields),
  };
}

function projected(document: BsonDocument | undefined, fields: Fields): BsonDocument | Document | null {
  const projection = fields.optionalDocument('fields');
  if (document === undefined) return null;
  if (projection === undefined || Object.keys(projection).length === 0) return document;
  return compileProjection(projection, 'find')(document.value);
}
