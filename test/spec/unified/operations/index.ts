import type { Kind } from '../entities.js';
import { bucketOperations } from './bucket.js';
import { clientOperations } from './client.js';
import { collectionOperations } from './collection.js';
import { cursorOperations } from './cursor.js';
import { databaseOperations } from './database.js';
import type { OperationDefinition, OperationTable } from './definition.js';
import { sessionOperations } from './session.js';

const TABLES: Partial<Readonly<Record<Kind, OperationTable>>> = {
  bucket: bucketOperations,
  changeStream: cursorOperations,
  client: clientOperations,
  collection: collectionOperations,
  cursor: cursorOperations,
  database: databaseOperations,
  session: sessionOperations,
};

export function definitionOf(kind: Kind, name: string): OperationDefinition {
  const table = TABLES[kind] ?? {};
  const definition = Object.hasOwn(table, name) ? table[name] : undefined;
  if (definition === undefined) throw new Error(`Unknown operation ${name} on a ${kind}: this runner cannot run it`);
  return definition;
}
