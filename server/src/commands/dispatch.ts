import { type Document } from '../bson/types.js';
import { type Fault } from '../failpoints/fail_points.js';
import { type Command, type CommandContext } from './context.js';
import { execute } from './execute.js';
import { block, failAs, victimOf } from './faults.js';
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
  try {
    const { context, command } = lookUp(incoming);
    if (isHello(command)) rememberClient(context.connection, context.body['client']);
    const fault = context.member.failPoints.take(victimOf(context));
    if (fault === undefined || fault.blockTimeMS === 0) return settle(command, context, fault);
    return block(context, fault).then(
      () => settle(command, context, fault),
      (error: unknown) => failure(error, incoming, fault),
    );
  } catch (error) {
    return failure(error, incoming, undefined);
  }
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
