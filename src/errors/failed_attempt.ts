import { MongoError } from './base.js';
import type { OperationAttempt } from './timeout.js';

/**
 * An attempt whose JSON is short: of its error `name`, `message` and what an operator decides by. The JSON of a whole error is in the error or the event
 * beside it; that of a MongoServerSelectionError holds the topology.
 */
class FailedAttempt implements OperationAttempt {
  readonly host: string | undefined;
  readonly durationMS: number;
  readonly error: Error;

  constructor({ host, durationMS }: OperationAttempt, error: Error) {
    this.host = host;
    this.durationMS = durationMS;
    this.error = error;
  }

  toJSON(): object {
    return { host: this.host, durationMS: this.durationMS, error: shortOf(this.error) };
  }
}

/** The same attempts, those that failed with a short JSON. */
export function withShortJSON(attempts: readonly OperationAttempt[]): readonly OperationAttempt[] {
  if (attempts.every(({ error }) => error === undefined)) return attempts;
  return attempts.map(attempt => (attempt.error === undefined ? attempt : new FailedAttempt(attempt, attempt.error)));
}

function shortOf(error: Error): object {
  const { name, message } = error;
  if (!(error instanceof MongoError)) return { name, message };
  const { code, errorLabels, phase, connectionId, cause } = error;
  const { codeName } = error as { codeName?: string };
  return {
    ...{ name, message, code, codeName, phase, connectionId },
    ...(errorLabels.length > 0 && { errorLabels }),
    ...(cause instanceof Error && { cause: `${cause.name}: ${cause.message}` }),
  };
}
