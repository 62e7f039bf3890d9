import type { Doc } from '../bson_values.js';
import type { TestContext } from '../context.js';

/** What an operation of the format is: which arguments it takes, and what a driver has to do for it. */
export interface OperationDefinition {
  /** Arguments that it cannot do without. They reach `run` as the file has them. */
  readonly required: readonly string[];
  /** Arguments that reach `run` as the file has them, if given. */
  readonly accepted: readonly string[];
  /** Arguments that become options of the driver. */
  readonly options: readonly string[];
  /** Its result is a value and not a root document, or a list of them. */
  readonly resultIsNested: boolean;
  run(call: OperationCall): Promise<unknown>;
}

export interface OperationCall {
  readonly target: object;
  /** The required and the accepted arguments. */
  readonly args: Doc;
  readonly options: Record<string, unknown>;
  readonly context: TestContext;
}

export type OperationTable = Readonly<Record<string, OperationDefinition>>;

type Run = OperationDefinition['run'];

/** Options that nearly every operation has in one driver or another. */
export const COMMON: readonly string[] = [
  'session',
  'timeoutMS',
  'comment',
  'rawData',
  'maxTimeMS',
  'collation',
  'let',
  'hint',
];

export const CONCERNS: readonly string[] = ['readConcern', 'readPreference', 'writeConcern'];

/** An operation with required arguments and options. */
export function define(required: readonly string[], options: readonly string[], run: Run): OperationDefinition {
  return { required, accepted: [], options, resultIsNested: false, run };
}

/** One that also takes arguments which are no options of a driver. */
export function accepting(definition: OperationDefinition, accepted: readonly string[]): OperationDefinition {
  return { ...definition, accepted };
}

export function withNestedResult(definition: OperationDefinition): OperationDefinition {
  return { ...definition, resultIsNested: true };
}
