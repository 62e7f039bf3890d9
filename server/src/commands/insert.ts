import { BsonDocument } from '../bson/document.js';
import { type Document, isDocument } from '../bson/types.js';
import { maxBsonObjectSize } from '../engine/collection.js';
import { checkWritableNamespace, type Namespace } from '../engine/namespace.js';
import { checkStorable } from '../engine/storable.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type Deployment } from '../replication/deployment.js';
import { isSince } from '../replication/versions.js';
import { type CommandContext } from './context.js';
import { fieldsOf, requireNamespace } from './fields.js';
import { checkNoView } from './view.js';
import { runBatch, withReport } from './write_batch.js';

export function insert(context: CommandContext): Document {
  const namespace = requireNamespace(context);
  checkWritableNamespace(namespace);
  const documents = documentsToInsert(context);
  const bypass = bypassesValidation(context);
  let n = 0;
  const report = runBatch(context, documents, {
    isOneWrite: true,
    execute: document => insertDocument(context.deployment, namespace, document, bypass),
    count: () => n++,
  });
  return withReport({ n }, report);
}

/** `bypass`: the collection's validator is not asked. */
export function insertDocument(
  deployment: Deployment,
  namespace: Namespace,
  document: BsonDocument,
  bypass = false,
): void {
  const size = document.bytes.length;
  if (size > maxBsonObjectSize) {
    throw new CommandError(
      ErrorCode.BSONObjectTooLarge,
      `object to insert too large. size in bytes: ${size}, max size: ${maxBsonObjectSize}`,
    );
  }
  checkNoView(deployment, namespace);
  checkStorable(document.value, isSince(deployment.version, '5.0'));
  const collection = deployment.storage.findOrCreate(namespace);
  const complete = withIdFirst(document, deployment);
  if (!bypass) collection.checkValid(complete);
  collection.insert(complete);
}

export function bypassesValidation(context: CommandContext): boolean {
  return fieldsOf(context).boolean('bypassDocumentValidation', false);
}

function documentsToInsert(context: CommandContext): BsonDocument[] {
  const sequence = context.sequences.get('documents');
  // The message is a view into a network buffer; what is kept must be a copy.
  if (sequence !== undefined) return sequence.map(bytes => BsonDocument.fromBytes(Buffer.from(bytes)));
  return fieldsOf(context)
    .array('documents')
    .map((document, index) => {
      if (isDocument(document)) return BsonDocument.fromValue(document);
      throw new CommandError(
        ErrorCode.TypeMismatch,
        `BSON field 'insert.documents.${index}' is the wrong type, expected type 'object'`,
      );
    });
}

/** Stored documents begin with their _id. */
function withIdFirst(document: BsonDocument, deployment: Deployment): BsonDocument {
  const { value } = document;
  for (const name in value) {
    if (name === '_id') return document;
    break;
  }
  const { _id: id = deployment.ids.objectId(deployment.clock.wallTime()), ...rest } = value;
  return BsonDocument.fromValue({ _id: id, ...rest });
}
