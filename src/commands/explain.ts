import type { Document } from '../bson/index.js';
import type { Budget } from '../call/budget.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import type { CommandTarget, Operation } from '../executor/operation.js';
import { isGiven } from '../runtime/own_options.js';
import type { OperationContext } from './context.js';
import { defineOperation } from './operation_defaults.js';
import { replyDocument } from './reply.js';

/** How detailed the description of a plan is. @public */
export const ExplainVerbosity = Object.freeze({
  queryPlanner: 'queryPlanner',
  queryPlannerExtended: 'queryPlannerExtended',
  executionStats: 'executionStats',
  allPlansExecution: 'allPlansExecution',
} as const);

/** @public */
export type ExplainVerbosity = string;

/** A verbosity; true is `allPlansExecution`, false is `queryPlanner`. @public */
export type ExplainVerbosityLike = ExplainVerbosity | boolean;

/** @public */
export interface ExplainCommandOptions {
  verbosity: ExplainVerbosity;
  /** Milliseconds after which the server stops explaining. */
  maxTimeMS?: number;
}

/** @public */
export interface ExplainOptions {
  /** Returns how the server would run the command, instead of the result of the command. */
  explain?: ExplainVerbosityLike | ExplainCommandOptions;
}

interface ExplainFields {
  readonly verbosity: string;
  readonly maxTimeMS: number | undefined;
}

/**
 * The fields of the command for any form of the option `explain`.
 *
 * @throws MongoInvalidArgumentError for anything else
 */
function explainFields(given: unknown): ExplainFields {
  if (given === true) return { verbosity: ExplainVerbosity.allPlansExecution, maxTimeMS: undefined };
  if (given === false) return { verbosity: ExplainVerbosity.queryPlanner, maxTimeMS: undefined };
  if (typeof given === 'string') return { verbosity: given, maxTimeMS: undefined };
  if (typeof given === 'object' && given !== null) {
    const { verbosity, maxTimeMS } = given as { verbosity?: unknown; maxTimeMS?: unknown };
    const chosen = verbosity ?? ExplainVerbosity.allPlansExecution;
    if (typeof chosen === 'string' && (!isGiven(maxTimeMS) || typeof maxTimeMS === 'number')) {
      return { verbosity: chosen, maxTimeMS: maxTimeMS ?? undefined };
    }
  }
  throw new MongoInvalidArgumentError(
    'Option "explain" must be a verbosity, true or false, or { verbosity, maxTimeMS } with a string and a number',
  );
}

/**
 * Refuses an explain that has two limits. For other commands `timeoutMS` replaces `maxTimeMS`. Here one limit could be meant for the
 * explained command and the other for the explaining.
 *
 * @param maxTimeMS - the option of the command that is explained
 * @param budget - the time of the call
 * @throws MongoInvalidArgumentError
 */
export function checkExplainTimes(given: unknown, maxTimeMS: unknown, { timeoutMS }: Budget): void {
  if (!isGiven(given) || timeoutMS === undefined) return;
  if (isGiven(maxTimeMS) || explainFields(given).maxTimeMS !== undefined) {
    throw new MongoInvalidArgumentError('Cannot use maxTimeMS with timeoutMS for explain commands.');
  }
}

/**
 * The `explain` of an operation, with the operation's command as a field. The `maxTimeMS` inside that command limits nothing; the one beside
 * it limits the explaining (CRUD, "Explain").
 */
export function explained(
  operation: Operation<unknown>,
  context: OperationContext,
  given: ExplainVerbosityLike | ExplainCommandOptions,
): Operation<Document> {
  const { verbosity, maxTimeMS } = explainFields(given);
  const { database, namespace, bsonOptions, session, selector, readPreference, sequence } = operation;
  return defineOperation({ database, namespace, bsonOptions, session }, selector, readPreference, {
    access: operation.access,
    name: 'explain',
    retryable: operation.access === 'read' && operation.retryable,
    command(target: CommandTarget) {
      const inner = operation.command(target);
      if (sequence !== undefined) inner[sequence.field] = sequence.documents;
      const command: Document = { explain: inner, verbosity };
      if (maxTimeMS !== undefined) command['maxTimeMS'] = maxTimeMS;
      return command;
    },
    result: reply => replyDocument(reply, context),
  });
}
