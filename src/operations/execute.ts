import type { Deadline } from '../csot/deadline.js';
import { MongoError } from '../errors/base.js';
import type { Connection } from '../pool/connection.js';
import { ServerType } from '../sdam/description/types.js';
import type { SelectionRequest } from '../sdam/selection_waiters.js';
import type { Server } from '../sdam/server.js';
import type { ServerSession } from '../sessions/server_session_pool.js';
import { runAttempt } from './attempt.js';
import type { Engine } from './engine.js';
import type { Operation } from './operation.js';
import { errorToReport, labelWriteError, shouldRetry } from './retry.js';

const NONE: ReadonlySet<string> = new Set();

/** What lives through all attempts of one operation. */
interface Execution {
  readonly operationId: number;
  attempt: number;
  deprioritized: ReadonlySet<string>;
  session: ServerSession | null;
  /** Given at the first attempt that may be repeated, and kept. */
  txnNumber: number;
  /** Whether the server that was tried last allows a retry. */
  retryable: boolean;
  wireVersion: number | undefined;
  isMongos: boolean;
}

/**
 * Runs an operation: select a server, take a connection, send, read, and again if that is allowed; all under one deadline.
 *
 * @throws the error of the last attempt that may have had an effect; MongoOperationTimeoutError when `timeoutMS` is over
 */
export async function execute<T>(engine: Engine, operation: Operation<T>, deadline: Deadline): Promise<T> {
  const execution: Execution = {
    operationId: engine.operationIds.next(),
    attempt: 1,
    deprioritized: NONE,
    session: null,
    txnNumber: 0,
    retryable: false,
    wireVersion: undefined,
    isMongos: false,
  };
  let previous: Error | null = null;
  try {
    for (;;) {
      try {
        return await tryOnce(engine, operation, execution, deadline, previous);
      } catch (error) {
        if (error instanceof MongoError) error.namespace ??= operation.namespace;
        if (operation.access === 'write' && engine.options.retryWrites) {
          labelWriteError(error, execution.wireVersion, execution.isMongos);
        }
        const { attempt, retryable } = execution;
        const { access } = operation;
        const { timedByOperation } = deadline;
        if (!shouldRetry({ error, attempt, access, retryable, timedByOperation })) {
          throw errorToReport(previous, error);
        }
        previous = error as Error;
        execution.attempt++;
      }
    }
  } finally {
    if (execution.session !== null) engine.sessions.release(execution.session);
  }
}

async function tryOnce<T>(
  engine: Engine,
  operation: Operation<T>,
  execution: Execution,
  deadline: Deadline,
  previous: Error | null,
): Promise<T> {
  const { topology, options } = engine;
  const purpose = {
    name: operation.name,
    namespace: operation.namespace,
    operationId: execution.operationId,
    attempt: execution.attempt,
  };
  if (deadline.canEnd) throwIfEnded(deadline, operation, previous);
  const request: SelectionRequest = {
    selector: operation.selector,
    wanted: operation.readPreference.mode,
    purpose,
    deprioritized: execution.deprioritized,
  };
  // Selection and checkout share one budget under timeoutMS (CSOT, "Server Selection"); without it each has a limit of its own.
  let server = topology.trySelect(request);
  let budget: Deadline | null = null;
  if (server === null) {
    budget = deadline.within('serverSelection', options.serverSelectionTimeoutMS);
    server = await selectAgain(engine, request, budget, previous);
  }
  server.operationCount++;
  try {
    const { minRoundTripTimeMS } = beginOn(engine, operation, execution, server);
    let connection: Connection | null = server.pool.tryCheckOut(purpose);
    if (connection === null) {
      budget ??= deadline.within('serverSelection', options.serverSelectionTimeoutMS);
      connection = await server.pool.checkOut(purpose, deadline.timedByOperation ? budget : deadline);
    }
    try {
      const session = sessionFor(engine, operation, execution, connection);
      const { txnNumber } = execution;
      return await runAttempt(engine, operation, {
        purpose,
        server,
        connection,
        session,
        txnNumber,
        minRoundTripTimeMS,
        deadline,
      });
    } finally {
      server.pool.checkIn(connection);
    }
  } finally {
    server.operationCount--;
  }
}

/** A retry for which no server is found fails with the error that it was to mend. */
async function selectAgain(
  engine: Engine,
  request: SelectionRequest,
  budget: Deadline,
  previous: Error | null,
): Promise<Server> {
  try {
    return await engine.topology.select(request, budget);
  } catch (error) {
    throw previous !== null && !budget.timedByOperation ? previous : error;
  }
}

/** Notes what the description of the selected server says, as of now. */
function beginOn<T>(engine: Engine, operation: Operation<T>, execution: Execution, server: Server) {
  const description = engine.topology.description.servers.get(server.address);
  const type = description?.type ?? ServerType.Unknown;
  const { retryReads, retryWrites } = engine.options;
  execution.isMongos = type === ServerType.Mongos;
  execution.wireVersion = description?.maxWireVersion;
  execution.retryable =
    operation.retryable &&
    (operation.access === 'read'
      ? retryReads
      : retryWrites &&
        !operation.unacknowledged &&
        type !== ServerType.Standalone &&
        typeof description?.logicalSessionTimeoutMinutes === 'number');
  // A mongos that has just failed is avoided, since another may do (Retryable Reads, "Sharded clusters").
  if (execution.isMongos) execution.deprioritized = new Set([...execution.deprioritized, server.address]);
  return { minRoundTripTimeMS: description?.minRoundTripTime ?? 0 };
}

/** An implicit session, taken only now that a connection is there (Driver Sessions, "Implicit sessions"); none for `w: 0`. */
function sessionFor<T>(
  engine: Engine,
  operation: Operation<T>,
  execution: Execution,
  connection: Connection,
): ServerSession | null {
  const { logicalSessionTimeoutMinutes } = connection.description.server;
  if (operation.unacknowledged || logicalSessionTimeoutMinutes === null) return null;
  execution.session ??= engine.sessions.acquire(logicalSessionTimeoutMinutes);
  if (execution.retryable && operation.access === 'write' && execution.txnNumber === 0) {
    execution.txnNumber = ++execution.session.txnNumber;
  }
  return execution.session;
}

function throwIfEnded<T>(deadline: Deadline, operation: Operation<T>, previous: Error | null): void {
  deadline.throwIfEnded(() => ({
    during: `before ${operation.name} ${operation.namespace} was ${previous === null ? 'sent' : 'sent again'}`,
    phase: 'preSend',
    namespace: operation.namespace,
    maybeApplied: previous !== null,
    cause: previous ?? undefined,
  }));
}
