import { type OperationContext, withOverrides } from '../../commands/context.js';
import type { CursorReply } from '../../commands/cursor_reply.js';
import { type ListIndexesCommandOptions, listIndexes } from '../../commands/list_indexes.js';
import type { Operation } from '../../executor/operation.js';
import { ownOptions } from '../../runtime/own_options.js';
import type { Place } from '../door.js';
import { AbstractCursor } from './abstract_cursor.js';
import type { AbstractCursorOptions } from './cursor_options.js';

/** @public */
export type ListIndexesOptions = AbstractCursorOptions & ListIndexesCommandOptions;

/**
 * The indexes of a collection.
 *
 * @public
 */
export class ListIndexesCursor extends AbstractCursor {
  /** @internal */
  readonly #parent: Place;
  options?: ListIndexesOptions;

  constructor(collection: ListIndexesCursor['parent'], options?: ListIndexesOptions);
  /** @internal */
  constructor(collection: Place, options?: ListIndexesOptions, methodName?: string);
  constructor(collection: Place, options: ListIndexesOptions = {}, methodName = 'listIndexes') {
    super(collection.client, withOverrides(collection.context, options), options, methodName);
    this.#parent = collection;
    Object.defineProperty(this, 'parent', { value: collection, writable: true });
    this.options = options;
  }

  /** @internal */
  protected override openOperation(context: OperationContext): Operation<CursorReply> {
    return listIndexes(context, ownOptions({ ...this.options, ...this.cursorOptions }));
  }

  override clone(): ListIndexesCursor {
    return new ListIndexesCursor(this.#parent, { ...this.options, ...this.cursorOptions });
  }
}
