import type { AggregateCommandOptions } from '../../commands/aggregate.js';
import { withOverrides } from '../../commands/context.js';
import { listSearchIndexesPipeline } from '../../commands/search_indexes.js';
import type { Place } from '../door.js';
import { AggregationCursor } from './aggregation_cursor.js';
import type { AbstractCursorOptions } from './cursor_options.js';

/** @public */
export type ListSearchIndexesOptions = Omit<
  AggregateCommandOptions & AbstractCursorOptions,
  'readConcern' | 'writeConcern'
>;

/**
 * The search indexes of a collection.
 *
 * @public
 */
export class ListSearchIndexesCursor extends AggregationCursor<{ name: string }> {
  /** @internal */
  constructor({ client, context }: Place, name: string | null, options: ListSearchIndexesOptions = {}) {
    // Commands on search indexes carry no read and no write concern (Index Management, "Search Indexes").
    const plain = { ...withOverrides(context, options), readConcern: undefined, writeConcern: undefined };
    super(client, plain, listSearchIndexesPipeline(name ?? undefined), options, 'listSearchIndexes');
  }
}
