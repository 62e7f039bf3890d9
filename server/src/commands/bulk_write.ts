import { Double } from 'bson';
import { BsonDocument, parseDocument } from '../bson/document.js';
import { formatValue } from '../bson/format.js';
import { toInteger } from '../bson/numbers.js';
import { type Document } from '../bson/types.js';
import { checkWritableNamespace, type Namespace } from '../engine/namespace.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { compileCollation } from '../query/collation.js';
import { type Deployment } from '../replication/deployment.js';
import { type CommandContext } from './context.js';
import { removeMatching } from './delete.js';
import { Fields, fieldsOf } from './fields.js';
import { bypassesValidation, insertDocument } from './insert.js';
import { openCursor } from './read.js';
import { countsOf, parseUpdate, statementsOf, type UpdateStatement, updateOnce } from './update.js';
import { variablesOf } from './variables.js';
import { runBatch, withReport } from './write_batch.js';

const operations = ['insert', 'update', 'delete'] as const;
type OperationName = (typeof operations)[number];

/** An operation before its parts are looked at: what is wrong inside it is a write error. */
interface Operation {
  readonly name: OperationName;
  readonly namespace: Namespace;
  readonly fields: Document;
}

const counts = { nInserted: 0, nMatched: 0, nModified: 0, nUpserted: 0, nDeleted: 0 };
type Counts = typeof counts;
const countNames = Object.keys(counts) as (keyof Counts)[];

/** One command for writes of all kinds to many collections; what became of each is told in a cursor. */
export function bulkWrite(context: CommandContext): Document {
  const fields = fieldsOf(context);
  const list = parseOperations(context);
  const cursor = new Fields('bulkWrite.cursor', fields.optionalDocument('cursor') ?? {});
  const errorsOnly = fields.boolean('errorsOnly', false);
  const options = { variables: variablesOf(context), bypassesValidation: bypassesValidation(context) };
  const total: Counts = { ...counts };
  const results: Document[] = [];
  const report = runBatch(context, list, {
    execute: operation => runOperation(context.deployment, operation, options),
    count: ({ result, counted }, idx) => {
      for (const name of countNames) total[name] += counted[name] ?? 0;
      if (!errorsOnly) results.push({ ok: new Double(1), idx, ...result });
    },
  });
  const { errors } = report;
  for (const { index, ...error } of errors) {
    const nModified = list[Number(index)]?.name === 'update' ? { nModified: 0 } : {};
    results.push({ ok: new Double(0), idx: index, ...error, n: 0, ...nModified });
  }
  results.sort((left, right) => Number(left['idx']) - Number(right['idx']));
  const { cursor: opened } = openCursor(
    context,
    { database: 'admin', collection: '$cmd.bulkWrite' },
    results.map(result => BsonDocument.fromValue(result)),
    cursor.count('batchSize') ?? Number.POSITIVE_INFINITY,
  );
  return withReport({ cursor: opened, nErrors: errors.length, ...total }, { ...report, errors: [] });
}

/** What the cursor tells of an operation, and what it adds to the counts. */
interface OperationOutcome {
  readonly result: Document;
  readonly counted: Partial<Counts>;
}

function runOperation(
  deployment: Deployment,
  operation: Operation,
  options: Pick<UpdateStatement, 'variables' | 'bypassesValidation'>,
): OperationOutcome {
  const { namespace, fields } = operation;
  const owner = 'bulkWrite.ops';
  switch (operation.name) {
    case 'insert': {
      const document = BsonDocument.fromValue(new Fields(owner, fields).document('document'));
      insertDocument(deployment, namespace, document, options.bypassesValidation);
      return { result: { n: 1 }, counted: { nInserted: 1 } };
    }
    case 'update': {
      const statement = parseUpdate(fields, owner, { filter: 'filter', update: 'updateMods' }, options);
      const { matched, modified, upserted } = countsOf(updateOnce(deployment, namespace, statement));
      const counted = { nMatched: matched, nModified: modified };
      if (upserted === undefined) return { result: { n: matched, nModified: modified }, counted };
      return { result: { n: 1, nModified: 0, upserted }, counted: { ...counted, nUpserted: 1 } };
    }
    case 'delete': {
      const parsed = new Fields(owner, fields);
      const n = removeMatching(deployment, namespace, {
        filter: parsed.document('filter'),
        isMulti: parsed.boolean('multi', false),
        hint: parsed.raw('hint'),
        fold: compileCollation(parsed.optionalDocument('collation')),
        variables: options.variables,
      });
      return { result: { n }, counted: { nDeleted: n } };
    }
  }
}

/** What is wrong with the list itself fails the whole command before anything is written. */
function parseOperations(context: CommandContext): Operation[] {
  const namespaces = statementsOf(context, 'nsInfo').map(parseNamespace);
  return operationsOf(context).map(fields => {
    const name = operations.find(candidate => candidate in fields);
    if (name === undefined) {
      const [unknown = ''] = Object.keys(fields);
      throw new CommandError(
        ErrorCode.IDLUnknownField,
        `BSON field 'bulkWrite.ops.${unknown}' is an unknown field. An operation must be one of ${operations.join(', ')}`,
      );
    }
    const position = toInteger(fields[name]);
    if (position === undefined) throw new Fields('bulkWrite.ops', fields).wrongType(name, 'int');
    const namespace = namespaces[position];
    if (namespace === undefined) {
      throw new CommandError(
        ErrorCode.BadValue,
        `BulkWrite ops entry ${formatValue(fields)} has an invalid nsInfo index.`,
      );
    }
    if (
      context.body['txnNumber'] !== undefined &&
      context.body['autocommit'] === undefined &&
      fields['multi'] === true
    ) {
      throw new CommandError(ErrorCode.InvalidOptions, 'Cannot use retryable writes with multi=true');
    }
    return { name, namespace, fields };
  });
}

/** Documents to insert are kept, so the bytes must not be a view into a network buffer. */
function operationsOf(context: CommandContext): Document[] {
  const sequence = context.sequences.get('ops');
  return sequence === undefined
    ? statementsOf(context, 'ops')
    : sequence.map(bytes => parseDocument(Buffer.from(bytes)));
}

/** A namespace as text, as `nsInfo` and renameCollection have it. */
export function parseNamespace(info: Document): Namespace {
  const { ns } = info;
  if (typeof ns !== 'string') throw new Fields('bulkWrite.nsInfo', info).wrongType('ns', 'string');
  const dot = ns.indexOf('.');
  const namespace = { database: ns.slice(0, Math.max(dot, 0)), collection: dot === -1 ? '' : ns.slice(dot + 1) };
  if (dot <= 0) throw new CommandError(ErrorCode.InvalidNamespace, `Invalid namespace specified '${ns}'`);
  checkWritableNamespace(namespace);
  return namespace;
}
