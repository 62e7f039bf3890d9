import { type Document } from '../bson/types.js';
import { type ConnectionState } from '../connection/connection_state.js';
import { type Namespace } from '../engine/namespace.js';
import { type Operation } from '../operations/operation.js';
import { type Deployment } from '../replication/deployment.js';
import { type Member } from '../replication/member.js';
import { type StatementHistory } from '../replication/statement_history.js';

export interface CommandContext {
  readonly name: string;
  readonly database: string;
  readonly body: Document;
  /** Documents of kind-1 sections: views into the message. */
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>;
  readonly connection: ConnectionState;
  readonly member: Member;
  readonly deployment: Deployment;
  /** Whether the command may go on: all waits of the command wait by it. */
  readonly operation: Operation;
  /** Of a retryable write: which of its statements were executed before. */
  readonly history?: StatementHistory | undefined;
}

export type Handler = (context: CommandContext) => Document | Promise<Document>;

/** A line of the command table. */
export interface Command {
  readonly run: Handler;
  /** write: primary only; read: also on a secondary if the read preference allows; any: on every node. */
  readonly access: 'write' | 'read' | 'any';
  readonly isAdminOnly?: true;
  /** Only a mongos has it. */
  readonly isOfRouters?: true;
  /** May be run before the client has authenticated. */
  readonly beforeAuth?: true;
  /** With a txnNumber it is executed once, however often it is sent. */
  readonly isRetryable?: true;
  /** Whether it may be part of a transaction, or ends one. */
  readonly inTransaction?: 'runs' | 'ends';
  /** Part of Stable API version 1. */
  readonly isApiV1?: true;
  /** With apiDeprecationErrors it is refused. */
  readonly isDeprecated?: true;
  /** The fields that it knows besides the generic ones; undefined: not checked. */
  readonly fields?: readonly string[];
}

/** How a command is run once it is clear on which data. */
export type Run = (command: Command, context: CommandContext) => Document | Promise<Document>;

export type CommandTable = Readonly<Record<string, Command>>;

/** The namespace of a command whose first field names the collection. */
export function namespaceOf(context: Pick<CommandContext, 'name' | 'database' | 'body'>): Namespace | undefined {
  const collection = context.body[context.name];
  return typeof collection === 'string' ? { database: context.database, collection } : undefined;
}
