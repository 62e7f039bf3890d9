import type { Attributes, AttributeValue } from './telemetry_api.js';

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
  indexes: 'listIndexes',
  indexExists: 'listIndexes',
  indexInformation: 'listIndexes',
  collections: 'listCollections',
  options: 'listCollections',
  isCapped: 'listCollections',
  buildInfo: 'runCommand',
  serverInfo: 'runCommand',
  serverStatus: 'runCommand',
  ping: 'runCommand',
  replSetGetStatus: 'runCommand',
  drop: 'dropCollection',
  rename: 'renameCollection',
  initializeOrderedBulkOp: 'bulkWrite',
  initializeUnorderedBulkOp: 'bulkWrite',
  removeUser: 'dropUser',
  stats: 'dbStats',
  command: 'runCommand',
  // Aborts the transaction that is open.
  endSession: 'abortTransaction',
});

/** Methods whose work is no operation; of `withTransaction` there is the span of the transaction. */
const NO_OPERATIONS: ReadonlySet<string> = new Set(['connect', 'close', 'withTransaction']);

/** Made once for each method: their number is that of the methods of this package. */
const KNOWN = new Map<string, string | null>();

/**
 * The operation that a call of a public method is; null if it is none. A call on a cursor is named `find.toArray`. The specification has no operations for
 * GridFS: `gridfs.upload.write` is one of its own.
 */
export function spanOperationOf(operationName: string): string | null {
  const known = KNOWN.get(operationName);
  if (known !== undefined) return known;
  const operation = newOperationOf(operationName);
  KNOWN.set(operationName, operation);
  return operation;
}

function newOperationOf(operationName: string): string | null {
  if (NO_OPERATIONS.has(operationName)) return null;
  if (operationName.endsWith('.close')) return 'killCursors';
  const [method = ''] = operationName.split('.');
  if (method === 'gridfs') return operationName;
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
  /** What samplers may look at (semantic conventions of OpenTelemetry for databases). The span begins with them. */
  readonly attributes: Attributes;
  /** The others. To add one to a span takes a third of the time that it takes to begin with it. */
  readonly details: readonly (readonly [name: string, value: AttributeValue])[];
}

/** More names of spans than programs have; of databases with random names, those are kept that came last. */
const MOST_SPANS = 1000;

/** Spans of the same name have the same attributes, which are made once. A map in a map: to join the parts to one key takes 0.2 µs. */
export class SpanTable {
  readonly #make: (work: string, namespace: string, address: string) => NamedSpan;
  readonly #byNamespace = new Map<string, Map<string, Map<string, NamedSpan>>>();
  #size = 0;

  constructor(make: (work: string, namespace: string, address: string) => NamedSpan) {
    this.#make = make;
  }

  /**
   * @param work - the operation or the command
   * @param address - of the server; empty if it does not matter
   */
  get(work: string, namespace: string, address: string): NamedSpan {
    const known = this.#byNamespace.get(namespace)?.get(work)?.get(address);
    if (known !== undefined) return known;
    if (this.#size >= MOST_SPANS) {
      this.#byNamespace.clear();
      this.#size = 0;
    }
    this.#size += 1;
    const made = this.#make(work, namespace, address);
    const byWork = entry(this.#byNamespace, namespace);
    entry(byWork, work).set(address, made);
    return made;
  }
}

function entry<V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = new Map<string, V>();
  map.set(key, made);
  return made;
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
    },
    details: [['db.operation.summary', name]],
  };
}

/** The span of a command, but for what differs each time. */
export function commandSpan(command: string, namespace: string, address: string): NamedSpan {
  const { 'network.transport': transport = 'tcp', ...server } = addressAttributes(address);
  return {
    name: command,
    attributes: {
      'db.system.name': 'mongodb',
      ...partsOf(namespace),
      'db.query.summary': `${command} ${namespace}`,
      ...server,
    },
    details: [
      ['db.command.name', command],
      ['network.transport', transport],
    ],
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
