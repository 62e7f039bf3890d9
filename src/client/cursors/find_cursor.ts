import type { Document } from '../../bson/index.js';
import { MongoInvalidArgumentError } from '../../errors/driver.js';
import type { OperationContext } from '../../operations/context.js';
import type { CursorReply } from '../../operations/cursor_reply.js';
import { type FindCommandOptions, find } from '../../operations/find.js';
import type { Operation } from '../../operations/operation.js';
import type { CollationOptions, Hint } from '../../operations/options.js';
import { formatSort, type Sort, type SortDirection } from '../../operations/sort.js';
import type { ClientPort } from '../client_port.js';
import type { Inherited } from '../inherit.js';
import { AbstractCursor, type AbstractCursorOptions } from './abstract_cursor.js';

/** @public */
export interface FindOptions extends FindCommandOptions, AbstractCursorOptions {}

/**
 * The documents that match a filter.
 *
 * @public
 */
export class FindCursor<TSchema = Document> extends AbstractCursor<TSchema> {
  #filter: Document;
  readonly #options: FindOptions;

  /** @internal */
  constructor(owner: ClientPort, context: Inherited, filter: Document, options: FindOptions) {
    super(owner, context, options);
    this.#filter = filter;
    this.#options = this.cursorOptions;
    // Refused now rather than when the first document is asked for.
    formatSort(options.sort);
  }

  protected override openOperation(context: OperationContext): Operation<CursorReply> {
    return find(context, this.#filter, this.#options);
  }

  override clone(): FindCursor<TSchema> {
    return new FindCursor(this.owner, this.context, this.#filter, { ...this.#options });
  }

  override map<T>(transform: (document: TSchema) => T): FindCursor<T> {
    return retyped(super.map(transform));
  }

  filter(filter: Document): this {
    this.assertNotStarted();
    this.#filter = filter;
    return this;
  }

  sort(sort: Sort, direction?: SortDirection): this {
    this.assertNotStarted();
    const formatted = formatSort(sort, direction);
    if (formatted !== undefined) this.#options.sort = formatted as unknown as Sort;
    return this;
  }

  /** At most so many documents. */
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

  allowDiskUse(allow = true): this {
    return this.#set('allowDiskUse', allow);
  }

  #set<K extends keyof FindOptions>(name: K, value: FindOptions[K]): this {
    this.assertNotStarted();
    this.#options[name] = value;
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
