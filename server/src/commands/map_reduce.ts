import { BsonDocument } from '../bson/document.js';
import { type Document, isDocument, typeOf } from '../bson/types.js';
import { Collection } from '../engine/collection.js';
import { checkWritableNamespace, type Namespace, namespaceText } from '../engine/namespace.js';
import { selectDocuments } from '../engine/select.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { compileCollation } from '../query/collation.js';
import { canonicalKey } from '../query/compare.js';
import { JavaScript, toBson } from '../query/javascript.js';
import { sleepLater } from '../runtime/interruption.js';
import { type CommandContext } from './context.js';
import { Fields, fieldsOf } from './fields.js';
import { insertDocument } from './insert.js';
import { checkNoView, sourceOf } from './view.js';

const ACTIONS = ['replace', 'merge', 'reduce'] as const;

/** Where the results go: into the reply, or into a collection that they replace or are brought into. */
type Output = { readonly kind: 'inline' } | Target;

interface Target {
  readonly kind: (typeof ACTIONS)[number];
  readonly namespace: Namespace;
  /** The reply names the database only when `out` did. */
  readonly namesDatabase: boolean;
}

type Reduce = (key: unknown, values: readonly unknown[]) => unknown;

/** Deprecated since 5.0, and still what old applications send. */
export function mapReduce(context: CommandContext): Document {
  const fields = fieldsOf(context);
  const namespace = namespaceOf(context);
  const output = outputOf(context, fields.raw('out'));
  const groups = new Map<string, { key: unknown; values: unknown[] }>();
  const emit = (givenKey: unknown, givenValue: unknown): void => {
    const [key, value] = [toBson(givenKey), toBson(givenValue)];
    const text = canonicalKey(key);
    const group = groups.get(text) ?? { key, values: [] };
    group.values.push(value);
    groups.set(text, group);
  };
  const javaScript = new JavaScript({ ...fields.optionalDocument('scope'), emit, sleep: sleepLater });
  const map = javaScript.compile(fields.raw('map'), 'mapReduce.map');
  const reduceOnce = javaScript.compile(fields.raw('reduce'), 'mapReduce.reduce');
  const finalize = fields.has('finalize')
    ? javaScript.compile(fields.raw('finalize'), 'mapReduce.finalize')
    : undefined;
  const reduce: Reduce = (key, values) => (values.length === 1 ? values[0] : reduceOnce(null, key, values));

  const limit = fields.count('limit') ?? 0;
  const documents = selectDocuments(sourceOf(context.deployment, namespace), {
    filter: fields.optionalDocument('query') ?? {},
    sort: fields.optionalDocument('sort'),
    limit: limit === 0 ? undefined : limit,
    fold: compileCollation(fields.optionalDocument('collation')),
  });
  for (const { value } of documents) map(value);
  const results = [...groups.values()].map(({ key, values }) => ({ key, value: reduce(key, values) }));
  const finished = (key: unknown, value: unknown): Document => ({
    _id: key,
    value: finalize === undefined ? value : finalize(null, key, value),
  });
  if (output.kind === 'inline') {
    return { results: results.map(({ key, value }) => BsonDocument.fromValue(finished(key, value))) };
  }
  write(context, output, results, reduce, finished);
  const { database, collection } = output.namespace;
  return { result: output.namesDatabase ? { db: database, collection } : collection };
}

/** The command has an older spelling. */
function namespaceOf({ body, database }: CommandContext): Namespace {
  const collection = body['mapReduce'] ?? body['mapreduce'];
  if (typeof collection === 'string') return { database, collection };
  throw new CommandError(ErrorCode.InvalidNamespace, `collection name has invalid type ${typeOf(collection)}`);
}

function outputOf({ database, member }: CommandContext, out: unknown): Output {
  if (isDocument(out) && out['inline'] !== undefined) return { kind: 'inline' };
  const target = targetOf(database, out);
  // Where results are written, only the primary will do.
  if (!member.isWritable) throw new CommandError(ErrorCode.NotWritablePrimary, 'not primary');
  checkWritableNamespace(target.namespace);
  return target;
}

function targetOf(database: string, out: unknown): Target {
  if (typeof out === 'string') {
    return { kind: 'replace', namespace: { database, collection: out }, namesDatabase: false };
  }
  if (!isDocument(out)) {
    throw new CommandError(ErrorCode.BadValue, "'out' has to be a string or an object");
  }
  const kind = ACTIONS.find(action => typeof out[action] === 'string');
  if (kind === undefined) {
    throw new CommandError(ErrorCode.BadValue, "'out' requires one of 'inline', 'replace', 'merge' and 'reduce'");
  }
  const other = new Fields('mapReduce.out', out).optionalString('db');
  const namespace = { database: other ?? database, collection: String(out[kind]) };
  return { kind, namespace, namesDatabase: other !== undefined };
}

function write(
  { deployment, body }: CommandContext,
  { kind, namespace }: Target,
  results: readonly { readonly key: unknown; readonly value: unknown }[],
  reduce: Reduce,
  finished: (key: unknown, value: unknown) => Document,
): void {
  const { storage, ids } = deployment;
  checkNoView(deployment, namespace);
  const before = storage.find(namespace);
  if (kind === 'replace') {
    const after = new Collection(namespaceText(namespace), ids.uuid(), before?.options ?? {});
    for (const index of before?.indexes() ?? []) after.createIndex(index);
    for (const { key, value } of results) after.insert(BsonDocument.fromValue(finished(key, value)));
    storage.put(namespace, after);
    return;
  }
  for (const { key, value } of results) {
    const collection = storage.findOrCreate(namespace);
    const existing = collection.findById(key);
    const earlier = existing?.value['value'];
    const merged = kind === 'reduce' && existing !== undefined ? reduce(key, [earlier, value]) : value;
    const document = BsonDocument.fromValue(finished(key, merged));
    if (existing === undefined)
      insertDocument(deployment, namespace, document, body['bypassDocumentValidation'] === true);
    else collection.replace(existing, document, 'replace');
  }
}
