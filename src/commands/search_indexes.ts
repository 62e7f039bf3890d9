import type { Document } from '../bson/index.js';
import { ReplyFields } from '../bson/reply_fields.js';
import { ServerErrorCode } from '../errors/codes.js';
import { MongoServerError } from '../errors/server.js';
import type { Operation } from '../executor/operation.js';
import type { OperationContext } from './context.js';
import { onPrimary } from './operation_defaults.js';

/** @public */
export interface SearchIndexDescription extends Document {
  /** Default of the server: `default`. */
  name?: string;
  /** The definition of the index, in the syntax of Atlas Search. */
  definition: Document;
  /** `search` or `vectorSearch`. */
  type?: string;
}

/** Commands on search indexes carry no read and no write concern (Index Management, "Search Indexes"). */
function command<T>(
  context: OperationContext,
  name: string,
  fields: Document,
  result: (reply: Document) => T,
): Operation<T> {
  return onPrimary(context, {
    access: 'write',
    name,
    retryable: false,
    command: () => ({ [name]: context.collection, ...fields }),
    result: ({ reply }) => result(reply.document),
  });
}

/** @returns the names of the new indexes */
export function createSearchIndexes(
  context: OperationContext,
  descriptions: readonly SearchIndexDescription[],
): Operation<string[]> {
  return command(context, 'createSearchIndexes', { indexes: descriptions }, reply => {
    const created = new ReplyFields(reply, 'reply to createSearchIndexes').documents('indexesCreated');
    return created.map(index => new ReplyFields(index, 'index of a reply').string('name') ?? '');
  });
}

export function updateSearchIndex(context: OperationContext, name: string, definition: Document): Operation<void> {
  return command(context, 'updateSearchIndex', { name, definition }, () => undefined);
}

export function dropSearchIndex(context: OperationContext, name: string): Operation<void> {
  return command(context, 'dropSearchIndex', typeof name === 'string' ? { name } : {}, () => undefined);
}

/** Whether the collection of a search index to drop is missing. That counts as success (Index Management, "dropSearchIndex"). */
export function isMissingCollection(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === ServerErrorCode.NamespaceNotFound;
}

/** The pipeline that lists all search indexes of a collection, or the one with a name. */
export function listSearchIndexesPipeline(name: string | undefined): Document[] {
  return [{ $listSearchIndexes: name === undefined ? {} : { name } }];
}
