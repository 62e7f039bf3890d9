import { type BsonDocument } from '../bson/document.js';
import { type Document } from '../bson/types.js';
import { type Fold } from '../query/collation.js';

/** What stages know besides the documents that reach them. */
export interface StageEnvironment {
  /** Those of `let`, and NOW. */
  readonly variables: Document;
  /** How strings are compared; undefined: by their bytes. */
  readonly fold: Fold | undefined;
  /** All documents of another collection of the same database. */
  readonly read: (collection: string) => readonly BsonDocument[];
}

/** A stage makes a list of documents of a list of documents. */
export type Stage = (documents: readonly BsonDocument[], environment: StageEnvironment) => readonly BsonDocument[];

export type CompileStages = (specification: readonly unknown[]) => readonly Stage[];

export function runStages(
  stages: readonly Stage[],
  documents: readonly BsonDocument[],
  environment: StageEnvironment,
): readonly BsonDocument[] {
  return stages.reduce<readonly BsonDocument[]>((current, stage) => stage(current, environment), documents);
}
