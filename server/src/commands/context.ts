import { type ScramConversation } from '../auth/scram.js';
import { type Document } from '../bson/types.js';
import { type Namespace } from '../engine/namespace.js';
import { type Deployment } from '../replication/deployment.js';
import { type Member } from '../replication/member.js';
import { type Signal } from '../runtime/signal.js';

/** What commands know and change of the connection they came over. */
export interface ConnectionState {
  readonly id: number;
  readonly remoteAddress: string;
  readonly isBehindLoadBalancer: boolean;
  readonly closing: Signal;
  isClosed: boolean;
  /** How many hellos it has answered: the first one is the handshake. */
  hellos: number;
  /** The metadata of the first hello. */
  client: Document | undefined;
  appName: string | undefined;
  conversation: Conversation | undefined;
  /** Who is logged in: one user for each database. */
  users: readonly ConnectedUser[];
  /** Of the client's certificate. */
  readonly subject: string | undefined;
}

/** An authentication that has begun. */
export interface Conversation {
  readonly id: number;
  readonly user: ConnectedUser;
  readonly scram: ScramConversation;
  readonly skipsEmptyExchange: boolean;
  /** The client has proven who it is; one empty message is still to come. */
  isProven: boolean;
}

export interface ConnectedUser {
  readonly user: string;
  readonly db: string;
}

export interface CommandContext {
  readonly name: string;
  readonly database: string;
  readonly body: Document;
  /** Documents of kind-1 sections: views into the message. */
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>;
  readonly connection: ConnectionState;
  readonly member: Member;
  readonly deployment: Deployment;
}

export type Handler = (context: CommandContext) => Document | Promise<Document>;

/** A line of the command table. */
export interface Command {
  readonly run: Handler;
  /** write: primary only; read: also on a secondary if the read preference allows; any: on every node. */
  readonly access: 'write' | 'read' | 'any';
  readonly isAdminOnly?: true;
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

export type CommandTable = Readonly<Record<string, Command>>;

/** Thrown by a fail point: the connection is closed instead of answering. */
export class CloseConnection extends Error {
  override readonly name = 'CloseConnection';
}

/** The namespace of a command whose first field names the collection. */
export function namespaceOf(context: Pick<CommandContext, 'name' | 'database' | 'body'>): Namespace | undefined {
  const collection = context.body[context.name];
  return typeof collection === 'string' ? { database: context.database, collection } : undefined;
}
