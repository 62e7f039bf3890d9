import type { Document } from '../bson/index.js';
import type { Call } from '../call/call.js';
import type { CommandEventFields } from './command.js';

/** What is known of a command, beside what its events say. */
export interface CommandFacts {
  /** `database.collection`, or `database`. */
  readonly namespace: string;
  /** The UUID of the server session; undefined without one. */
  readonly sessionId: string | undefined;
  /** Number of the transaction or of the retryable write; 0 for none. */
  readonly txnNumber: number;
  /** The command as the driver made it. It holds what the user gave, and is only looked at. */
  readonly body: Document;
  /** Decodes the command as it is sent, and as the program's own hook leaves it. Only before it is sent. */
  shown(): Document;
}

/** What a tracer keeps of a command until it has ended. */
export type CommandTrace = object;

/**
 * Follows calls and commands. It is told of them directly, as a {@link Meter} is: to build the events, and to find again what belongs to their call, would take
 * twice as long as a span does. The publisher has at most one. A tracer must not throw.
 */
export interface Tracer {
  /** Whether what it makes goes anywhere. If not, it is told nothing of what begins. */
  readonly isActive: boolean;
  /** A public method was called, and its arguments are in order. Called in the caller's asynchronous context, as the other methods are. */
  callStarted(call: Call): void;
  callSucceeded(call: Call): void;
  /** @param failure - as monitors may see it */
  callFailed(call: Call, failure: unknown): void;
  /**
   * A command of the call failed, and will be tried again.
   *
   * @param failure - as monitors may see it
   * @param address - of the server on which it failed; undefined if none was selected
   */
  retried(
    call: Call,
    commandName: string,
    attempt: number,
    address: string | undefined,
    failure: Error,
    backoffMS: number,
  ): void;
  /**
   * A command is about to be sent.
   *
   * @returns what the next two methods get; null: they are not called for this command
   */
  commandStarted(call: Call, fields: CommandEventFields, facts: CommandFacts): CommandTrace | null;
  /** @param cursorId - the cursor that the server keeps open; undefined if there is none */
  commandSucceeded(trace: CommandTrace, cursorId: bigint | undefined): void;
  commandFailed(trace: CommandTrace, failure: Error): void;
}
