import { MongoInvalidArgumentError } from '../errors/driver.js';

/** What a server on any system refuses; one on Windows refuses more, and says so. */
const FORBIDDEN_IN_DATABASE_NAMES = /[ /\\."$\0]/u;

/** @throws MongoInvalidArgumentError if it cannot be the name of a database */
export function checkDatabaseName(name: unknown): asserts name is string {
  if (typeof name !== 'string') {
    throw new MongoInvalidArgumentError(`Database name must be a string, got ${typeof name}`);
  }
  if (name === '') throw new MongoInvalidArgumentError('Database name cannot be the empty string');
  if (name === '$external') return;
  const bad = FORBIDDEN_IN_DATABASE_NAMES.exec(name)?.[0];
  if (bad === undefined) return;
  throw new MongoInvalidArgumentError(
    `Database name '${name}' cannot contain ${JSON.stringify(bad)}; a space, / \\ . " $ and null are not allowed`,
  );
}

/** @throws MongoInvalidArgumentError if it cannot be the name of a collection */
export function checkCollectionName(name: unknown): asserts name is string {
  if (typeof name !== 'string') throw new MongoInvalidArgumentError('Collection name must be a String');
  if (name === '') throw new MongoInvalidArgumentError('Collection names cannot be empty');
  if (name.includes('\0')) throw new MongoInvalidArgumentError('Collection names cannot contain a null character');
  if (name.includes('$') && !/^(?:\$cmd|oplog\.\$main)/.test(name)) {
    throw new MongoInvalidArgumentError("Collection names must not contain '$'");
  }
  if (name.startsWith('.')) throw new MongoInvalidArgumentError("Collection names must not start with '.'");
}
