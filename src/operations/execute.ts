import type { Deadline } from '../csot/deadline.js';
import { isRetryableOverload } from '../errors/classify.js';
import { MongoClientClosedError } from '../errors/driver.js';
import type { Purpose } from '../pool/purpose.js';
import type { SelectionRequest } from '../sdam/selection_request.js';
import type { Server } from '../sdam/server.js';
import { afterFailure } from './after_failure.js';
import { runAttempt } from './attempt.js';
import type { Engine } from './engine.js';
import { Execution } from './execution.js';
import type { Operation } from './operation.js';
import type { OperationScope } from './scope.js';
import { enterSession } from './session_rules.js';

/**
 * Runs an operation: select a server, take a connection, send, read, and again if that is allowed; all under one deadline.
 *
 * @throws the error of the last attempt that may have had an effect; MongoOperationTimeoutError when `timeoutMS` is over
 */
export function execute<T>(engine: Engine, operation: Operation<T>, deadline: Deadline): Promise<T> {
  return executeWith(null, engine, operation, deadline);
}

/** The same for one command of several that have a scope in common. */
export async function executeWith<T>(
  scope: OperationScope | null,
  engine: Engine,
  operation: Operation<T>,
  deadline: Deadline,
): Promise<T> {
  const { session, namespace } = operation;
  if (engine.lifetime.closing) throw new MongoClientClosedError(undefined, { namespace });
  if (session !== null) enterSession(session, operation, engine.sessions);
  const execution = new Execution(engine, operation, scope);
  let previous: Error | null = null;
  try {
    for (;;) {
      try {
        return await attempt(engine, operation, execution, deadline, previous);
      } catch (error) {
        previous = await afterFailure(engine, operation, execution, deadline, previous, error);
      }
    }
  } finally {
    execution.end();
  }
}

async function attempt<T>(
  engine: Engine,
  operation: Operation<T>,
  execution: Execution,
  deadline: Deadline,
  previous: Error | null,
): Promise<T> {
  const purpose: Purpose = {
    name: operation.name,
    namespace: operation.namespace,
    operationId: execution.operationId,
    attempt: execution.attempt,
  };
  if (deadline.canEnd) execution.throwIfEnded(deadline, previous);
  // Selection and checkout share one budget under timeoutMS (CSOT, "Server Selection"); without it each has a limit of its own.
  let budget: Deadline | null = null;
  const request: SelectionRequest = {
    selector: execution.selector,
    wanted: operation.readPreference.mode,
    purpose,
    deprioritized: execution.deprioritized,
  };
  const { kept } = execution;
  let server = kept?.server ?? engine.topology.trySelect(request);
  if (server === null) {
    budget = budgetFor(engine, deadline);
    server = await select(engine, request, budget, previous);
  }
  server.operationCount++;
  try {
    execution.selected(server);
    // A server that takes no retryable writes must not be sent the second one (Retryable Writes, "Implementing Retryable Writes").
    if (previous !== null && !execution.retryable && !isRetryableOverload(previous)) throw previous;
    const connection =
      kept?.connection ??
      server.pool.tryCheckOut(purpose) ??
      (await server.pool.checkOut(
        purpose,
        deadline.timedByOperation ? (budget ?? budgetFor(engine, deadline)) : deadline,
      ));
    if (connection.draining) await connection.drained(deadline);
    let done = false;
    let keeps = kept !== null || execution.pin(server, connection);
    try {
      const result = await runAttempt(engine, operation, {
        purpose,
        server,
        connection,
        session: execution.sessionOn(connection),
        txnNumber: execution.txnNumber,
        minRoundTripTimeMS: execution.minRoundTripTimeMS,
        deadline,
      });
      done = true;
      keeps ||= execution.keep(server, connection);
      return result;
    } finally {
      if (!keeps) server.pool.checkIn(connection);
      // Whoever gets the connection next finds the session free too (Driver Sessions, "Implicit sessions").
      if (done) execution.end();
    }
  } finally {
    server.operationCount--;
  }
}

function budgetFor({ options }: Engine, deadline: Deadline): Deadline {
  return deadline.within('serverSelection', options.serverSelectionTimeoutMS);
}

/** A retry for which no server is found fails with the error that it was to mend; one that the caller aborted, with the caller's reason. */
async function select(
  engine: Engine,
  request: SelectionRequest,
  budget: Deadline,
  previous: Error | null,
): Promise<Server> {
  try {
    return await engine.topology.select(request, budget);
  } catch (error) {
    if (error instanceof MongoClientClosedError && previous !== null) error.cause ??= previous;
    const mends =
      previous !== null &&
      !budget.timedByOperation &&
      budget.signal?.aborted !== true &&
      !(error instanceof MongoClientClosedError);
    throw mends ? previous : error;
  }
}
