import type { Document } from '../bson/index.js';
import type { Deadline } from '../call/deadline.js';
import type { MongoCredentials } from './credentials.js';

/** Sends a command on the connection that is being authenticated, and gives the reply. Rejects with the server's error if it has one. */
export type RunAuthCommand = (command: Document, deadline: Deadline) => Promise<Document>;

/** The authentication of one new connection. */
export interface AuthConversation {
  /** What the first hello carries for it: `saslSupportedMechs`, `speculativeAuthenticate`. */
  readonly helloFields: Document;
  /** Who wants in, for errors: user, authSource and mechanism, and nothing secret. Asked for when the conversation has failed. */
  readonly identity?: () => string;
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

/** The words of {@link AuthConversation.identity}. */
export function identityOf({ username, source }: MongoCredentials, mechanism: string): string {
  const user = username === '' ? 'the user of the client certificate' : `user ${JSON.stringify(username)}`;
  return `${user}, authSource ${JSON.stringify(source)}, mechanism ${mechanism}`;
}
