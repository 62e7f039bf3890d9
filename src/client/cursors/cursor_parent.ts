import type { ClientPort } from '../client_port.js';
import type { Inherited } from '../inherit.js';

/** What a cursor needs of the database or collection that it lists the contents of. */
export interface CursorParent {
  /** @internal */
  readonly client: ClientPort;
  /** @internal */
  readonly context: Inherited;
}
