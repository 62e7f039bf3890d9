import type { BSONSerializeOptions, Document } from '../../bson/index.js';
import { isDocument, kindOf } from '../../bson/is_document.js';
import { ownOptions } from '../../concern/given.js';
import { MongoAPIError, MongoInvalidArgumentError } from '../../errors/driver.js';
import type { Sort } from '../../types/sort.js';
import { idOf } from '../insert.js';
import { copyOptions } from '../options.js';
import { formatSort } from '../sort.js';
import { type ChangeKind, changeFault, checkWriteFilter } from '../update_document.js';

/** One write of a client bulk write, as an element of the field `ops`. */
export interface ClientWrite {
  readonly kind: 'insert' | 'update' | 'delete';
  /** `database.collection` */
  readonly namespace: string;
  /** Its first field, whose name is the kind, becomes the number of the namespace when it is encoded. */
  readonly op: Document;
  /** Of an insert. */
  readonly insertedId: unknown;
  /** What the change of an update is meant to be; null for the other kinds. */
  readonly change: ChangeKind | null;
}

/**
 * Source: CRUD, "Client Bulk Write".
 *
 * @param prepare - puts the `_id` on a document to insert
 * @param options - how it will be encoded: a write is checked for what it becomes
 * @throws MongoInvalidArgumentError if it is no write; MongoAPIError for an update without operators or a replacement with them
 */
export function clientWriteOf(
  model: unknown,
  prepare: (document: unknown) => Document,
  options: BSONSerializeOptions,
): ClientWrite {
  if (!isDocument(model)) {
    throw new MongoInvalidArgumentError(
      `A client bulk write model must be an object with a name and a namespace, got ${kindOf(model)}`,
    );
  }
  const { name, namespace: given, filter, ...fields } = ownOptions(model);
  const namespace = namespaceOf(given);
  switch (name) {
    case 'insertOne': {
      const document = prepare(fields['document']);
      return { kind: 'insert', namespace, op: { insert: 0, document }, insertedId: idOf(document), change: null };
    }
    case 'updateOne':
    case 'updateMany': {
      checkFilter(filter, options);
      const op = updateOp(filter, fields['update'], name === 'updateMany', fields);
      if (changeFault('update', fields['update'], options) === undefined)
        return write('update', namespace, op, 'update');
      throw new MongoAPIError(
        'Client bulk write update models must only contain atomic modifiers (start with $) and must not be empty.',
      );
    }
    case 'replaceOne': {
      checkFilter(filter, options);
      const op = updateOp(filter, fields['replacement'], false, fields);
      if (changeFault('replacement', fields['replacement'], options) === undefined) {
        return write('update', namespace, op, 'replacement');
      }
      throw new MongoAPIError(
        'Client bulk write replace models must not contain atomic modifiers (start with $) and must not be empty.',
      );
    }
    case 'deleteOne':
    case 'deleteMany': {
      checkFilter(filter, options);
      const op: Document = { delete: 0, filter, multi: name === 'deleteMany' };
      copyOptions(op, fields, ['hint', 'collation']);
      return write('delete', namespace, op, null);
    }
    default:
      throw new MongoInvalidArgumentError(
        `Client bulk write only supports insertOne, updateOne, updateMany, replaceOne, deleteOne and deleteMany, got ${String(name)}`,
      );
  }
}

function write(kind: ClientWrite['kind'], namespace: string, op: Document, change: ClientWrite['change']): ClientWrite {
  return { kind, namespace, op, insertedId: undefined, change };
}

function updateOp(filter: Document, updateMods: unknown, multi: boolean, fields: Document): Document {
  const op: Document = { update: 0, filter, updateMods, multi };
  copyOptions(op, fields, ['upsert', 'hint', 'arrayFilters', 'collation']);
  // Of many documents that are changed none is the first.
  const sort = multi ? undefined : formatSort(fields['sort'] as Sort | undefined);
  if (sort !== undefined) op['sort'] = sort;
  return op;
}

function namespaceOf(namespace: unknown): string {
  const dot = typeof namespace === 'string' ? namespace.indexOf('.') : -1;
  if (typeof namespace === 'string' && dot > 0 && dot < namespace.length - 1 && !namespace.includes('\0')) {
    return namespace;
  }
  throw new MongoInvalidArgumentError(
    `The namespace of a client bulk write model must be 'database.collection', got ${typeof namespace === 'string' ? `'${namespace.slice(0, 100)}'` : typeof namespace}`,
  );
}

function checkFilter(filter: unknown, options: BSONSerializeOptions): asserts filter is Document {
  checkWriteFilter(filter, 'The filter of a client bulk write model must be an object', options);
}
