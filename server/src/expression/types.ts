import { type Document } from '../bson/types.js';

/** What an expression is evaluated against. */
export interface Scope {
  readonly root: unknown;
  readonly current: unknown;
  readonly variables: Document;
}

export type Evaluate = (scope: Scope) => unknown;
