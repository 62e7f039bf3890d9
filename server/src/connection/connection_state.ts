import { type ScramConversation } from '../auth/scram.js';
import { type Document } from '../bson/types.js';
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
