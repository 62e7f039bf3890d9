import { AuthMechanism, type AuthMechanismProperties } from '../../auth/credentials.js';
import { isGiven, ownOptions } from '../../concern/given.js';
import type { Auth } from '../client_options.js';
import { option } from './option.js';
import { isRecord, oneOf, type Parser, pairs, REFUSED, text } from './parsers.js';

const auth: Parser<Auth> = {
  allowed: "an object with 'username' and 'password', both strings",
  parse(given) {
    if (!isRecord(given)) return REFUSED;
    const { username, password, ...others } = ownOptions(given);
    if (!isText(username) || !isText(password) || Object.values(others).some(isGiven)) return REFUSED;
    return { username, password } as Auth;
  },
};

function isText(value: unknown): value is string | null | undefined {
  return !isGiven(value) || typeof value === 'string';
}

/** As in the official driver, names of mechanisms are compared without case. */
const mechanism: Parser<AuthMechanism> = {
  ...oneOf(...Object.values(AuthMechanism)),
  parse: given =>
    typeof given === 'string'
      ? (Object.values(AuthMechanism).find(name => name === given.toUpperCase()) ?? REFUSED)
      : REFUSED,
};

const authMechanismProperties: Parser<AuthMechanismProperties> = {
  allowed: 'an object, or in a connection string NAME:value,NAME:value',
  parse(given, leaveOut) {
    if (isRecord(given)) return canonicalNames(Object.entries(given));
    if (typeof given !== 'string') return REFUSED;
    return canonicalNames(pairs(given, leaveOut).map(([name, value]) => [name, truth(value)]));
  },
};

/** Authentication, "authMechanismProperties": names are compared without case. */
function canonicalNames(entries: [string, unknown][]): AuthMechanismProperties {
  return Object.fromEntries(
    entries.filter(([, value]) => isGiven(value)).map(([name, value]) => [name.toUpperCase(), value]),
  );
}

/** CANONICALIZE_HOST_NAME was a boolean once. */
function truth(value: string): string | boolean {
  if (value === 'true') return true;
  return value === 'false' ? false : value;
}

export const authOptions = {
  auth: option('User and password', auth, { where: 'client', secret: true }),
  authSource: option('Database that knows the user', text, { guards: 'trust', emptyIsUnset: true }),
  authMechanism: option('How to authenticate', mechanism, { guards: 'trust' }),
  authMechanismProperties: option('Details for authMechanism', authMechanismProperties, { secret: true }),
};
