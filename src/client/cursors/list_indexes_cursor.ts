import { type OperationContext, withOverrides } from '../../commands/context.js';
import type { CursorReply } from '../../commands/cursor_reply.js';
import { type ListIndexesCommandOptions, listIndexes } from '../../commands/list_indexes.js';
import { ownOptions } from '../../concern/given.js';
import type { Operation } from '../../executor/operation.js';
import { AbstractCursor } from './abstract_cursor.js';
import type { AbstractCursorOptions } from './cursor_options.js';
import type { CursorParent } from './cursor_parent.js';

/** @public */
export type ListIndexesOptions = AbstractCursorOptions & ListIndexesCommandOptions;

/**
 * The indexes of a collection.
 *
 * @public
 */
export class ListIndexesCursor extends AbstractCursor {
  /** @internal */
  readonly #parent: CursorParent;
  options?: ListIndexesOptions;

  constructor(collection: CursorParent, options: ListIndexesOptions = {}) {
    super(collection.client, withOverrides(collection.context, options), options);
    this.#parent = collection;
    Object.defineProperty(this, 'parent', { value: collection, writable: true });
    this.options = options;
  }

  protected override openOperation(context: OperationContext): Operation<CursorReply> {
    return listIndexes(context, ownOptions({ ...this.options, ...this.cursorOptions }));
  }

  override clone(): ListIndexesCursor {
    return new ListIndexesCursor(this.#parent, { ...this.options, ...this.cursorOptions });
  }
}
