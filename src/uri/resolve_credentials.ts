import {
  AuthMechanism,
  type AuthMechanismProperties,
  MongoCredentials,
  unsupportedProperties,
} from '../auth/credentials.js';
import { MongoParseError } from '../errors/driver.js';
import type { ParsedUri } from './connection_string.js';
import { frozenCopy } from './frozen.js';
import type { GivenValues } from './options/table.js';

/**
 * Puts the parts of the credentials together. There are none without a user name and a mechanism: a database or `authSource` alone
 * asks for no authentication (Authentication, "Connection String Options").
 */
export function resolveCredentials(
  uri: Pick<ParsedUri, 'username' | 'password' | 'database'>,
  fromUri: GivenValues,
  fromProgram: GivenValues,
  warnings: string[],
): MongoCredentials | undefined {
  const ofProgram = fromProgram.auth?.username ? fromProgram.auth : undefined;
  const username = ofProgram?.username ?? uri.username;
  const password = ofProgram === undefined ? (fromProgram.auth?.password ?? uri.password) : ofProgram.password;
  const mechanism = fromProgram.authMechanism ?? fromUri.authMechanism ?? AuthMechanism.MONGODB_DEFAULT;
  if (username === undefined && mechanism === AuthMechanism.MONGODB_DEFAULT) return undefined;

  const credentials = new MongoCredentials({
    username,
    password,
    mechanism,
    source: fromProgram.authSource ?? fromUri.authSource,
    db: fromProgram.dbName ?? uri.database,
    mechanismProperties: frozenCopy({
      ...propertiesOfUri(mechanism, fromUri.authMechanismProperties ?? {}, warnings),
      ...fromProgram.authMechanismProperties,
    }),
  });
  credentials.validate();
  return credentials;
}

/** Mechanisms whose specification makes a property that does not belong there an error. */
const STRICT_MECHANISMS: readonly AuthMechanism[] = [AuthMechanism.MONGODB_OIDC, AuthMechanism.MONGODB_AWS];

function propertiesOfUri(
  mechanism: AuthMechanism,
  given: AuthMechanismProperties,
  warnings: string[],
): AuthMechanismProperties {
  // Authentication, "MONGODB-OIDC": who writes the connection string must not decide where a token may go.
  if (given.ALLOWED_HOSTS !== undefined) {
    throw new MongoParseError('Auth mechanism property ALLOWED_HOSTS is not allowed in the connection string.');
  }
  if (STRICT_MECHANISMS.includes(mechanism)) return given;
  const properties = { ...given };
  for (const name of unsupportedProperties(mechanism, given)) {
    warnings.push(
      `A property in authMechanismProperties of the connection string is ignored: ${mechanism} has no ${shownName(name)}`,
    );
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
    delete properties[name];
  }
  return properties;
}

function shownName(name: string): string {
  return /^\w{1,40}$/.test(name) ? name : 'property with this name';
}
