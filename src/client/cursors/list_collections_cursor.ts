import type { Document } from '../../bson/index.js';
import { type OperationContext, withOverrides } from '../../commands/context.js';
import type { CursorReply } from '../../commands/cursor_reply.js';
import { type ListCollectionsOptions, listCollections } from '../../commands/list_collections.js';
import type { Operation } from '../../executor/operation.js';
import { ownOptions } from '../../runtime/own_options.js';
import type { Place } from '../door.js';
import { AbstractCursor } from './abstract_cursor.js';
import type { AbstractCursorOptions } from './cursor_options.js';

/** @public */
export interface CollectionInfo extends Document {
  name: string;
  type?: string;
  options?: Document;
  info?: { readOnly?: boolean; uuid?: unknown };
  idIndex?: Document;
}

/** A collection in full, or its name and type alone. @public */
export type CollectionListing = Pick<CollectionInfo, 'name' | 'type'> | CollectionInfo;

/**
 * The collections of a database.
 *
 * @public
 */
export class ListCollectionsCursor<T extends CollectionListing = CollectionListing> extends AbstractCursor<T> {
  /** @internal */
  readonly #parent: Place;
  filter: Document;
  options?: ListCollectionsOptions;

  constructor(db: ListCollectionsCursor['parent'], filter: Document, options?: ListCollectionsOptions);
  /** @internal */
  constructor(db: Place, filter: Document, options?: ListCollectionsOptions, methodName?: string);
  constructor(db: Place, filter: Document, options: ListCollectionsOptions = {}, methodName = 'listCollections') {
    super(db.client, withOverrides(db.context, options), options, methodName);
    this.#parent = db;
    Object.defineProperty(this, 'parent', { value: db, writable: true });
    this.filter = filter;
    this.options = options;
  }

  /** @internal */
  protected override openOperation(context: OperationContext): Operation<CursorReply> {
    return listCollections(context, this.filter, ownOptions({ ...this.options, ...this.cursorOptions }));
  }

  /** The command's comment is not one of its getMores. @internal */
  protected override get getMoreFields(): Pick<AbstractCursorOptions, 'batchSize'> {
    const { batchSize } = this.cursorOptions;
    return batchSize === undefined ? {} : { batchSize };
  }

  override clone(): ListCollectionsCursor<T> {
    return new ListCollectionsCursor(this.#parent, this.filter, { ...this.options, ...this.cursorOptions });
  }
}
