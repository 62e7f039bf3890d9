import type { Budget } from '../call/budget.js';
import type { ClientPort } from '../client/client_port.js';
import type { Inherited } from '../client/inherit.js';
import type { OperationOptions } from '../commands/options.js';

/** What limits the time of a call or a stream. @public */
export type GridFSTimeOptions = Pick<OperationOptions, 'timeoutMS' | 'signal' | 'deadline'>;

/** Where a bucket is: its two collections, with what the operations on them inherit. */
export interface BucketPlace {
  readonly client: ClientPort;
  readonly files: Inherited;
  readonly chunks: Inherited;
  /** `database.bucket`, for messages. */
  readonly namespace: string;
  /** The time of calls and streams that set none. */
  readonly budget: Budget;
}
