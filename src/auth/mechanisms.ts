import { MongoCompatibilityError } from '../errors/driver.js';
import type { Random } from '../runtime/random.js';
import type { Authenticator } from './authenticator.js';
import { AuthMechanism, type AuthMechanismProperties, type MongoCredentials } from './credentials.js';
import { PlainAuthenticator } from './plain_authenticator.js';
import { ScramAuthenticator } from './scram_authenticator.js';
import { X509Authenticator } from './x509_authenticator.js';

type Make = (credentials: MongoCredentials, random: Random) => Authenticator;

const scram: Make = (credentials, random) => new ScramAuthenticator(credentials, random);

const MECHANISMS: Readonly<Partial<Record<AuthMechanism, Make>>> = {
  [AuthMechanism.MONGODB_DEFAULT]: scram,
  [AuthMechanism.MONGODB_SCRAM_SHA1]: scram,
  [AuthMechanism.MONGODB_SCRAM_SHA256]: scram,
  [AuthMechanism.MONGODB_X509]: credentials => new X509Authenticator(credentials),
  [AuthMechanism.MONGODB_PLAIN]: credentials => new PlainAuthenticator(credentials),
};

/** The authenticator for a client's credentials; undefined for a mechanism that this version does not support. */
export function authenticatorFor(credentials: MongoCredentials, random: Random): Authenticator | undefined {
  return MECHANISMS[credentials.mechanism]?.(credentials, random);
}

export function isSupported(mechanism: AuthMechanism): boolean {
  return mechanism in MECHANISMS;
}

/**
 * Exported for programs that name it. A client authenticates its connections by itself; no method of this driver takes or returns such an object.
 *
 * @public
 */
export class MongoClientAuthProviders {
  /** @throws MongoCompatibilityError always */
  getOrCreateProvider(name: AuthMechanism, _properties?: AuthMechanismProperties): never {
    throw new MongoCompatibilityError(
      `Providers of authentication cannot be used by themselves, got ${JSON.stringify(name)}: give authMechanism to MongoClient`,
    );
  }
}
