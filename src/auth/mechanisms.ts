import type { Random } from '../runtime/random.js';
import type { Authenticator } from './authenticator.js';
import { AuthMechanism, type MongoCredentials } from './credentials.js';
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

/** How a client proves who it is; undefined for a mechanism that this version does not speak. */
export function authenticatorFor(credentials: MongoCredentials, random: Random): Authenticator | undefined {
  return MECHANISMS[credentials.mechanism]?.(credentials, random);
}

export function isSupported(mechanism: AuthMechanism): boolean {
  return mechanism in MECHANISMS;
}
