import { type Merge, type Target } from '../aggregate/target.js';
import { BsonDocument } from '../bson/document.js';
import { type Document, isDocument } from '../bson/types.js';
import { Collection } from '../engine/collection.js';
import { checkWritableNamespace, type Namespace, namespaceText } from '../engine/namespace.js';
import { selectDocuments } from '../engine/select.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { compileExpression } from '../expression/compile.js';
import { fieldAt } from '../query/path.js';
import { compileUpdate } from '../update/compile.js';
import { type CommandContext } from './context.js';
import { insertDocument } from './insert.js';
import { updateOnce } from './update.js';
import { checkNoView } from './view.js';

/** Puts the result of a pipeline where $out or $merge wants it. */
export function writeTarget(
  context: CommandContext,
  target: Target,
  documents: readonly BsonDocument[],
  variables: Document,
): void {
  const namespace = { database: target.database ?? context.database, collection: target.collection };
  checkWritableNamespace(namespace);
  checkNoView(context.deployment, namespace);
  if (target.merge === undefined) replaceAll(context, namespace, documents);
  else for (const document of documents) mergeOne(context, namespace, target.merge, document, variables);
}

/** $out replaces the whole target, and only when every document could be written. */
function replaceAll({ deployment }: CommandContext, target: Namespace, documents: readonly BsonDocument[]): void {
  const { storage, ids, clock } = deployment;
  const before = storage.find(target);
  const after = new Collection(namespaceText(target), ids.uuid(), before?.options ?? {});
  for (const index of before?.indexes() ?? []) after.createIndex(index);
  for (const { value } of documents) {
    const { _id: id = ids.objectId(clock.wallTime()), ...rest } = value;
    after.insert(BsonDocument.fromValue({ _id: id, ...rest }));
  }
  storage.put(target, after);
}

function mergeOne(
  context: CommandContext,
  namespace: Namespace,
  merge: Merge,
  document: BsonDocument,
  variables: Document,
): void {
  const { deployment } = context;
  const filter = Object.fromEntries(merge.on.map(field => [field, { $eq: fieldAt(document.value, field) ?? null }]));
  const [existing] = selectDocuments(deployment.storage.find(namespace), { filter, limit: 1 });
  if (existing === undefined) {
    insertUnmatched(deployment, namespace, merge, document);
    return;
  }
  const update = updateOf(merge, existing, document, namespace);
  if (update === undefined) return;
  updateOnce(deployment, namespace, {
    filter,
    update: compileUpdate(update),
    arrayFilters: new Map(),
    isMulti: false,
    isUpsert: false,
    sort: undefined,
    hint: undefined,
    fold: undefined,
    bypassesValidation: context.body['bypassDocumentValidation'] === true,
    variables: { ...variables, ...letOf(merge, document, variables) },
  });
}

function insertUnmatched(
  deployment: CommandContext['deployment'],
  namespace: Namespace,
  { whenNotMatched }: Merge,
  document: BsonDocument,
): void {
  if (whenNotMatched === 'discard') return;
  if (whenNotMatched === 'fail') {
    throw new CommandError(
      ErrorCode.MergeStageNoMatchingDocument,
      '$merge could not find a matching document in the target collection for at least one document in the source collection',
    );
  }
  insertDocument(deployment, namespace, document);
}

/** The update that brings a document into one that is there; undefined: it stays as it is. */
function updateOf(
  { whenMatched }: Merge,
  existing: BsonDocument,
  document: BsonDocument,
  namespace: Namespace,
): Document | readonly unknown[] | undefined {
  if (typeof whenMatched === 'object') return whenMatched;
  const { _id: _, ...fields } = document.value;
  switch (whenMatched) {
    case 'keepExisting':
      return undefined;
    case 'replace':
      return { _id: existing.value['_id'], ...fields };
    case 'merge':
      return Object.keys(fields).length === 0 ? undefined : { $set: fields };
    case 'fail':
      throw new CommandError(
        ErrorCode.DuplicateKey,
        `PlanExecutor error during aggregation :: caused by :: E11000 duplicate key error collection: ${namespaceText(namespace)} index: _id_ dup key: { _id: ${String(existing.value['_id'])} }`,
        { keyPattern: { _id: 1 }, keyValue: { _id: existing.value['_id'] } },
      );
    default:
      return whenMatched satisfies never;
  }
}

/** Without a `let` of its own the pipeline of whenMatched knows the document as $$new. */
function letOf(merge: Merge, document: BsonDocument, variables: Document): Document {
  if (!isDocument(merge.let)) return { new: document.value };
  const scope = { root: document.value, current: document.value, variables };
  return Object.fromEntries(
    Object.entries(merge.let).map(([name, expression]) => [name, compileExpression(expression)(scope)]),
  );
}
