import { Int32 } from 'bson';
import { BsonDocument } from '../bson/document.js';
import { isNumber, toInteger } from '../bson/numbers.js';
import { type Document } from '../bson/types.js';
import { Collection } from '../engine/collection.js';
import { type CursorOptions, type DocumentSource, ListSource } from '../engine/cursors.js';
import { type Namespace, namespaceText } from '../engine/namespace.js';
import { type Selection, selectDocuments } from '../engine/select.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { compileCollation } from '../query/collation.js';
import { canonicalKey } from '../query/compare.js';
import { parsePath, visitPath } from '../query/path.js';
import { compileProjection } from '../query/project.js';
import { sessionKey } from '../replication/sessions.js';
import { type CommandContext } from './context.js';
import { fieldsOf, requireNamespace } from './fields.js';
import { checkOnView, type IndexOptions, shapeOf, withinBounds } from './find_by_index.js';
import { checkHint } from './hint.js';
import { TailableSource } from './tailable.js';
import { variablesOf } from './variables.js';
import { sourceOf } from './view.js';

const defaultBatchSize = 101;

export function find(context: CommandContext): Document {
  const namespace = requireNamespace(context);
  const fields = fieldsOf(context);
  const filter = fields.optionalDocument('filter') ?? {};
  const projection = fields.optionalDocument('projection') ?? {};
  const limit = fields.count('limit') ?? 0;
  const batchSize = fields.count('batchSize') ?? defaultBatchSize;
  const isTailable = fields.boolean('tailable', false);
  const awaitsData = fields.boolean('awaitData', false);
  const collection = context.deployment.storage.find(namespace);
  checkTailable(collection, isTailable, awaitsData);
  const hint = fields.raw('hint');
  checkHint(collection, hint);
  const byIndex: IndexOptions = {
    min: boundOf(fields.optionalDocument('min')),
    max: boundOf(fields.optionalDocument('max')),
    returnKey: fields.boolean('returnKey', false),
    showRecordId: fields.boolean('showRecordId', false),
  };
  if (collection?.options['viewOn'] !== undefined) checkOnView(byIndex);
  const variables = variablesOf(context);
  const selection: Selection = {
    filter,
    sort: fields.optionalDocument('sort'),
    skip: fields.count('skip'),
    variables,
    fold: compileCollation(fields.optionalDocument('collation')),
    limit: limit === 0 ? undefined : limit,
  };
  const isBounded = collection !== undefined && (byIndex.min !== undefined || byIndex.max !== undefined);
  const source = isBounded
    ? withinBounds(collection, byIndex, hint)
    : sourceOf(context.deployment, namespace, variables);
  const found = selectDocuments(source, selection);
  const project = Object.keys(projection).length === 0 ? undefined : compileProjection(projection, 'find');
  const shape = shapeOf(collection, byIndex, { filter, sort: selection.sort, hint });
  const shown = (document: BsonDocument): BsonDocument => {
    const projected = project === undefined ? document : BsonDocument.fromValue(project(document.value));
    return shape === undefined ? projected : shape(document, projected);
  };
  const projected = (documents: readonly BsonDocument[]): readonly BsonDocument[] =>
    project === undefined && shape === undefined ? documents : documents.map(shown);
  const documents = projected(found);
  if (isTailable && collection !== undefined && collection.size > 0) {
    const later = { filter, variables, fold: selection.fold };
    const source = new TailableSource(context.deployment.oplog, namespace, documents, inserted =>
      projected(selectDocuments(inserted, later)),
    );
    return openSource(context, namespace, source, { batchSize, awaitsData });
  }
  return openCursor(context, namespace, documents, batchSize, fields.boolean('singleBatch', false));
}

/** An empty document bounds nothing. */
function boundOf(bound: Document | undefined): Document | undefined {
  return bound === undefined || Object.keys(bound).length === 0 ? undefined : bound;
}

/** Only a capped collection has an end to wait at. */
function checkTailable(collection: Collection | undefined, isTailable: boolean, awaitsData: boolean): void {
  if (awaitsData && !isTailable) {
    throw new CommandError(ErrorCode.FailedToParse, 'Cannot set awaitData without tailable');
  }
  if (!isTailable || collection === undefined || collection.options['capped'] === true) return;
  throw new CommandError(
    ErrorCode.BadValue,
    `error processing query: ns=${collection.namespace}: tailable cursor requested on non capped collection`,
  );
}

/** The reply of every command that answers a cursor. */
export function openCursor(
  context: CommandContext,
  namespace: Namespace,
  documents: readonly BsonDocument[],
  batchSize = defaultBatchSize,
  singleBatch = false,
): Document {
  return openSource(context, namespace, new ListSource(documents), { batchSize, singleBatch });
}

/** The same for documents that are not all there yet. */
export function openSource(
  context: CommandContext,
  namespace: Namespace,
  source: DocumentSource,
  options: Partial<Pick<CursorOptions, 'singleBatch' | 'awaitsData' | 'isChangeStream'>> & {
    batchSize?: number | undefined;
  },
): Document {
  const { lsid } = context.body;
  const ns = namespaceText(namespace);
  const { id, batch } = context.member.cursors.open(source, {
    singleBatch: false,
    ...options,
    namespace: ns,
    // The limit of a cursor that waits for data is that of each command.
    leftMS: options.awaitsData === true ? undefined : context.operation.leftMS,
    neverExpires: fieldsOf(context).boolean('noCursorTimeout', false),
    session: lsid === undefined ? undefined : sessionKey(lsid),
    batchSize: options.batchSize ?? defaultBatchSize,
  });
  const { resumeToken } = source;
  const token = resumeToken === undefined ? {} : { postBatchResumeToken: resumeToken };
  return { cursor: { firstBatch: batch, ...token, id, ns } };
}

export function count(context: CommandContext): Document {
  const namespace = requireNamespace(context);
  const fields = fieldsOf(context);
  const collection = context.deployment.storage.find(namespace);
  checkHint(collection, fields.raw('hint'));
  const filter = fields.optionalDocument('query') ?? {};
  const limit = fields.raw('limit');
  // A negative limit means the same as its absolute value.
  const most = isNumber(limit) ? Math.abs(toInteger(limit) ?? 0) : 0;
  const skip = fields.count('skip') ?? 0;
  const source = sourceOf(context.deployment, namespace);
  if (Object.keys(filter).length === 0) {
    const size = source instanceof Collection ? source.size : (source?.length ?? 0);
    const left = Math.max(0, size - skip);
    return { n: new Int32(most === 0 ? left : Math.min(left, most)) };
  }
  const fold = compileCollation(fields.optionalDocument('collation'));
  return { n: selectDocuments(source, { filter, skip, fold, limit: most === 0 ? undefined : most }).length };
}

export function distinct(context: CommandContext): Document {
  const namespace = requireNamespace(context);
  const fields = fieldsOf(context);
  const path = parsePath(fields.string('key'));
  const source = sourceOf(context.deployment, namespace);
  checkHint(context.deployment.storage.find(namespace), fields.raw('hint'));
  const fold = compileCollation(fields.optionalDocument('collation'));
  const values = new Map<string, unknown>();
  for (const document of selectDocuments(source, { filter: fields.optionalDocument('query') ?? {}, fold })) {
    visitPath(document.value, path, value => {
      for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
        if (one === undefined) continue;
        const key = canonicalKey(fold === undefined ? one : fold(one));
        if (!values.has(key)) values.set(key, one);
      }
      return false;
    });
  }
  return { values: [...values.values()] };
}
