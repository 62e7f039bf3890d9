import type { Call } from '../call/call.js';
import { Deadline } from '../call/deadline.js';
import { MongoClientClosedError } from '../errors/driver.js';
import { MongoOperationTimeoutError } from '../errors/timeout.js';
import type { Connection } from '../pool/connection.js';
import type { Server } from '../sdam/server.js';
import { MessageEncoder } from '../wire/message_encoder.js';
import type { Reply } from '../wire/reply.js';
import { Binding, type PinnedConnection, pinCursor, pinnedConnection, pinTransaction } from './binding.js';
import { CommandAttempt, FIRST_ATTEMPT, selectedServer } from './command_attempt.js';
import type { Engine } from './engine.js';
import { Exchange } from './exchange.js';
import { afterFailure, startOf, throwIfEnded, throwIfRetryIsRefused } from './failure.js';
import type { Operation } from './operation.js';
import { checkOut, selectServer } from './reach_server.js';
import { enterSession } from './session_rules.js';

/**
 * Runs one command of a call: selects a server, checks out a connection, sends the command and reads the reply; retries where that is
 * allowed; all under the deadline of the call.
 *
 * @param shared - the session and connection that the command shares with others of the same cursor or bulk write; null for a single command
 * @param call - the clock was looked at for it when its last wait ended
 * @throws the error of the last attempt that may have had an effect; MongoOperationTimeoutError when `timeoutMS` expires
 */
export function execute<T>(engine: Engine, operation: Operation<T>, shared: Binding | null, call: Call): Promise<T> {
  try {
    if (engine.lifetime.closing) throw new MongoClientClosedError(undefined, { namespace: operation.namespace });
    if (operation.session !== null) enterSession(operation.session, operation, engine.sessions);
  } catch (error) {
    if (error instanceof Error) return Promise.reject(error);
    throw error;
  }
  const isLast = shared === null;
  const binding = shared ?? new Binding(false);
  // The first command of a call begins with it.
  const progress = isLast ? FIRST_ATTEMPT : { ...FIRST_ATTEMPT, startsAt: call.deadline.ledger.look() };
  const attempt = new CommandAttempt(call, operation, progress);
  return run(engine, binding, isLast, attempt, retry);
}

/**
 * What follows when the first attempt has failed.
 *
 * @param isLast - whether the binding ends with this command
 */
async function retry<T>(
  engine: Engine,
  binding: Binding,
  isLast: boolean,
  first: CommandAttempt<T>,
  firstError: unknown,
): Promise<T> {
  try {
    let attempt = first;
    let error = firstError;
    for (;;) {
      const progress = await afterFailure(engine, error, attempt);
      attempt = new CommandAttempt(first.call, first.operation, progress);
      try {
        return await run(engine, binding, isLast, attempt, null);
      } catch (next) {
        error = next;
      }
    }
  } finally {
    if (isLast) binding.releaseSession(engine.sessions);
  }
}

/**
 * One attempt.
 *
 * @param isLast - whether the binding ends with this command
 * @param onFailure - what follows its failure: it is called from here, since a promise between the two would be one more for each command. Null: nothing
 */
async function run<T>(
  engine: Engine,
  binding: Binding,
  isLast: boolean,
  attempt: CommandAttempt<T>,
  onFailure: typeof retry<T> | null,
): Promise<T> {
  const { topology } = engine;
  const { operation } = attempt;
  let server: Server | null = null;
  let connection: Connection | null = null;
  let isDone = false;
  let isPinned = false;
  try {
    try {
      throwIfEnded(attempt);
      const pinned = pinnedConnection(operation, binding);
      isPinned = pinned !== null;
      const found = pinned?.server ?? select(engine, attempt);
      const selected = found instanceof Promise ? await found : found;
      if (found instanceof Promise) throwIfEnded(attempt);
      selected.operationCount++;
      server = selected;
      noteSelected(server, engine, attempt);
      const lent = pinned?.connection ?? checkOut(server, attempt);
      connection = lent instanceof Promise ? await lent : lent;
      // A pinned connection may have a late reply to come, or serve a command that the caller has started beside this one.
      while (connection.isOccupied) await connection.whenFree(attempt);
      isPinned ||= pinTransaction(operation, topology.description.type, server, connection);
      // A listener of the events of this attempt may have aborted it.
      if (lent instanceof Promise || attempt.deadline.aborted) throwIfEnded(attempt);
      // A getter or the toBSON of a document that is being encoded has started this operation.
      if (MessageEncoder.busy) await Promise.resolve();
      const exchange = new Exchange(engine, binding, server, connection, attempt);
      let reply: Reply | null;
      try {
        reply = await exchange.send();
      } catch (cause) {
        throw exchange.failed(cause);
      }
      const result = exchange.resultOf(reply);
      isDone = true;
      if (isLast ? attempt.deadline.ledger.isKept : attempt.deadline.isRecorded)
        recordSuccess(attempt, engine.clock.now());
      isPinned ||= pinCursor(binding, topology.description.type, server, connection);
      if (attempt.closing === null) return result;
      const pin = { server, connection };
      // In the caller's session the next command has to wait. Otherwise nothing waits, and the connection is checked in later.
      if (operation.session !== null) await closeUnread(engine, attempt.closing, new Binding(false), pin, attempt.call);
      else isPinned ||= closeUnreadInBackground(engine, attempt.closing, binding, pin, attempt.call);
      return result;
    } finally {
      if (connection !== null && !isPinned) server?.pool.checkIn(connection);
      // The next user of the connection finds the session free too (Driver Sessions, "Implicit sessions").
      if (isDone && isLast) binding.releaseSession(engine.sessions);
      if (server !== null) server.operationCount--;
    }
  } catch (error) {
    if (onFailure === null) throw error;
    return await onFailure(engine, binding, isLast, attempt, error);
  }
}

/** A server was selected for the attempt. Throws if it must not get it. */
function noteSelected(server: Server, { topology, options }: Engine, attempt: CommandAttempt<unknown>): void {
  const description = topology.description.table.get(server.address);
  attempt.selected = selectedServer(server.address, description, attempt.operation, options);
  attempt.call.reached(server.address);
  throwIfRetryIsRefused(attempt, attempt.selected);
}

/** @param now - the clock's time */
function recordSuccess(attempt: CommandAttempt<unknown>, now: number): void {
  const { call, deadline, operation, selected } = attempt;
  deadline.record(operation.unacknowledged ? 'write' : 'read');
  if (!call.isRecorded) return;
  call.attemptEnded({ host: selected?.address, durationMS: now - startOf(attempt), error: undefined });
}

/** Milliseconds for closing an unread cursor; a server closes idle cursors by itself. */
const CLOSE_TIMEOUT_MS = 1000;

/** Closes a cursor on the connection that opened it: behind a load balancer, no other connection leads to its server. */
async function closeUnread(
  engine: Engine,
  closing: Operation<void>,
  binding: Binding,
  pin: PinnedConnection,
  call: Call,
): Promise<void> {
  binding.pinned = pin;
  try {
    await execute(engine, closing, binding, call.until(call.deadline.within('read', CLOSE_TIMEOUT_MS)));
  } catch {
    // The result is there, and the server will close the cursor.
  }
}

/** Does the same while the caller continues. Takes over the implicit session and the connection, and releases both. */
function closeUnreadInBackground(
  engine: Engine,
  closing: Operation<void>,
  used: Binding,
  pin: PinnedConnection,
  call: Call,
): true {
  const binding = new Binding(false);
  binding.session = used.session;
  used.session = null;
  const untimed = call.until(Deadline.background(engine.clock));
  void closeUnread(engine, closing, binding, pin, untimed).finally(() => binding.release(engine.sessions));
  return true;
}

function select(engine: Engine, attempt: CommandAttempt<unknown>): Server | Promise<Server> {
  try {
    const found = selectServer(engine, attempt);
    if (!(found instanceof Promise)) return found;
    return found.catch((error: unknown) => {
      throw selectionError(error, attempt);
    });
  } catch (error) {
    throw selectionError(error, attempt);
  }
}

/** If no server is found for a retry, reports the error that caused the retry, unless the time is up or the caller has aborted. */
function selectionError(error: unknown, { deadline, progress: { previous } }: CommandAttempt<unknown>): unknown {
  if (previous === null || deadline.aborted) return error;
  if (error instanceof MongoClientClosedError) {
    error.cause ??= previous;
    return error;
  }
  return error instanceof MongoOperationTimeoutError ? error : previous;
}
