import { Long } from 'bson';
import { BsonDocument } from '../bson/document.js';
import { formatValue } from '../bson/format.js';
import { type Document, isDocument } from '../bson/types.js';
import { type Collection } from '../engine/collection.js';
import { checkWritableNamespace, type Namespace, namespaceText } from '../engine/namespace.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { valuesEqual } from '../query/compare.js';
import { compileMatch } from '../query/match.js';
import { type CommandContext } from './context.js';
import { createOptions } from './create_options.js';
import { Fields, fieldsOf, requireNamespace } from './fields.js';
import { openCursor } from './read.js';

export function create(context: CommandContext): Document {
  const namespace = requireNamespace(context);
  checkWritableNamespace(namespace);
  const { body, deployment } = context;
  const options = createOptions(body);
  const existing = deployment.storage.find(namespace);
  if (existing === undefined) {
    deployment.storage.create(namespace, options);
  } else if (!valuesEqual(existing.options, options)) {
    throw new CommandError(
      ErrorCode.NamespaceExists,
      `namespace ${namespaceText(namespace)} already exists, but with different options: ${formatValue(existing.options)}`,
    );
  }
  return {};
}

export function drop(context: CommandContext): Document {
  const namespace = requireNamespace(context);
  const { storage, members } = context.deployment;
  const collection = storage.find(namespace);
  // Since 7.0 it is no error that there is nothing to drop.
  if (collection === undefined) return {};
  storage.drop(namespace);
  const ns = namespaceText(namespace);
  for (const member of members) member.cursors.killNamespace(other => other === ns);
  return { nIndexesWas: collection.indexes().length, ns };
}

export function dropDatabase({ database, deployment }: CommandContext): Document {
  const existed = deployment.storage.dropDatabase(database);
  for (const member of deployment.members) member.cursors.killNamespace(ns => ns.startsWith(`${database}.`));
  return existed ? { dropped: database } : {};
}

export function listCollections(context: CommandContext): Document {
  const { database, deployment } = context;
  const fields = fieldsOf(context);
  const matches = compileMatch(fields.optionalDocument('filter') ?? {});
  const cursor = new Fields('listCollections.cursor', fields.optionalDocument('cursor') ?? {});
  const nameOnly = fields.boolean('nameOnly', false);
  const infos = deployment.storage
    .collections(database)
    .map(([name, collection]) => describe(name, collection))
    .filter(info => matches(info));
  const listed = nameOnly ? infos.map(({ name, type }) => ({ name, type })) : infos;
  const namespace = { database, collection: '$cmd.listCollections' };
  return openCursor(
    context,
    namespace,
    listed.map(info => BsonDocument.fromValue(info)),
    cursor.count('batchSize'),
  );
}

function describe(name: string, collection: Collection): Document {
  const { options } = collection;
  if (options['viewOn'] !== undefined) return { name, type: 'view', options, info: { readOnly: true } };
  if (options['timeseries'] !== undefined) {
    return { name, type: 'timeseries', options, info: { readOnly: false, uuid: collection.uuid } };
  }
  return {
    name,
    type: 'collection',
    options,
    info: { readOnly: false, uuid: collection.uuid },
    ...(options['clusteredIndex'] === undefined ? { idIndex: { v: 2, key: { _id: 1 }, name: '_id_' } } : {}),
  };
}

export function listDatabases(context: CommandContext): Document {
  const { storage } = context.deployment;
  const fields = fieldsOf(context);
  const matches = compileMatch(fields.optionalDocument('filter') ?? {});
  const databases = storage
    .databaseNames()
    .map(name => ({ name, sizeOnDisk: sizeOf(storage.collections(name)), empty: false }))
    .filter(info => matches(info));
  if (fields.boolean('nameOnly', false)) return { databases: databases.map(({ name }) => ({ name })) };
  const totalSize = databases.reduce((total, { sizeOnDisk }) => total + sizeOnDisk, 0);
  return { databases, totalSize, totalSizeMb: Math.floor(totalSize / 2 ** 20) };
}

/** What WiredTiger would take at least: a page per file; the bytes are not counted. */
function sizeOf(collections: readonly [string, Collection][]): number {
  return collections.reduce((total, [, collection]) => total + 4096 * (1 + collection.indexes().length), 0);
}

/** What collStats and $collStats tell: the numbers that clients ask for. */
export function collectionStatistics({ deployment }: CommandContext, namespace: Namespace): Document {
  const collection = deployment.storage.find(namespace);
  const documents = [...(collection?.documents() ?? [])];
  const size = documents.reduce((total, { bytes }) => total + bytes.length, 0);
  return {
    ns: namespaceText(namespace),
    size,
    count: documents.length,
    ...(documents.length === 0 ? {} : { avgObjSize: Math.round(size / documents.length) }),
    storageSize: 4096,
    capped: collection?.options['capped'] === true,
    ...(collection?.options['capped'] === true
      ? { max: collection.options['max'] ?? Long.fromNumber(0), maxSize: collection.options['size'] }
      : {}),
    nindexes: collection?.indexes().length ?? 0,
    totalIndexSize: 4096 * (collection?.indexes().length ?? 0),
    indexSizes: Object.fromEntries((collection?.indexes() ?? []).map(({ name }) => [name, 4096])),
    scaleFactor: 1,
  };
}

export function collStats(context: CommandContext): Document {
  return collectionStatistics(context, requireNamespace(context));
}

/** dbStats: the numbers that clients ask for. */
export function dbStats({ database, deployment }: CommandContext): Document {
  const collections = deployment.storage.collections(database);
  return {
    db: database,
    collections: collections.length,
    views: 0,
    objects: collections.reduce((total, [, collection]) => total + collection.size, 0),
    indexes: collections.reduce((total, [, collection]) => total + collection.indexes().length, 0),
    storageSize: sizeOf(collections),
  };
}

/** The documents of an array field of a command. */
export function documentsIn(owner: string, values: readonly unknown[]): Document[] {
  return values.map((value, index) => {
    if (isDocument(value)) return value;
    throw new CommandError(
      ErrorCode.TypeMismatch,
      `BSON field '${owner}.${index}' is the wrong type, expected type 'object'`,
    );
  });
}
