import { FIND_COUNT, INSERT_MANY_COUNT } from '../documents.js';

/** What every measured client can do. Each operation tells how many documents it got or sent, so that a run can be checked. */
export interface BenchClient {
  readonly name: ClientName;
  connect(uri: string, poolSize: number): Promise<void>;
  ping(): Promise<number>;
  findOne(): Promise<number>;
  insertOne(): Promise<number>;
  findToArray(): Promise<number>;
  findForAwait(): Promise<number>;
  insertMany(): Promise<number>;
  close(): Promise<void>;
}

/** The operations, and what each tells when it has done its work. */
export const EXPECTED = Object.freeze({
  ping: 1,
  findOne: 1,
  insertOne: 1,
  findToArray: FIND_COUNT,
  findForAwait: FIND_COUNT,
  insertMany: INSERT_MANY_COUNT,
} as const);

export type OperationName = keyof typeof EXPECTED;
export const OPERATIONS = Object.freeze(Object.keys(EXPECTED)) as readonly OperationName[];

/** In the order of the tables. */
export const CLIENTS = Object.freeze(['ours', 'official', 'lean', 'raw', 'bson'] as const);
export type ClientName = (typeof CLIENTS)[number];

/** What the package `bson` alone can be measured with: bytes that lie ready are decoded, documents are encoded. Nothing is sent. */
const OF_BSON: ReadonlySet<OperationName> = new Set(['findToArray', 'findForAwait', 'insertMany']);

export function takesPart(client: ClientName, operation: OperationName): boolean {
  return client !== 'bson' || OF_BSON.has(operation);
}
