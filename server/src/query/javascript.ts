import { types } from 'node:util';
import { type Context, createContext, Script } from 'node:vm';
import { type Code, Double, Int32, Long } from 'bson';
import { isDocument, typeOf } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';

/** A function that runs longer is stopped. */
const timeoutMS = 1000;

/** Functions that the shell's JavaScript has, and that functions of clients use. */
const PRELUDE = new Script(`
  Array.sum = values => values.reduce((sum, value) => sum + value, 0);
  Array.avg = values => values.length === 0 ? null : Array.sum(values) / values.length;
  function NumberInt(value) { return Number(value); }
  function NumberLong(value) { return Number(value); }
  function print() {}
`);

/** A world for the JavaScript of one command, away from everything that is the server's. */
export class JavaScript {
  readonly #world: Context;

  constructor(globals: Readonly<Record<string, unknown>>) {
    this.#world = createContext({ ...globals });
    PRELUDE.runInContext(this.#world);
  }

  /** A function that came as code or as text; `field` is where. */
  compile(code: unknown, field: string): (self: unknown, ...parameters: unknown[]) => unknown {
    const source = typeOf(code).startsWith('javascript') ? (code as Code).code : code;
    if (typeof source !== 'string') {
      const expected = "expected types '[string, javascript, javascriptWithScope]'";
      throw new CommandError(
        ErrorCode.TypeMismatch,
        `BSON field '${field}' is the wrong type '${typeOf(code)}', ${expected}`,
      );
    }
    const script = this.#try(() => new Script(`(${source}).apply(self, parameters)`));
    return (self, ...parameters) => {
      Object.assign(this.#world, { self: toScript(self), parameters: parameters.map(toScript) });
      return this.#try(() => toBson(script.runInContext(this.#world, { timeout: timeoutMS })));
    };
  }

  #try<Result>(run: () => Result): Result {
    try {
      return run();
    } catch (error) {
      if (error instanceof CommandError) throw error;
      throw new CommandError(ErrorCode.JSInterpreterFailure, String(error));
    }
  }
}

/** Numbers of BSON as those of JavaScript. */
export function toScript(value: unknown): unknown {
  if (value instanceof Int32 || value instanceof Double) return value.value;
  if (value instanceof Long) return value.toNumber();
  if (Array.isArray(value)) return value.map(toScript);
  if (!isDocument(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, toScript(field)]));
}

/** What JavaScript answers: its numbers are doubles, and its documents those of another world. */
export function toBson(value: unknown): unknown {
  if (typeof value === 'number') return new Double(value);
  if (value === undefined || typeof value === 'function' || typeof value === 'symbol') return null;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(toBson);
  if (types.isDate(value)) return new Date(value.getTime());
  if (typeof (value as { _bsontype?: unknown })._bsontype === 'string') return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, toBson(field)]));
}
