import { checkStageNames } from '../aggregate/parse.js';
import { BsonDocument, parseDocument } from '../bson/document.js';
import { type Document, isDocument, typeOf } from '../bson/types.js';
import { checkWritableNamespace, type Namespace } from '../engine/namespace.js';
import { selectDocuments } from '../engine/select.js';
import { checkStorable } from '../engine/storable.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { compileCollation, type Fold } from '../query/collation.js';
import { compileMatch, type MatchDetails } from '../query/match.js';
import { type Deployment } from '../replication/deployment.js';
import { isSince } from '../replication/versions.js';
import { type CompiledUpdate, compileArrayFilters, compileUpdate } from '../update/compile.js';
import { type UpdateContext } from '../update/types.js';
import { buildUpsert } from '../update/upsert.js';
import { type CommandContext } from './context.js';
import { Fields, fieldsOf, requireNamespace } from './fields.js';
import { checkStatements } from './gates.js';
import { checkHint } from './hint.js';
import { bypassesValidation } from './insert.js';
import { evaluated, variablesOf } from './variables.js';
import { checkNoView } from './view.js';
import { checkSingle, runBatch, withReport } from './write_batch.js';

/** The statements of a write command: from a kind-1 section or from the array in the body. */
export function statementsOf(context: CommandContext, name: string): Document[] {
  const sequence = context.sequences.get(name);
  if (sequence !== undefined) return sequence.map(parseDocument);
  return fieldsOf(context)
    .array(name)
    .map((statement, index) => {
      if (isDocument(statement)) return statement;
      throw new CommandError(
        ErrorCode.TypeMismatch,
        `BSON field '${context.name}.${name}.${index}' is the wrong type '${typeOf(statement)}', expected type 'object'`,
      );
    });
}

const updateFields: ReadonlySet<string> = new Set([
  ...['q', 'u', 'c', 'multi', 'upsert', 'upsertSupplied', 'collation', 'arrayFilters', 'hint', 'sort', 'sampleId'],
]);

export function update(context: CommandContext): Document {
  const namespace = requireNamespace(context);
  checkWritableNamespace(namespace);
  const variables = variablesOf(context);
  const bypass = bypassesValidation(context);
  const upserted: Document[] = [];
  let n = 0;
  let nModified = 0;
  const statements = statementsOf(context, 'updates');
  checkStatements(context.deployment.version, 'update.updates', statements, updateFields);
  // The command fails as a whole: MongoDB looks for other collections in the pipelines before it runs the first statement.
  for (const { u } of statements) if (Array.isArray(u)) checkStageNames(u);
  const report = runBatch<Document, UpdateCounts>(context, statements, {
    execute: statement => {
      const names = { filter: 'q', update: 'u' };
      const parsed = parseUpdate(statement, 'update.updates', names, { variables, bypassesValidation: bypass });
      checkSingle(context, parsed.isMulti, 'multi=true');
      return countsOf(updateOnce(context.deployment, namespace, parsed));
    },
    count: (counts, index) => {
      n += counts.matched;
      nModified += counts.modified;
      if (counts.upserted === undefined) return;
      n++;
      upserted.push({ index, ...counts.upserted });
    },
  });
  return withReport({ n, ...(upserted.length > 0 ? { upserted } : {}), nModified }, report);
}

/** One update statement, in parts that are checked. */
export interface UpdateStatement {
  readonly filter: Document;
  readonly update: CompiledUpdate;
  readonly arrayFilters: UpdateContext['arrayFilters'];
  readonly isMulti: boolean;
  readonly isUpsert: boolean;
  readonly sort: Document | undefined;
  readonly hint: unknown;
  readonly fold: Fold | undefined;
  /** The collection's validator is not asked. */
  readonly bypassesValidation: boolean;
  /** What $expr and pipelines may use: `let` of the command, and the constants of the statement. */
  readonly variables: Document;
}

/** `update` and `bulkWrite` differ in the names of two fields. */
export function parseUpdate(
  statement: Document,
  owner: string,
  names: { filter: string; update: string },
  { variables, bypassesValidation: bypass }: Pick<UpdateStatement, 'variables' | 'bypassesValidation'>,
): UpdateStatement {
  const fields = new Fields(owner, statement);
  const filter = fields.document(names.filter);
  if (!fields.has(names.update)) {
    throw new CommandError(
      ErrorCode.IDLFailedToParse,
      `BSON field '${owner}.${names.update}' is missing but a required field`,
    );
  }
  const compiled = compileUpdate(fields.raw(names.update));
  const isMulti = fields.boolean('multi', false);
  if (isMulti && compiled.kind === 'replacement') {
    throw new CommandError(ErrorCode.FailedToParse, 'multi update is not supported for replacement-style update');
  }
  const sort = fields.optionalDocument('sort');
  if (isMulti && sort !== undefined) {
    throw new CommandError(ErrorCode.FailedToParse, 'Cannot specify sort with multi=true');
  }
  return {
    filter,
    update: compiled,
    arrayFilters: compileArrayFilters(fields.optionalArray('arrayFilters') ?? []),
    isMulti,
    isUpsert: fields.boolean('upsert', false),
    sort,
    hint: fields.raw('hint'),
    fold: compileCollation(fields.optionalDocument('collation')),
    bypassesValidation: bypass,
    variables: {
      ...variables,
      ...evaluated(fields.optionalDocument('c') ?? fields.optionalDocument('constants') ?? {}, variables),
    },
  };
}

export interface UpdateResult {
  readonly matched: number;
  readonly modified: number;
  readonly before: BsonDocument | undefined;
  readonly after: BsonDocument | undefined;
  readonly upserted: BsonDocument | undefined;
}

/** What is told of an update, and kept for when it is sent again. */
export interface UpdateCounts {
  readonly matched: number;
  readonly modified: number;
  readonly upserted: { readonly _id: unknown } | undefined;
}

export function countsOf({ matched, modified, upserted }: UpdateResult): UpdateCounts {
  return { matched, modified, upserted: upserted === undefined ? undefined : { _id: upserted.value['_id'] } };
}

export function updateOnce(deployment: Deployment, namespace: Namespace, statement: UpdateStatement): UpdateResult {
  const { filter, arrayFilters, isMulti, sort, variables, fold } = statement;
  checkNoView(deployment, namespace);
  const existing = deployment.storage.findToChange(namespace);
  checkHint(existing, statement.hint);
  const allowsDollars = isSince(deployment.version, '5.0');
  const limit = isMulti ? undefined : 1;
  const targets = selectDocuments(existing, { filter, sort, limit, variables, fold });
  const base = { arrayFilters, variables, isInsert: false, wallTime: deployment.clock.wallTime() };
  if (targets.length === 0) {
    const none = { matched: 0, modified: 0, before: undefined, after: undefined };
    if (!statement.isUpsert) return { ...none, upserted: undefined };
    const newId = () => deployment.ids.objectId(base.wallTime);
    const built = buildUpsert(filter, statement.update, { ...base, arrayIndex: undefined }, newId);
    const upserted = BsonDocument.fromValue(built);
    const collection = deployment.storage.findOrCreate(namespace);
    checkStorable(built, allowsDollars);
    if (!statement.bypassesValidation) collection.checkValid(upserted);
    collection.insert(upserted);
    return { ...none, upserted, after: upserted };
  }
  const folded = fold ?? (<Value>(value: Value) => value);
  const matches = compileMatch(folded(filter), variables);
  let modified = 0;
  let after: BsonDocument | undefined;
  for (const target of targets) {
    const details: MatchDetails = {};
    matches(folded(target.value), details);
    after = BsonDocument.fromValue(statement.update.apply(target.value, { ...base, arrayIndex: details.arrayIndex }));
    // An update that changes nothing is matched but not modified: compared as bytes, since 1 and 1.0 differ here.
    if (after.bytes.equals(target.bytes)) continue;
    checkStorable(after.value, allowsDollars);
    if (!statement.bypassesValidation) existing?.checkValid(after, target);
    existing?.replace(target, after, statement.update.kind === 'replacement' ? 'replace' : 'update');
    modified++;
  }
  return { matched: targets.length, modified, before: targets[0], after, upserted: undefined };
}
