import { type Document } from '../bson/types.js';
import { type Fault } from '../failpoints/fail_points.js';
import { type Command, type CommandContext } from './context.js';
import { execute } from './execute.js';
import { failAs, victimOf } from './faults.js';
import { rememberClient } from './handshake.js';
import { type Incoming, isHello, lookUp } from './look_up.js';
import { failure, success } from './replies.js';

/**
 * Runs one command and answers its whole reply. The reply is there at once unless something has to be waited for, so
 * that commands of one connection are executed in one turn of the event loop where possible.
 *
 *   look up → fail point (block, close, error) → checks → role → retried before? → run → write concern → decorate
 */
export function dispatch(incoming: Incoming): Document | Promise<Document> {
  let found: ReturnType<typeof lookUp>;
  try {
    found = lookUp(incoming);
  } catch (error) {
    return failure(error, incoming, undefined);
  }
  const { context, command } = found;
  const end = (): void => context.member.operations.end(context.operation);
  let reply: Document | Promise<Document>;
  try {
    reply = answer(command, context);
  } catch (error) {
    end();
    throw error;
  }
  if (reply instanceof Promise) return reply.finally(end);
  end();
  return reply;
}

function answer(command: Command, context: CommandContext): Document | Promise<Document> {
  let fault: Fault | undefined;
  try {
    if (isHello(command)) rememberClient(context.connection, context.body['client']);
    fault = context.member.failPoints.take(victimOf(context));
  } catch (error) {
    return failure(error, context, undefined);
  }
  if (fault === undefined || fault.blockTimeMS === 0) return settle(command, context, fault);
  return context.operation.sleep(fault.blockTimeMS).then(
    async () => settle(command, context, fault),
    (error: unknown) => failure(error, context, fault),
  );
}

/** Runs the command, unless the fault forbids it, and makes a reply of its result or its error. */
function settle(command: Command, context: CommandContext, fault: Fault | undefined): Document | Promise<Document> {
  try {
    if (fault !== undefined) failAs(fault);
    const result = execute(command, context);
    if (!(result instanceof Promise)) return success(result, context, fault);
    return result.then(
      reply => success(reply, context, fault),
      (error: unknown) => failure(error, context, fault),
    );
  } catch (error) {
    return failure(error, context, fault);
  }
}
