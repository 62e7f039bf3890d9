import type { Document } from '../../bson/index.js';
import type { OperationContext } from '../../operations/context.js';
import type { CursorReply } from '../../operations/cursor_reply.js';
import { type ListCollectionsOptions, listCollections } from '../../operations/list_collections.js';
import type { Operation } from '../../operations/operation.js';
import type { ClientPort } from '../client_port.js';
import type { Inherited } from '../inherit.js';
import { AbstractCursor } from './abstract_cursor.js';

/** @public */
export interface CollectionInfo extends Document {
  name: string;
  type?: string;
  options?: Document;
  info?: { readOnly?: boolean; uuid?: unknown };
  idIndex?: Document;
}

/**
 * The collections of a database.
 *
 * @public
 */
export class ListCollectionsCursor<T = CollectionInfo> extends AbstractCursor<T> {
  readonly filter: Document;
  readonly options: ListCollectionsOptions;

  /** @internal */
  constructor(owner: ClientPort, context: Inherited, filter: Document, options: ListCollectionsOptions) {
    super(owner, context, options);
    this.filter = filter;
    this.options = options;
  }

  protected override openOperation(context: OperationContext): Operation<CursorReply> {
    return listCollections(context, this.filter, { ...this.options, ...this.cursorOptions });
  }

  override clone(): ListCollectionsCursor<T> {
    return new ListCollectionsCursor(this.owner, this.context, this.filter, this.options);
  }
}
