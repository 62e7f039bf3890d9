import type { Document } from '../bson/index.js';
import type { Deadline } from '../csot/deadline.js';

/** Sends a command on the connection that is being authenticated, and gives the reply. Rejects with the server's error if it has one. */
export type RunAuthCommand = (command: Document, deadline: Deadline) => Promise<Document>;

/** The authentication of one new connection. */
export interface AuthConversation {
  /** What the first hello carries for it: `saslSupportedMechs`, `speculativeAuthenticate`. */
  readonly helloFields: Document;
  /**
   * Goes on from the server's answer to that hello until the connection is authenticated.
   *
   * @throws the server's refusal, or what is wrong with its answers
   */
  finish(hello: Document, run: RunAuthCommand, deadline: Deadline): Promise<void>;
}

/** Makes the connections of a client those of its user. The connections of monitors have none. */
export interface Authenticator {
  /** @param host - `host:port` of the server, which some mechanisms sign */
  begin(host: string, deadline: Deadline): Promise<AuthConversation>;
}
