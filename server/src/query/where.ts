import { runInNewContext } from 'node:vm';
import { type Code } from 'bson';
import { typeOf } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { sleepLater } from '../runtime/interruption.js';
import { toScript } from './javascript.js';

/** A function that runs longer is stopped. */
const timeoutMS = 1000;

/** JavaScript of the client, run on each document away from everything that is the server's. `sleep` is there, as in the server. */
export function compileWhere(operand: unknown): (document: unknown) => boolean {
  const text = typeOf(operand).startsWith('javascript') ? (operand as Code).code : operand;
  if (typeof text !== 'string') throw new CommandError(ErrorCode.BadValue, '$where requires a string or code');
  const isFunction = /^\s*(async\s+)?(function\b|\([^)]*\)\s*=>)/.test(text);
  const script = isFunction ? `(${text}).call(document)` : `(function () { return (${text}); }).call(document)`;
  return document => {
    try {
      return Boolean(
        runInNewContext(script, { document: toScript(document), sleep: sleepLater }, { timeout: timeoutMS }),
      );
    } catch (error) {
      if (error instanceof CommandError) throw error;
      throw new CommandError(ErrorCode.JSInterpreterFailure, String(error));
    }
  };
}
