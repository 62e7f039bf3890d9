import type { Document } from '../bson/index.js';
import { MongoAPIError, MongoInvalidArgumentError, MongoMissingCredentialsError } from '../errors/driver.js';
import { ownOptions } from '../runtime/own_options.js';

/** @public */
export const AuthMechanism = Object.freeze({
  MONGODB_AWS: 'MONGODB-AWS',
  MONGODB_DEFAULT: 'DEFAULT',
  MONGODB_GSSAPI: 'GSSAPI',
  MONGODB_PLAIN: 'PLAIN',
  MONGODB_SCRAM_SHA1: 'SCRAM-SHA-1',
  MONGODB_SCRAM_SHA256: 'SCRAM-SHA-256',
  MONGODB_X509: 'MONGODB-X509',
  MONGODB_OIDC: 'MONGODB-OIDC',
} as const);

/** @public */
export type AuthMechanism = (typeof AuthMechanism)[keyof typeof AuthMechanism];

/** @public */
export const GSSAPICanonicalizationValue = Object.freeze({
  on: true,
  off: false,
  none: 'none',
  forward: 'forward',
  forwardAndReverse: 'forwardAndReverse',
} as const);

/** @public */
export type GSSAPICanonicalizationValue =
  (typeof GSSAPICanonicalizationValue)[keyof typeof GSSAPICanonicalizationValue];

/** What a server says about its identity provider. @public */
export interface IdPInfo {
  /** The provider, as a URL. */
  issuer: string;
  /** The id under which the driver is known there. */
  clientId: string;
  requestScopes?: string[];
}

/** @public */
export interface OIDCCallbackParams {
  username?: string;
  /** Ends when the token is no longer waited for. */
  timeoutContext: AbortSignal;
  version: 1;
  idpInfo?: IdPInfo;
  /** From an earlier response of the callback. */
  refreshToken?: string;
  tokenAudience?: string;
}

/** @public */
export interface OIDCResponse {
  accessToken: string;
  expiresInSeconds?: number;
  refreshToken?: string;
}

/** The token that an identity provider gave. @public */
export interface IdPServerResponse {
  accessToken: string;
  expiresInSeconds?: number;
  refreshToken?: string;
}

/** Obtains a token for MONGODB-OIDC. @public */
export type OIDCCallbackFunction = (params: OIDCCallbackParams) => Promise<OIDCResponse>;

/** @public */
export interface AWSCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiration?: Date;
}

/** Obtains credentials for MONGODB-AWS. @public */
export type AWSCredentialProvider = () => Promise<AWSCredentials>;

/** @public */
export interface AuthMechanismProperties extends Document {
  /** GSSAPI: the host name of the service, when it is not that of the server. */
  SERVICE_HOST?: string;
  /** GSSAPI: the name of the service. Default `mongodb`. */
  SERVICE_NAME?: string;
  /** GSSAPI: the realm of the service. */
  SERVICE_REALM?: string;
  /** GSSAPI: how the host name is made canonical. Default `none`. */
  CANONICALIZE_HOST_NAME?: GSSAPICanonicalizationValue;
  /** MONGODB-OIDC: obtains a token without a person. */
  OIDC_CALLBACK?: OIDCCallbackFunction;
  /** MONGODB-OIDC: obtains a token by asking a person. */
  OIDC_HUMAN_CALLBACK?: OIDCCallbackFunction;
  /** MONGODB-OIDC: the environment that has a token. */
  ENVIRONMENT?: 'test' | 'azure' | 'gcp' | 'k8s';
  /** MONGODB-OIDC with `OIDC_HUMAN_CALLBACK`: the hosts to which a token may be sent. */
  ALLOWED_HOSTS?: string[];
  /** MONGODB-OIDC on `azure` and `gcp`: the resource for which the token is. */
  TOKEN_RESOURCE?: string;
  /** MONGODB-AWS: obtains credentials. */
  AWS_CREDENTIAL_PROVIDER?: AWSCredentialProvider;
}

/** @public */
export interface MongoCredentialsOptions {
  username?: string | undefined;
  password?: string | undefined;
  source?: string | undefined;
  /** The source when `source` is not given. */
  db?: string | undefined;
  mechanism?: AuthMechanism | undefined;
  mechanismProperties?: AuthMechanismProperties | undefined;
}

interface MechanismRules {
  /** Authentication, "Auth Related Options": some mechanisms keep their users outside of the server. */
  readonly source: 'database' | 'databaseOrExternal' | 'external';
  readonly username: 'required' | 'optional' | 'forbidden';
  readonly password: 'optional' | 'forbidden';
  readonly properties: readonly (keyof AuthMechanismProperties & string)[];
}

const SCRAM: MechanismRules = { source: 'database', username: 'required', password: 'optional', properties: [] };

const RULES: Readonly<Record<AuthMechanism, MechanismRules>> = {
  DEFAULT: SCRAM,
  'SCRAM-SHA-1': SCRAM,
  'SCRAM-SHA-256': SCRAM,
  PLAIN: { ...SCRAM, source: 'databaseOrExternal' },
  GSSAPI: {
    source: 'external',
    username: 'required',
    password: 'optional',
    properties: ['SERVICE_NAME', 'SERVICE_HOST', 'SERVICE_REALM', 'CANONICALIZE_HOST_NAME'],
  },
  'MONGODB-X509': { source: 'external', username: 'optional', password: 'forbidden', properties: [] },
  'MONGODB-AWS': {
    source: 'external',
    username: 'forbidden',
    password: 'forbidden',
    properties: ['AWS_CREDENTIAL_PROVIDER'],
  },
  'MONGODB-OIDC': {
    source: 'external',
    username: 'optional',
    password: 'forbidden',
    properties: ['ENVIRONMENT', 'TOKEN_RESOURCE', 'OIDC_CALLBACK', 'OIDC_HUMAN_CALLBACK', 'ALLOWED_HOSTS'],
  },
};

const OIDC_ENVIRONMENTS: readonly unknown[] = ['test', 'azure', 'gcp', 'k8s'];

/** Authentication, "MONGODB-OIDC: ALLOWED_HOSTS": where a token obtained from a person may go by default. */
const DEFAULT_ALLOWED_HOSTS: readonly string[] = Object.freeze([
  '*.mongodb.net',
  '*.mongodb-qa.net',
  '*.mongodb-dev.net',
  '*.mongodbgov.net',
  '*.mongo.com',
  'localhost',
  '127.0.0.1',
  '::1',
]);

const HIDDEN = '***';

/**
 * Who a client is, and how it proves that. Immutable; its password appears neither in logs nor in JSON.
 *
 * @public
 */
export class MongoCredentials {
  /** Empty when the mechanism finds the name elsewhere. */
  readonly username: string;
  /** The database that knows the user, or `$external`. */
  readonly source: string;
  readonly mechanism: AuthMechanism;
  readonly mechanismProperties: AuthMechanismProperties;
  readonly #password: string | undefined;

  constructor(options: MongoCredentialsOptions) {
    this.username = options.username ?? '';
    this.mechanism = options.mechanism ?? AuthMechanism.MONGODB_DEFAULT;
    this.source = (options.source ?? '') || defaultAuthSource(this.mechanism, options.db);
    this.mechanismProperties = Object.freeze(withDefaults(this.mechanism, options.mechanismProperties ?? {}));
    // The password of X.509 lies in the key file; a connection string may still hold the colon before an empty one.
    const isIgnored = options.password === '' && this.mechanism === AuthMechanism.MONGODB_X509;
    this.#password = isIgnored ? undefined : options.password;
    Object.freeze(this);
  }

  get password(): string | undefined {
    return this.#password;
  }

  equals(other: MongoCredentials): boolean {
    return (
      this.mechanism === other.mechanism &&
      this.username === other.username &&
      this.password === other.password &&
      this.source === other.source
    );
  }

  /** These credentials with some fields replaced. */
  with(changes: MongoCredentialsOptions): MongoCredentials {
    return MongoCredentials.merge(this, changes);
  }

  static merge(credentials: MongoCredentials | undefined, changes: MongoCredentialsOptions): MongoCredentials {
    return new MongoCredentials({
      username: changes.username ?? credentials?.username,
      password: changes.password ?? credentials?.password,
      source: changes.source ?? changes.db ?? credentials?.source,
      mechanism: changes.mechanism ?? credentials?.mechanism,
      mechanismProperties: changes.mechanismProperties ?? credentials?.mechanismProperties,
    });
  }

  /**
   * Throws when the parts do not fit together.
   *
   * Settled: the specification's prose forbids credentials and a session token with MONGODB-AWS, its tests hold both views. The
   * prose (and the official driver) decides.
   */
  validate(): void {
    const { mechanism, mechanismProperties: properties } = this;
    const rules = RULES[mechanism];
    if (mechanism === AuthMechanism.MONGODB_AWS) refuseAwsCredentials(this);
    if (rules.username === 'required' && this.username === '') {
      throw new MongoMissingCredentialsError(`Username required for mechanism '${mechanism}'`);
    }
    if (rules.password === 'forbidden' && this.password !== undefined && this.password !== '') {
      throw new MongoInvalidArgumentError(`Password not allowed for mechanism ${mechanism}`);
    }
    if (rules.source === 'external' && this.source !== '$external') {
      throw new MongoAPIError(
        `Invalid source '${this.source}' for mechanism '${mechanism}' specified; allowed is $external`,
      );
    }
    const [unsupported] = unsupportedProperties(mechanism, properties);
    if (unsupported !== undefined) {
      const allowed = rules.properties.length === 0 ? 'none is allowed' : `allowed are ${rules.properties.join(', ')}`;
      throw new MongoInvalidArgumentError(
        `Authentication mechanism property ${unsupported} is not supported by ${mechanism}; ${allowed}`,
      );
    }
    if (mechanism === AuthMechanism.MONGODB_GSSAPI) checkGssapi(ownOptions(properties));
    if (mechanism === AuthMechanism.MONGODB_OIDC) checkOidc(this.username, properties);
  }

  toJSON(): Document {
    const { username, source, mechanism } = this;
    const mechanismProperties = maskedProperties(this.mechanismProperties);
    return this.#password === undefined
      ? { username, source, mechanism, mechanismProperties }
      : { username, password: HIDDEN, source, mechanism, mechanismProperties };
  }

  toString(): string {
    return `MongoCredentials ${JSON.stringify(this.toJSON())}`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** The database against which a user authenticates when the options do not name it. */
function defaultAuthSource(mechanism: AuthMechanism, database: string | undefined): string {
  const { source } = RULES[mechanism];
  if (source === 'external') return '$external';
  if (database !== undefined && database !== '') return database;
  return source === 'databaseOrExternal' ? '$external' : 'admin';
}

/** Names of properties that a mechanism does not have; those without a value are not looked at. */
export function unsupportedProperties(mechanism: AuthMechanism, properties: AuthMechanismProperties): string[] {
  return Object.keys(properties).filter(
    name => properties[name] !== undefined && !RULES[mechanism].properties.includes(name),
  );
}

function withDefaults(mechanism: AuthMechanism, properties: AuthMechanismProperties): AuthMechanismProperties {
  const { SERVICE_NAME, OIDC_HUMAN_CALLBACK, ALLOWED_HOSTS } = ownOptions(properties);
  const result: AuthMechanismProperties = { ...properties };
  if (mechanism === AuthMechanism.MONGODB_GSSAPI) result.SERVICE_NAME = SERVICE_NAME ?? 'mongodb';
  if (mechanism === AuthMechanism.MONGODB_OIDC && OIDC_HUMAN_CALLBACK !== undefined) {
    result.ALLOWED_HOSTS = ALLOWED_HOSTS ?? [...DEFAULT_ALLOWED_HOSTS];
  }
  return result;
}

function maskedProperties(properties: AuthMechanismProperties): Document {
  return 'AWS_SESSION_TOKEN' in properties ? { ...properties, AWS_SESSION_TOKEN: HIDDEN } : { ...properties };
}

function refuseAwsCredentials({ username, password, mechanismProperties }: MongoCredentials): void {
  const advice =
    'Credentials must be provided in the environment, by the AWS SDK, or by the property AWS_CREDENTIAL_PROVIDER';
  if (username !== '' || (password !== undefined && password !== '')) {
    throw new MongoAPIError(`username and password cannot be provided when using MONGODB-AWS. ${advice}`);
  }
  if (mechanismProperties['AWS_SESSION_TOKEN'] !== undefined) {
    throw new MongoAPIError(`AWS_SESSION_TOKEN cannot be provided when using MONGODB-AWS. ${advice}`);
  }
}

function checkGssapi({ CANONICALIZE_HOST_NAME: given }: AuthMechanismProperties): void {
  const allowed: readonly unknown[] = Object.values(GSSAPICanonicalizationValue);
  if (given === undefined || allowed.includes(given)) return;
  throw new MongoAPIError(
    `Invalid CANONICALIZE_HOST_NAME value: ${String(given)}; allowed are ${allowed.map(String).join(', ')}`,
  );
}

function checkOidc(username: string, properties: AuthMechanismProperties): void {
  const { ENVIRONMENT, TOKEN_RESOURCE, ALLOWED_HOSTS, OIDC_CALLBACK, OIDC_HUMAN_CALLBACK } = ownOptions(properties);
  const sources = [ENVIRONMENT, OIDC_CALLBACK, OIDC_HUMAN_CALLBACK].filter(source => source !== undefined);
  if (sources.length !== 1) {
    throw new MongoInvalidArgumentError(
      `Exactly one of ENVIRONMENT, OIDC_CALLBACK, or OIDC_HUMAN_CALLBACK must be specified for mechanism 'MONGODB-OIDC', got ${sources.length}`,
    );
  }
  if (ENVIRONMENT !== undefined && !OIDC_ENVIRONMENTS.includes(ENVIRONMENT)) {
    throw new MongoInvalidArgumentError(
      `Unsupported ENVIRONMENT '${ENVIRONMENT}' for mechanism 'MONGODB-OIDC'; allowed are ${OIDC_ENVIRONMENTS.join(', ')}`,
    );
  }
  if (username !== '' && ENVIRONMENT !== undefined && ENVIRONMENT !== 'azure') {
    throw new MongoInvalidArgumentError(
      `username and ENVIRONMENT '${ENVIRONMENT}' may not be used together for mechanism 'MONGODB-OIDC'`,
    );
  }
  if ((ENVIRONMENT === 'azure' || ENVIRONMENT === 'gcp') && !TOKEN_RESOURCE) {
    throw new MongoInvalidArgumentError(
      'TOKEN_RESOURCE must be set in the auth mechanism properties when ENVIRONMENT is azure or gcp',
    );
  }
  for (const callback of [OIDC_CALLBACK, OIDC_HUMAN_CALLBACK] as unknown[]) {
    if (callback !== undefined && typeof callback !== 'function') {
      throw new MongoInvalidArgumentError('OIDC_CALLBACK and OIDC_HUMAN_CALLBACK must be functions');
    }
  }
  const hosts: unknown = ALLOWED_HOSTS;
  if (hosts !== undefined && !(Array.isArray(hosts) && hosts.every(host => typeof host === 'string'))) {
    throw new MongoInvalidArgumentError('Auth mechanism property ALLOWED_HOSTS must be an array of strings');
  }
}
