import type { Attributes } from './telemetry_api.js';

/**
 * The operations of the specification, by the methods of this package that are not called so.
 *
 * Source: OpenTelemetry, "Operations".
 */
const OPERATIONS: Readonly<Record<string, string>> = Object.assign(Object.create(null) as Record<string, string>, {
  insertOne: 'insert',
  insertMany: 'insert',
  updateOne: 'update',
  updateMany: 'update',
  replaceOne: 'update',
  deleteOne: 'delete',
  deleteMany: 'delete',
  findOne: 'find',
  findOneAndUpdate: 'findAndModify',
  findOneAndReplace: 'findAndModify',
  findOneAndDelete: 'findAndModify',
  estimatedDocumentCount: 'count',
  countDocuments: 'aggregate',
  createIndex: 'createIndexes',
  dropIndex: 'dropIndexes',
  createSearchIndex: 'createSearchIndexes',
  drop: 'dropCollection',
  rename: 'renameCollection',
  removeUser: 'dropUser',
  stats: 'dbStats',
  command: 'runCommand',
  // Aborts the transaction that is open.
  endSession: 'abortTransaction',
});

/** Methods whose work is no operation; of `withTransaction` there is the span of the transaction. */
const NO_OPERATIONS: ReadonlySet<string> = new Set(['connect', 'close', 'withTransaction']);

/** The operation that a call of a public method is; null if it is none. A call on a cursor is named `find.toArray`. */
export function spanOperationOf(operationName: string): string | null {
  if (NO_OPERATIONS.has(operationName)) return null;
  const [method = '', call] = operationName.split('.');
  if (call === 'close') return 'killCursors';
  return OPERATIONS[method] ?? method;
}

/** `database.collection`, or `database`, in its parts. */
function partsOf(namespace: string): Attributes {
  const dot = namespace.indexOf('.');
  if (dot < 0) return { 'db.namespace': namespace };
  return { 'db.namespace': namespace.slice(0, dot), 'db.collection.name': namespace.slice(dot + 1) };
}

/** How a span is called, and what all spans of this name have. */
export interface NamedSpan {
  readonly name: string;
  readonly attributes: Attributes;
}

/** The span of an operation on this namespace. */
export function operationSpan(operation: string, namespace: string): NamedSpan {
  const name = `${operation} ${namespace}`;
  return {
    name,
    attributes: {
      'db.system.name': 'mongodb',
      ...partsOf(namespace),
      'db.operation.name': operation,
      'db.operation.summary': name,
    },
  };
}

/** The span of a command, but for what differs each time. */
export function commandSpan(command: string, namespace: string, address: string): NamedSpan {
  return {
    name: command,
    attributes: {
      'db.system.name': 'mongodb',
      ...partsOf(namespace),
      'db.command.name': command,
      'db.query.summary': `${command} ${namespace}`,
      ...addressAttributes(address),
    },
  };
}

/** @param address - `host:port`, or the path of a Unix socket */
export function addressAttributes(address: string): Attributes {
  if (address.includes('/')) return { 'server.address': address, 'network.transport': 'unix' };
  const colon = address.lastIndexOf(':');
  return {
    'server.address': address.slice(0, colon).replace(/^\[|\]$/g, ''),
    'server.port': Number(address.slice(colon + 1)),
    'network.transport': 'tcp',
  };
}
