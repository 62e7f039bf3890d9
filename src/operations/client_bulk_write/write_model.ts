import type { Document } from '../../bson/index.js';
import { MongoAPIError, MongoInvalidArgumentError } from '../../errors/driver.js';
import { copyOptions } from '../options.js';
import { formatSort, type Sort } from '../sort.js';

/** One write of a client bulk write, as an element of the field `ops`. */
export interface ClientWrite {
  readonly kind: 'insert' | 'update' | 'delete';
  /** `database.collection` */
  readonly namespace: string;
  /** Its first field, whose name is the kind, becomes the number of the namespace when it is encoded. */
  readonly op: Document;
  /** Of an insert. */
  readonly insertedId: unknown;
}

/**
 * Source: CRUD, "Client Bulk Write".
 *
 * @param prepare - puts the `_id` on a document to insert
 * @throws MongoInvalidArgumentError if it is no write; MongoAPIError for an update without operators or a replacement with them
 */
export function clientWriteOf(model: unknown, prepare: (document: unknown) => Document): ClientWrite {
  if (typeof model !== 'object' || model === null) {
    throw new MongoInvalidArgumentError('A client bulk write model must be an object with a name and a namespace');
  }
  const { name, namespace: given, filter, ...fields } = model as Document;
  const namespace = namespaceOf(given);
  switch (name) {
    case 'insertOne': {
      const document = prepare(fields['document']);
      return { kind: 'insert', namespace, op: { insert: 0, document }, insertedId: document['_id'] };
    }
    case 'updateOne':
    case 'updateMany':
      return write('update', namespace, updateOp(filter, updateOf(fields['update']), name === 'updateMany', fields));
    case 'replaceOne':
      return write('update', namespace, updateOp(filter, replacementOf(fields['replacement']), false, fields));
    case 'deleteOne':
    case 'deleteMany': {
      const op: Document = { delete: 0, filter: filterOf(filter), multi: name === 'deleteMany' };
      copyOptions(op, fields, ['hint', 'collation']);
      return write('delete', namespace, op);
    }
    default:
      throw new MongoInvalidArgumentError(
        `Client bulk write only supports insertOne, updateOne, updateMany, replaceOne, deleteOne and deleteMany, given was ${String(name)}`,
      );
  }
}

function write(kind: ClientWrite['kind'], namespace: string, op: Document): ClientWrite {
  return { kind, namespace, op, insertedId: undefined };
}

function updateOp(filter: unknown, updateMods: Document | Document[], multi: boolean, fields: Document): Document {
  const op: Document = { update: 0, filter: filterOf(filter), updateMods, multi };
  copyOptions(op, fields, ['upsert', 'hint', 'arrayFilters', 'collation']);
  const sort = formatSort(fields['sort'] as Sort | undefined);
  if (sort !== undefined) op['sort'] = sort;
  return op;
}

function namespaceOf(namespace: unknown): string {
  const dot = typeof namespace === 'string' ? namespace.indexOf('.') : -1;
  if (typeof namespace === 'string' && dot > 0 && dot < namespace.length - 1 && !namespace.includes('\0')) {
    return namespace;
  }
  throw new MongoInvalidArgumentError(
    `The namespace of a client bulk write model must be 'database.collection', given was ${typeof namespace === 'string' ? `'${namespace.slice(0, 100)}'` : typeof namespace}`,
  );
}

function filterOf(filter: unknown): Document {
  if (typeof filter === 'object' && filter !== null) return filter;
  throw new MongoInvalidArgumentError('The filter of a client bulk write model must be an object');
}

/** Only the first name is looked at: the rest is the server's business (CRUD, "Update vs. replace validation"). */
function updateOf(update: unknown): Document | Document[] {
  if (typeof update === 'object' && update !== null) {
    if (Array.isArray(update) ? update.length > 0 : startsWithOperator(update)) return update;
  }
  throw new MongoAPIError(
    'Client bulk write update models must only contain atomic modifiers (start with $) and must not be empty.',
  );
}

function replacementOf(replacement: unknown): Document {
  if (typeof replacement === 'object' && replacement !== null && !Array.isArray(replacement)) {
    if (!startsWithOperator(replacement)) return replacement;
  }
  throw new MongoAPIError(
    'Client bulk write replace models must not contain atomic modifiers (start with $) and must not be empty.',
  );
}

function startsWithOperator(document: object): boolean {
  return Object.keys(document)[0]?.startsWith('$') === true;
}
