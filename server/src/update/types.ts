import { type Document } from '../bson/types.js';

/** What an update may use besides the document. */
export interface UpdateContext {
  /** What `$` in a path stands for: the array position that the query matched. */
  readonly arrayIndex: number | undefined;
  readonly arrayFilters: ReadonlyMap<string, (element: unknown) => boolean>;
  readonly isInsert: boolean;
  /** What `let` and `c` give to pipelines. */
  readonly variables: Document;
  /** Milliseconds since 1970, for $currentDate. */
  readonly wallTime: number;
}

/** Changes a copy of the document in place, or returns another one. */
export type Update = (document: Document, context: UpdateContext) => Document;
