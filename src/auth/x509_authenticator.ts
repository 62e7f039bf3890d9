import type { Document } from '../bson/index.js';
import { isDocument } from '../bson/reply_fields.js';
import { type AuthConversation, type Authenticator, identityOf } from './authenticator.js';
import type { MongoCredentials } from './credentials.js';

/**
 * Authenticates by the certificate that the client shows in the TLS handshake.
 *
 * Source: Authentication, "MONGODB-X509".
 */
export class X509Authenticator implements Authenticator {
  readonly #credentials: MongoCredentials;

  constructor(credentials: MongoCredentials) {
    this.#credentials = credentials;
  }

  begin(): Promise<AuthConversation> {
    const { username, mechanism, source } = this.#credentials;
    // The server takes the name from the certificate, unless it is told.
    const command: Document = { authenticate: 1, mechanism, ...(username !== '' && { user: username }) };
    return Promise.resolve({
      helloFields: { speculativeAuthenticate: { ...command, db: source } },
      identity: () => identityOf(this.#credentials, mechanism),
      async finish(hello, run, deadline) {
        if (!isDocument(hello['speculativeAuthenticate'])) await run({ ...command, $db: source }, deadline);
      },
    });
  }
}
