import type { Document } from '../../bson/index.js';
import type { OperationContext } from '../../commands/context.js';
import { type CountOptions, count } from '../../commands/count.js';
import type { CursorReply } from '../../commands/cursor_reply.js';
import { type FindCommandOptions, find } from '../../commands/find.js';
import type { CollationOptions, Hint } from '../../commands/options.js';
import { formatSort } from '../../commands/sort.js';
import { MongoInvalidArgumentError } from '../../errors/driver.js';
import type { Operation } from '../../executor/operation.js';
import type { Sort, SortDirection } from '../../types/sort.js';
import type { ClientPort } from '../client_port.js';
import { run } from '../door.js';
import type { Inherited } from '../inherit.js';
import type { AbstractCursorOptions } from './cursor_options.js';
import { ExplainableCursor } from './explainable_cursor.js';

/** @public */
export interface FindOptions extends FindCommandOptions, AbstractCursorOptions {}

/** Options by the names that they had as fields of a query. */
const MODIFIERS: Readonly<Record<string, keyof FindOptions>> = {
  comment: 'comment',
  explain: 'explain',
  hint: 'hint',
  max: 'max',
  maxTimeMS: 'maxTimeMS',
  min: 'min',
  returnKey: 'returnKey',
  showDiskLoc: 'showRecordId',
};

/**
 * The documents that match a filter.
 *
 * @public
 */
export class FindCursor<TSchema = Document> extends ExplainableCursor<TSchema> {
  #filter: Document;
  /** @internal */
  declare protected readonly cursorOptions: FindOptions;

  /** @internal */
  constructor(owner: ClientPort, context: Inherited, filter: Document, options: FindOptions) {
    super(owner, context, options, 'find');
    this.#filter = filter;
    // Refused now rather than when the first document is asked for.
    formatSort(this.cursorOptions.sort);
  }

  /** @internal */
  protected override plainOperation(context: OperationContext): Operation<CursorReply> {
    return find(context, this.#filter, this.cursorOptions);
  }

  /** A server waits for documents only when it is asked to (Find, getMore and killCursors Commands, "maxTimeMS"). @internal */
  protected override get getMoreFields(): Pick<AbstractCursorOptions, 'batchSize' | 'comment' | 'maxAwaitTimeMS'> {
    const { tailable, awaitData, maxAwaitTimeMS: _, ...rest } = this.cursorOptions;
    return tailable === true && awaitData === true ? this.cursorOptions : rest;
  }

  override clone(): FindCursor<TSchema> {
    return new FindCursor(this.owner, this.context, this.#filter, { ...this.cursorOptions });
  }

  override map<T>(transform: (document: TSchema) => T): FindCursor<T> {
    return retyped(super.map(transform));
  }

  /**
   * How many documents match, by the command `count`, with this cursor's limit and skip.
   *
   * @deprecated Use {@link Collection.countDocuments} or {@link Collection.estimatedDocumentCount}.
   */
  count(options?: CountOptions): Promise<number> {
    const { explain: _, ...own } = this.cursorOptions;
    const all: CountOptions = { ...own, ...options };
    return run(this.place, 'count', all, context => count(context, this.#filter, all));
  }

  filter(filter: Document): this {
    this.assertNotStarted();
    this.#filter = filter;
    return this;
  }

  sort(sort: Sort, direction?: SortDirection): this {
    this.assertNotStarted();
    const formatted = formatSort(sort, direction);
    if (formatted !== undefined) this.cursorOptions.sort = formatted;
    return this;
  }

  /** At most so many documents; negative: and all of them in one batch. */
  limit(value: number): this {
    return this.#set('limit', integer('limit', value));
  }

  /** Leaves so many documents out at the start. */
  skip(value: number): this {
    return this.#set('skip', integer('skip', value));
  }

  /** Which fields to return: `{name: 1}` those, `{name: 0}` all but those. */
  project<T extends Document = Document>(value: Document): FindCursor<T> {
    return retyped(this.#set('projection', value));
  }

  hint(hint: Hint): this {
    return this.#set('hint', hint);
  }

  min(min: Document): this {
    return this.#set('min', min);
  }

  max(max: Document): this {
    return this.#set('max', max);
  }

  returnKey(value: boolean): this {
    return this.#set('returnKey', value);
  }

  showRecordId(value: boolean): this {
    return this.#set('showRecordId', value);
  }

  comment(value: string): this {
    return this.#set('comment', value);
  }

  collation(value: CollationOptions): this {
    return this.#set('collation', value);
  }

  /**
   * Lets the server sort with the help of its disk.
   *
   * @throws MongoInvalidArgumentError if there is no sort
   */
  allowDiskUse(allow = true): this {
    this.assertNotStarted();
    if (this.cursorOptions.sort === undefined) {
      throw new MongoInvalidArgumentError('Option "allowDiskUse" requires a sort specification');
    }
    return this.#set('allowDiskUse', allow);
  }

  /** Milliseconds that the server may wait for new documents. For tailable cursors that await data. */
  maxAwaitTimeMS(value: number): this {
    if (typeof value !== 'number') throw new MongoInvalidArgumentError('Argument for maxAwaitTimeMS must be a number');
    return this.#set('maxAwaitTimeMS', value);
  }

  /**
   * Sets an option by the name that it had as a field of a query, such as `$hint`. The methods of the options do the same.
   *
   * @throws MongoInvalidArgumentError if there is no such option
   */
  addQueryModifier(name: string, value: string | boolean | number | Document): this {
    this.assertNotStarted();
    if (!name.startsWith('$')) throw new MongoInvalidArgumentError(`${name} is not a valid query modifier`);
    const field = name.slice(1);
    if (field === 'orderby') return this.sort(value as Sort);
    if (field === 'query') return this.filter(value as Document);
    const option = Object.hasOwn(MODIFIERS, field) ? MODIFIERS[field] : undefined;
    if (option === undefined) throw new MongoInvalidArgumentError(`Invalid query modifier: ${name}`);
    return this.#set(option, value);
  }

  #set<K extends keyof FindOptions>(name: K, value: FindOptions[K]): this {
    this.assertNotStarted();
    this.cursorOptions[name] = value;
    return this;
  }
}

/** The same cursor, whose documents have another type from now on. */
function retyped<T>(cursor: unknown): FindCursor<T> {
  return cursor as FindCursor<T>;
}

function integer(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw new MongoInvalidArgumentError(`Operation "${name}" requires an integer`);
}
