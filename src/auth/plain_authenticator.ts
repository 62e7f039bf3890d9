import { Binary } from '../bson/index.js';
import { type AuthConversation, type Authenticator, identityOf } from './authenticator.js';
import type { MongoCredentials } from './credentials.js';

/**
 * Authenticates with a name and a password that the server checks elsewhere (LDAP). They are sent as they are: use it over TLS only.
 *
 * Source: Authentication, "PLAIN".
 */
export class PlainAuthenticator implements Authenticator {
  readonly #credentials: MongoCredentials;

  constructor(credentials: MongoCredentials) {
    this.#credentials = credentials;
  }

  begin(): Promise<AuthConversation> {
    const { username, password = '', mechanism, source } = this.#credentials;
    return Promise.resolve({
      helloFields: {},
      identity: () => identityOf(this.#credentials, mechanism),
      async finish(_hello, run, deadline) {
        const payload = new Binary(Buffer.from(`\0${username}\0${password}`));
        await run({ saslStart: 1, mechanism, payload, $db: source }, deadline);
      },
    });
  }
}
