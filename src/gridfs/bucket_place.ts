import type { Budget } from '../call/budget.js';
import type { ClientPort } from '../client/client_port.js';
import type { Inherited } from '../client/inherit.js';
import { checkOptionNames } from '../commands/check_options.js';
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

/** Options that only GridFS has; those that the official driver no longer has included. */
const OWN_OPTIONS: ReadonlySet<string> = new Set([
  ...['bucketName', 'chunkSizeBytes', 'id', 'metadata', 'contentType', 'aliases', 'disableMD5'],
  ...['start', 'end', 'revision', 'maxBytes'],
]);

/** Warns of an option that is misspelt, such as `timeoutMs`. */
export function checkNames(options: object): void {
  checkOptionNames(Object.fromEntries(Object.entries(options).filter(([name]) => !OWN_OPTIONS.has(name))));
}
