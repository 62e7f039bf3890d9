import { type Timestamp } from 'bson';
import { type Document } from '../bson/types.js';

/** What commands without a concern of their own get: set by setDefaultRWConcern, for the whole cluster. */
export interface DefaultConcerns {
  readConcern: Document | undefined;
  writeConcern: Document | undefined;
  updatedAt: { readonly opTime: Timestamp; readonly wallTime: number } | undefined;
}

export function noDefaultConcerns(): DefaultConcerns {
  return { readConcern: undefined, writeConcern: undefined, updatedAt: undefined };
}
