import { namespaceText } from '../engine/namespace.js';
import { CloseConnection } from '../errors/close_connection.js';
import { CommandError } from '../errors/command_error.js';
import { type Fault, type Victim } from '../failpoints/fail_points.js';
import { type CommandContext, namespaceOf } from './context.js';

/** What a fail point may ask of a command before it is hit. */
export function victimOf(context: CommandContext): Victim {
  const namespace = namespaceOf(context);
  return {
    command: context.name,
    appName: context.connection.appName,
    namespace: namespace === undefined ? undefined : namespaceText(namespace),
  };
}

/** Ends the command in place of running it, if the fail point wants that. */
export function failAs(fault: Fault): void {
  if (fault.closeConnection) throw new CloseConnection('closed by a fail point');
  if (fault.errorCode !== undefined) {
    throw new CommandError(fault.errorCode, "Failing command via 'failCommand' failpoint", fault.errorExtraInfo);
  }
}
