import { Deadline } from '../csot/deadline.js';
import { isRetryableOverload } from '../errors/classify.js';
import { MongoClientClosedError } from '../errors/driver.js';
import type { Purpose } from '../pool/purpose.js';
import type { SelectionRequest } from '../sdam/selection_request.js';
import type { Server } from '../sdam/server.js';
import { afterFailure } from './after_failure.js';
import { type Attempt, runAttempt } from './attempt.js';
import type { Engine } from './engine.js';
import { Execution } from './execution.js';
import { killCursors } from './get_more.js';
import type { OpenCursor, Operation } from './operation.js';
import { newScope, type OperationScope, unpin } from './scope.js';
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
      const current: Attempt = {
        purpose,
        server,
        connection,
        session: execution.sessionOn(connection),
        txnNumber: execution.txnNumber,
        minRoundTripTimeMS: execution.minRoundTripTimeMS,
        deadline,
        unread: null,
      };
      const result = await runAttempt(engine, operation, current);
      done = true;
      keeps ||= execution.keep(server, connection);
      if (current.unread !== null) {
        // In a user's session its next command has to wait; otherwise nothing does, and the connection is given back later.
        if (operation.session !== null) await closeUnread(engine, operation, current.unread, newScope(), current);
        else keeps ||= closeUnreadBeside(engine, operation, current.unread, execution, current);
      }
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

/** How long a server may take to close a cursor that nobody reads; it forgets those that are idle by itself. */
const CLOSE_TIMEOUT_MS = 1000;

/** Lets the server forget a cursor, on the connection by which it was opened: behind a load balancer no other leads there. */
async function closeUnread(
  engine: Engine,
  operation: Operation<unknown>,
  cursor: OpenCursor,
  scope: OperationScope,
  { server, connection, deadline }: Pick<Attempt, 'server' | 'connection' | 'deadline'>,
): Promise<void> {
  scope.pinned = { server, connection };
  try {
    await executeWith(scope, engine, killCursors(cursor, operation), deadline.within('cursor', CLOSE_TIMEOUT_MS));
  } catch {
    // The result is here, and the server will forget the cursor.
  }
}

/** The same while the caller goes on. Gives back the connection and the session in the end. */
function closeUnreadBeside(
  engine: Engine,
  operation: Operation<unknown>,
  cursor: OpenCursor,
  execution: Execution,
  { server, connection }: Attempt,
): true {
  const scope = newScope();
  scope.operationId = execution.operationId;
  scope.session = execution.session;
  execution.session = null;
  const deadline = Deadline.background(engine.clock);
  void closeUnread(engine, operation, cursor, scope, { server, connection, deadline }).finally(() => {
    unpin(scope);
    if (scope.session !== null) engine.sessions.release(scope.session);
  });
  return true;
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
