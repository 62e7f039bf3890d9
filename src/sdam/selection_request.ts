import type { Purpose } from '../pool/purpose.js';
import type { ServerSelector } from './server_selection.js';

/** What an operation asks of the servers. */
export interface SelectionRequest {
  readonly selector: ServerSelector;
  /** For messages and events: `primary`, `readPreference secondary`, … */
  readonly wanted: string;
  readonly purpose: Purpose;
  /** Addresses to be taken only if there is no other. */
  readonly deprioritized: ReadonlySet<string>;
}
