import type { Document } from '../bson/index.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';

/** @throws MongoInvalidArgumentError for what can be no filter */
export function checkFilter(
  filter: unknown,
  message = 'Argument "filter" must be an object',
): asserts filter is Document {
  if (typeof filter === 'object' && filter !== null && !Array.isArray(filter)) return;
  throw new MongoInvalidArgumentError(message);
}
