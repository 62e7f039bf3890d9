import { Attempt } from '../call/attempt.js';
import type { Call } from '../call/call.js';
import type { ServerSelector } from './server_selection.js';

const NONE: ReadonlySet<string> = new Set();

/** An attempt that needs a server. */
export class SelectionRequest extends Attempt {
  readonly selector: ServerSelector;
  /** Mode of the read preference, for messages and events: `primary`, `secondaryPreferred`, … */
  readonly wanted: string;
  /** Addresses to select only if there is no other. */
  readonly deprioritized: ReadonlySet<string>;

  constructor(
    call: Call,
    command: { readonly name: string; readonly namespace: string },
    selector: ServerSelector,
    wanted: string,
    number = 1,
    deprioritized = NONE,
  ) {
    super(call, command.name, command.namespace, number);
    this.selector = selector;
    this.wanted = wanted;
    this.deprioritized = deprioritized;
  }
}
