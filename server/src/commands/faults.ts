import { toNumber } from '../bson/numbers.js';
import { namespaceText } from '../engine/namespace.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type Fault, type Victim } from '../failpoints/fail_points.js';
import { CloseConnection, type CommandContext, namespaceOf } from './context.js';

/** What a fail point may ask of a command before it is hit. */
export function victimOf(context: CommandContext): Victim {
  const namespace = namespaceOf(context);
  return {
    command: context.name,
    appName: context.connection.appName,
    namespace: namespace === undefined ? undefined : namespaceText(namespace),
  };
}

/** Waits as the fail point wants, but no longer than maxTimeMS. */
export async function block({ name, body, deployment }: CommandContext, { blockTimeMS }: Fault): Promise<void> {
  // Of getMore it is the time to wait for data, and no limit.
  const maxTimeMS = body['maxTimeMS'] === undefined || name === 'getMore' ? 0 : toNumber(body['maxTimeMS']);
  const expires = maxTimeMS > 0 && maxTimeMS < blockTimeMS;
  const outcome = await deployment.timers.sleep(expires ? maxTimeMS : blockTimeMS);
  if (outcome === 'cancelled') throw new CloseConnection('the server stopped');
  if (expires) throw new CommandError(ErrorCode.MaxTimeMSExpired, 'operation exceeded time limit');
}

/** Ends the command in place of running it, if the fail point wants that. */
export function failAs(fault: Fault): void {
  if (fault.closeConnection) throw new CloseConnection('closed by a fail point');
  if (fault.errorCode !== undefined) {
    throw new CommandError(fault.errorCode, "Failing command via 'failCommand' failpoint", fault.errorExtraInfo);
  }
}
