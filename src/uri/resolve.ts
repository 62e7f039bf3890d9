/* eslint-disable @typescript-eslint/no-deprecated -- old spellings are still accepted */
import {
  AuthMechanism,
  type AuthMechanismProperties,
  MongoCredentials,
  unsupportedProperties,
} from '../auth/credentials.js';
import { ReadConcern } from '../concern/read_concern.js';
import { ReadPreference, type ReadPreferenceOptions, type TagSet } from '../concern/read_preference.js';
import { WriteConcern, type WriteConcernSettings } from '../concern/write_concern.js';
import { MongoInvalidArgumentError, MongoParseError } from '../errors/driver.js';
import { isGiven, ownOptions } from '../runtime/own_options.js';
import type { MongoClientOptions } from './client_options.js';
import {
  doubtsAbout,
  refuseConflicts,
  refuseDifferentTLSValues,
  refuseImpossibleDeployment,
  refuseMisspeltTLS,
  refuseRepeatedProxyOptions,
} from './conflicts.js';
import { type ParsedUri, parseConnectionString } from './connection_string.js';
import { frozenCopy, frozenWithSecrets } from './frozen.js';
import { noValues, readProgramOptions, readUriOptions } from './given_options.js';
import {
  type GivenValues,
  groupOf,
  type NameInto,
  OPTION_NAMES,
  type OptionName,
  type OptionValues,
  optionNamed,
  optionsIn,
  plainOptions,
} from './options/table.js';
import {
  frozenOptions,
  type ResolvedOptions,
  type ResolvedProxyOptions,
  type ResolvedSocketOptions,
  type ResolvedTLSOptions,
} from './resolved_options.js';

/** The database of `client.db()` if neither the program nor the connection string names one. */
const DEFAULT_DATABASE = 'test';

const LEAST_HEARTBEAT_FREQUENCY_MS = 500;

/** SOCKS5 (RFC 1928). */
const DEFAULT_PROXY_PORT = 1080;

/** Values from one place, but only of the options whose row says that they go into the field. */
type GivenInto<Field extends string> = Pick<GivenValues, NameInto<Field>>;

/**
 * The whole configuration of a client, from its connection string and its options. Pure: nothing is read from files, looked up in DNS or
 * printed.
 *
 * An option of the program wins over the same option in the connection string. An unknown option or a wrong value is an error when
 * the program gave it; in the connection string it is left out, and `warnings` says so.
 *
 * For a `mongodb+srv` string the result has `srvHost` and no `hosts`; `applySrvRecords` adds the hosts that DNS knows.
 */
export function resolveOptions(uri: string, options?: MongoClientOptions): ResolvedOptions {
  if (typeof uri !== 'string') {
    throw new MongoInvalidArgumentError(`The connection string must be a string, got ${typeof uri}`);
  }
  const parsed = parseConnectionString(uri);
  const warnings = [...parsed.warnings];
  const fromProgram = readProgramOptions(options);
  refuseRepeatedProxyOptions(parsed.options);
  refuseDifferentTLSValues(parsed.options, fromProgram);
  const fromUri = readUriOptions(parsed, warnings);
  const given = Object.assign<GivenValues, GivenValues, GivenValues>(noValues() as GivenValues, fromUri, fromProgram);
  const values = withLeastHeartbeatFrequency(withDefaults(given), warnings);

  refuseConflicts(given, parsed.srv);
  refuseMisspeltTLS(parsed.options, given, parsed.srv);
  warnings.push(...doubtsAbout(values));

  const resolved: ResolvedOptions = {
    ...plainOptions(values),
    hosts: Object.freeze(parsed.srv ? [] : [...parsed.hosts]),
    srvHost: parsed.srv ? parsed.hosts[0]?.host : undefined,
    dbName: given.dbName ?? parsed.database ?? DEFAULT_DATABASE,
    credentials: resolveCredentials(parsed, fromUri, fromProgram, warnings),
    driverInfo: frozenCopy(values.driverInfo),
    compressors: frozenCopy(values.compressors),
    tls: resolveTLS(values, parsed.srv),
    socket: resolveSocket(values),
    proxy: resolveProxy(values),
    readPreference: resolveReadPreference(fromUri, fromProgram),
    readConcern: resolveReadConcern(fromUri, fromProgram),
    writeConcern: resolveWriteConcern(fromUri, fromProgram),
    bsonOptions: frozenCopy(withoutUndefined(groupOf('bsonOptions', values))),
    log: Object.freeze({
      ...groupOf('log', values),
      componentSeverities: frozenCopy(values.mongodbLogComponentSeverities),
    }),
    specified: Object.freeze(Object.keys(given)),
    warnings: Object.freeze(warnings),
  };
  refuseImpossibleDeployment(resolved);
  return frozenOptions(resolved);
}

function withDefaults(given: GivenValues): OptionValues {
  const value = (name: OptionName): unknown => given[name] ?? optionNamed(name).default;
  return Object.fromEntries(OPTION_NAMES.map(name => [name, value(name)])) as unknown as OptionValues;
}

/** SDAM, "heartbeatFrequencyMS": must be at least 500. What connects with the official driver, which has no minimum, must connect here. */
function withLeastHeartbeatFrequency(values: OptionValues, warnings: string[]): OptionValues {
  const { heartbeatFrequencyMS } = values;
  if (heartbeatFrequencyMS >= LEAST_HEARTBEAT_FREQUENCY_MS) return values;
  warnings.push(
    `heartbeatFrequencyMS=${heartbeatFrequencyMS} is less than ${LEAST_HEARTBEAT_FREQUENCY_MS}; ${LEAST_HEARTBEAT_FREQUENCY_MS} is used`,
  );
  return { ...values, heartbeatFrequencyMS: LEAST_HEARTBEAT_FREQUENCY_MS };
}

function withoutUndefined<T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

// ---- Network

function resolveTLS(values: OptionValues, srv: boolean): ResolvedTLSOptions {
  const { tlsCertificateKeyFilePassword: passphrase } = values;
  const connection = {
    ...verification(values),
    ...(passphrase !== undefined && { passphrase }),
    ...frozenCopy(withoutUndefined(groupOf('tls.connection', values))),
  } as ResolvedTLSOptions['connection'];
  const tls = {
    // Initial DNS Seedlist Discovery: an answer of DNS is only to be trusted with TLS.
    enabled: values.tls ?? values.ssl ?? srv,
    ...groupOf('tls', values),
    connection: frozenWithSecrets(connection, secretsIn('tls.connection')),
  };
  return frozenWithSecrets(tls, secretsIn('tls'));
}

/** The meaning of the driver's own flags for `tls.connect`. */
function verification({ tlsInsecure, tlsAllowInvalidHostnames, tlsAllowInvalidCertificates }: OptionValues) {
  const acceptsAnyName = tlsInsecure === true || tlsAllowInvalidHostnames === true;
  const acceptsAnyCertificate = tlsInsecure ?? tlsAllowInvalidCertificates;
  return {
    ...(acceptsAnyName && { checkServerIdentity: () => undefined }),
    ...(acceptsAnyCertificate !== undefined && { rejectUnauthorized: !acceptsAnyCertificate }),
  };
}

function resolveSocket(values: OptionValues): ResolvedSocketOptions {
  const connection = frozenCopy(withoutUndefined(groupOf('socket.connection', values)));
  return Object.freeze({
    ...groupOf('socket', values),
    connection: connection,
  });
}

function resolveProxy(values: OptionValues): ResolvedProxyOptions | undefined {
  const { host, port = DEFAULT_PROXY_PORT, ...login } = groupOf('proxy', values);
  return host === undefined ? undefined : frozenWithSecrets({ host, port, ...login }, secretsIn('proxy'));
}

/** The fields of a group that are not shown. */
function secretsIn(group: string): string[] {
  return optionsIn(group).flatMap(({ field, secret }) => (secret ? [field] : []));
}

// ---- Credentials

/**
 * Puts the parts of the credentials together. There are none without a user name and a mechanism: a database or `authSource` alone
 * asks for no authentication (Authentication, "Connection String Options").
 */
function resolveCredentials(
  uri: Pick<ParsedUri, 'username' | 'password' | 'database'>,
  fromUri: GivenInto<'credentials'>,
  fromProgram: GivenInto<'credentials' | 'dbName'>,
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

/** Mechanisms whose specification makes a property of another mechanism an error. */
const STRICT_MECHANISMS: readonly AuthMechanism[] = [AuthMechanism.MONGODB_OIDC, AuthMechanism.MONGODB_AWS];

function propertiesOfUri(
  mechanism: AuthMechanism,
  given: AuthMechanismProperties,
  warnings: string[],
): AuthMechanismProperties {
  // Authentication, "MONGODB-OIDC": the author of the connection string must not decide where a token may go.
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

// ---- Read preference and concerns

/** The mode, the tags and the staleness of a read preference can be given together or each alone; the program wins for each. */
function resolveReadPreference(
  fromUri: GivenInto<'readPreference'>,
  fromProgram: GivenInto<'readPreference'>,
): ReadPreference {
  const ofProgram = fromProgram.readPreference;
  const mode = ofProgram?.mode ?? ofProgram?.preference;
  const tags = ofProgram?.tags ?? fromProgram.readPreferenceTags;
  const staleness = ofProgram?.maxStalenessSeconds ?? fromProgram.maxStalenessSeconds;
  // If the program asks for the primary, the connection string has no say about secondaries.
  const uri = mode === 'primary' ? ownOptions<GivenInto<'readPreference'>>(undefined) : fromUri;
  return readPreferenceOf(
    mode ?? uri.readPreference?.mode ?? 'primary',
    tags ?? uri.readPreferenceTags,
    staleness ?? uri.maxStalenessSeconds,
    ofProgram?.hedge,
  );
}

function readPreferenceOf(
  mode: ReadPreference['mode'],
  tags: readonly TagSet[] | undefined,
  maxStalenessSeconds: number | undefined,
  hedge: ReadPreferenceOptions['hedge'],
): ReadPreference {
  const options: ReadPreferenceOptions = {};
  // Max Staleness: in a connection string, -1 stands for no limit.
  if (maxStalenessSeconds !== undefined && maxStalenessSeconds !== -1)
    options.maxStalenessSeconds = maxStalenessSeconds;
  if (hedge !== undefined) options.hedge = hedge;
  const isPlain = Object.keys(options).length === 0 && (tags === undefined || tags.length === 0);
  return isPlain && mode === 'primary' ? ReadPreference.primary : new ReadPreference(mode, tags as TagSet[], options);
}

function resolveReadConcern(
  fromUri: GivenInto<'readConcern'>,
  fromProgram: GivenInto<'readConcern'>,
): ReadConcern | undefined {
  const level = fromProgram.readConcern?.level ?? fromProgram.readConcernLevel ?? fromUri.readConcernLevel;
  return level === undefined ? undefined : new ReadConcern(level as ConstructorParameters<typeof ReadConcern>[0]);
}

/** Each field by itself: the program wins over the connection string, and `writeConcern` over its parts. */
function resolveWriteConcern(
  fromUri: GivenInto<'writeConcern'>,
  fromProgram: GivenInto<'writeConcern'>,
): WriteConcern | undefined {
  return WriteConcern.fromOptions({
    writeConcern: {
      ...settings(fromUri),
      ...settings(fromProgram),
      ...settings(ownOptions(fromProgram.writeConcern)),
    },
  });
}

/** Old spellings count only if the new one is not given. */
function settings(given: GivenInto<'writeConcern'> | WriteConcernSettings): WriteConcernSettings {
  const result: WriteConcernSettings = {};
  const journal = given.journal ?? given.j ?? (given.fsync === undefined ? undefined : Boolean(given.fsync));
  const wtimeoutMS = given.wtimeoutMS ?? given.wtimeout;
  if (isGiven(given.w)) result.w = given.w as NonNullable<WriteConcernSettings['w']>;
  if (isGiven(journal)) result.journal = journal;
  if (isGiven(wtimeoutMS)) result.wtimeoutMS = wtimeoutMS;
  return result;
}
