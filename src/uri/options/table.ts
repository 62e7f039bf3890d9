/* eslint-disable @typescript-eslint/no-deprecated -- old spellings are still accepted */
import { type Document, ObjectId } from '../../bson/index.js';
import type { CustomServerSelector } from '../../description/topology_description.js';
import type { DriverInfo, MongoClientOptions, PkFactory, RuntimeAdapters } from '../client_options.js';
import {
  anyText,
  appName,
  auth,
  authMechanism,
  authMechanismProperties,
  boolean,
  checkServerIdentity,
  compressors,
  databaseName,
  family,
  forTLS,
  func,
  integer,
  logPath,
  logSeverities,
  lookup,
  maxStalenessSeconds,
  oneOf,
  type Parser,
  pkFactory,
  type REFUSED,
  readConcern,
  readConcernLevel,
  readPreference,
  readPreferenceTags,
  record,
  secureContext,
  serverApi,
  srvAllowedHostsSuffix,
  srvHostValidator,
  text,
  w,
  writeConcern,
} from './parsers.js';

/** Where an option may be given. */
type Where = 'both' | 'client' | 'uri';

/**
 * What is lost when an option silently falls back to its default: `trust` is whom the client believes, `secrecy` is who can read along,
 * `durability` is what an acknowledgement or a read promises.
 */
type Guarded = 'trust' | 'secrecy' | 'durability';

interface Traits {
  /**
   * Where the value stands in `ResolvedOptions`.
   *
   * - Without `into`: in a field with the name of the option.
   * - With a path (`tls.caFile`): in that field of that group. A `*` stands for the name of the option (`bsonOptions.*`).
   * - With the name of a field (`credentials`): `resolve.ts` makes that field from this option and others.
   */
  readonly into?: string;
  /** Other spellings. In a connection string case does not matter, so there only really different names count. */
  readonly spellings?: readonly string[];
  /** Default: both. */
  readonly where?: Where;
  /** Why programs should not use the option any more. Its use in a connection string gives this as a warning. */
  readonly deprecated?: string;
  /** No message and no printed options show the value. */
  readonly secret?: true;
  /** The option may be repeated in a connection string; the parser gets all values as an array then. */
  readonly repeatable?: true;
  /** In a connection string an empty value is a value, and not left out with a warning. */
  readonly mayBeEmpty?: true;
  /**
   * An unreadable or empty value is an error, in a connection string too, and so are two different values. Connection String asks for a
   * warning there; for these options, going on without the value would fail open.
   */
  readonly guards?: Guarded;
  /**
   * For options with `guards`: the tests of URI Options demand that nonsense (`invalid`, an empty value) in a connection string is left out
   * with a warning. A value that plainly means true or false (`1`, `yes`, `TRUE`) is an error all the same.
   */
  readonly toleratesNonsense?: true;
  /** A program must give true or false, and not the text of it: `'false'` is easily taken for true. */
  readonly booleanOnly?: true;
  /** The option says that TLS is wanted. Without TLS it is an error, unless the caller switched TLS off (`tls=false`). */
  readonly needsTLS?: true;
  /** An empty string that a program gives (an unset environment variable) is the same as no value, as in the official driver. */
  readonly emptyIsUnset?: true;
  /** A wrong value that a program gives is a MongoInvalidArgumentError, as in the official driver, and not a MongoParseError. */
  readonly isArgument?: true;
}

/** One row of the table. `D` is undefined for an option without a default. */
export interface Option<P extends AnyParser = AnyParser, D = unknown, Into = string | undefined>
  extends Omit<Traits, 'into'> {
  readonly parser: P;
  readonly default: D;
  readonly into: Into;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type AnyParser = Parser<unknown, any>;

export function option<P extends AnyParser, const R extends TraitsOf<P> = object>(parser: P, traits?: R) {
  // A row inherits nothing, so that nothing on `Object.prototype` becomes a trait.
  return { __proto__: null, default: undefined, into: undefined, ...traits, parser } as unknown as Option<
    P,
    R extends { readonly default: unknown } ? Parsed<P> : undefined,
    R extends { readonly into: infer Into } ? Into : undefined
  >;
}

type Parsed<P extends AnyParser> = Exclude<ReturnType<P['parse']>, typeof REFUSED>;

interface TraitsOf<P extends AnyParser> extends Traits {
  readonly default?: Parsed<P>;
}

/**
 * A table for the options that `Public` declares: it has a row for each of them, of the same type, and no other row, but for
 * `Undocumented`. `test/types/option_table.ts` shows what does not compile.
 */
export type TableOf<Public, Undocumented extends string = never> = {
  readonly [Name in keyof Public]-?: Option<Parser<unknown, NonNullable<Public[Name]>>>;
} & {
  readonly [Name in Undocumented]: Option;
};

/**
 * Options that are accepted and that `MongoClientOptions` does not declare: old spellings, an option for other drivers, and one that the
 * package `bson` has and does not declare.
 */
export type UndocumentedName = 'fsync' | 'j' | 'minInternalBufferSize' | 'serverSelectionTryOnce' | 'wtimeout';

const milliseconds = integer();

/** Whether a certificate is believed. A program must give a boolean: the text `'false'` is easily taken for true. */
const TRUST = { guards: 'trust', booleanOnly: true } as const;
/** Nonsense falls back to the default, and by default certificates are checked. */
const TRUST_UNLESS_NONSENSE = { ...TRUST, toleratesNonsense: true } as const;
const TLS_FILE = { guards: 'trust', needsTLS: true } as const;
const TO_TLS_CONNECT = { into: 'tls.connection.*' } as const;
const CLIENT_TO_TLS_CONNECT = { ...TO_TLS_CONNECT, where: 'client' } as const;
/** Certificates, keys and the like: a program that gives them wants TLS. */
const TLS_MATERIAL = { ...CLIENT_TO_TLS_CONNECT, guards: 'trust', needsTLS: true } as const;
const TO_NET_CONNECT = { into: 'socket.connection.*' } as const;
const TO_BSON = { into: 'bsonOptions.*' } as const;
const DURABLE = { into: 'writeConcern', guards: 'durability' } as const;
const OLD_JOURNAL = { ...DURABLE, toleratesNonsense: true, deprecated: 'use journal instead' } as const;

const NEW_OBJECT_IDS: PkFactory = Object.freeze({ createPk: () => new ObjectId() });

/**
 * Every option of a client, by its canonical name: how its value is read, and where it stands in `ResolvedOptions`. `MongoClientOptions`
 * documents the options; the compiler refuses an option that only one of the two has.
 */
const OPTIONS = {
  // ---- Where to connect

  dbName: option(databaseName, { into: 'dbName', where: 'client', emptyIsUnset: true }),
  replicaSet: option(text, { emptyIsUnset: true }),
  directConnection: option(boolean, { default: false }),
  loadBalanced: option(boolean, { default: false }),
  srvMaxHosts: option(integer(), { default: 0 }),
  srvServiceName: option(text, { default: 'mongodb' }),
  srvAllowedHostsSuffix: option(srvAllowedHostsSuffix, { guards: 'trust' }),
  srvHostValidator: option(srvHostValidator, { where: 'client' }),
  appName: option(appName, { spellings: ['appname'], emptyIsUnset: true }),
  driverInfo: option(record<DriverInfo>(), { into: 'driverInfo', where: 'client', default: {} }),
  serverApi: option(serverApi, { where: 'client' }),

  // ---- Time

  // Settled: the specification (a missing row of its table, but tested) leaves a negative value out with a warning, CSOT makes it an
  // error. A connection string gets the warning, a program the error.
  timeoutMS: option(milliseconds),
  serverSelectionTimeoutMS: option(milliseconds, { default: 30_000 }),
  // URI Options says 10000. The official driver has 30000, and what connects with it must connect here.
  connectTimeoutMS: option(milliseconds, { default: 30_000 }),
  socketTimeoutMS: option(milliseconds, { default: 0 }),
  waitQueueTimeoutMS: option(milliseconds, { default: 0 }),
  pendingResponseTimeoutMS: option(milliseconds, { default: 1000 }),

  // ---- Monitoring of servers

  // Less than 500 is taken for 500, with a warning (`withLeastHeartbeatFrequency`).
  heartbeatFrequencyMS: option(milliseconds, { default: 10_000 }),
  minHeartbeatFrequencyMS: option(milliseconds, { default: 500 }),
  serverMonitoringMode: option(oneOf('auto', 'poll', 'stream'), { default: 'auto' }),
  localThresholdMS: option(milliseconds, { default: 15 }),
  serverSelector: option(func<CustomServerSelector>(), { where: 'client' }),
  __skipPingOnConnect: option(boolean, { where: 'client', default: false }),
  serverSelectionFailFast: option(boolean, { default: false }),
  // For single-threaded drivers. Selection waits anyway.
  serverSelectionTryOnce: option(boolean, { into: 'nothing', where: 'uri' }),

  // ---- Pool

  maxPoolSize: option(integer(), { default: 100 }),
  minPoolSize: option(integer(), { default: 0 }),
  maxConnecting: option(integer({ min: 1 }), { default: 2, isArgument: true }),
  maxIdleTimeMS: option(milliseconds, { default: 0 }),

  // ---- Compression and proxies

  compressors: option(compressors, { into: 'compressors', default: [], isArgument: true }),
  zlibCompressionLevel: option(integer<NonNullable<MongoClientOptions['zlibCompressionLevel']>>({ min: -1, max: 9 })),
  proxyHost: option(text, { into: 'proxy.host', guards: 'secrecy', emptyIsUnset: true }),
  proxyPort: option(integer({ min: 1, max: 65_535 }), { into: 'proxy.port', guards: 'secrecy' }),
  proxyUsername: option(text, { into: 'proxy.username', emptyIsUnset: true }),
  proxyPassword: option(text, { into: 'proxy.password', secret: true, emptyIsUnset: true }),

  // ---- Node.js

  runtimeAdapters: option(record<RuntimeAdapters>(), { where: 'client' }),

  // ---- Authentication

  auth: option(auth, { into: 'credentials', where: 'client', secret: true }),
  authSource: option(text, { into: 'credentials', guards: 'trust', emptyIsUnset: true }),
  authMechanism: option(authMechanism, { into: 'credentials', guards: 'trust' }),
  authMechanismProperties: option(authMechanismProperties, { into: 'credentials', secret: true }),

  // ---- TLS

  tls: option(boolean, { into: 'tls', guards: 'secrecy' }),
  ssl: option(boolean, { into: 'tls', guards: 'secrecy' }),
  // An empty path is refused where TLS is in use (`refuseTLSInTheClear`): there the official driver fails to read it.
  tlsCAFile: option(anyText, { ...TLS_FILE, into: 'tls.caFile' }),
  tlsCRLFile: option(anyText, { ...TLS_FILE, into: 'tls.crlFile' }),
  tlsCertificateKeyFile: option(anyText, { ...TLS_FILE, into: 'tls.certificateKeyFile' }),
  // The specification's tests give it without TLS and expect no error.
  tlsCertificateKeyFilePassword: option(anyText, {
    into: 'tls.certificateKeyFilePassword',
    guards: 'trust',
    secret: true,
  }),
  tlsAllowInvalidCertificates: option(boolean, { ...TRUST_UNLESS_NONSENSE, into: 'tls.allowInvalidCertificates' }),
  tlsAllowInvalidHostnames: option(boolean, { ...TRUST_UNLESS_NONSENSE, into: 'tls.allowInvalidHostnames' }),
  tlsInsecure: option(boolean, { ...TRUST_UNLESS_NONSENSE, into: 'tls.insecure' }),
  tlsDisableCertificateRevocationCheck: option(boolean, {
    ...TRUST,
    into: 'tls.disableCertificateRevocationCheck',
  }),
  tlsDisableOCSPEndpointCheck: option(boolean, { ...TRUST, into: 'tls.disableOCSPEndpointCheck' }),
  allowPartialTrustChain: option(boolean, { ...CLIENT_TO_TLS_CONNECT, ...TRUST }),
  ALPNProtocols: option(forTLS<'ALPNProtocols'>(), CLIENT_TO_TLS_CONNECT),
  ca: option(forTLS<'ca'>(), TLS_MATERIAL),
  cert: option(forTLS<'cert'>(), TLS_MATERIAL),
  checkServerIdentity: option(checkServerIdentity, TLS_MATERIAL),
  ciphers: option(forTLS<'ciphers'>(), CLIENT_TO_TLS_CONNECT),
  crl: option(forTLS<'crl'>(), TLS_MATERIAL),
  ecdhCurve: option(forTLS<'ecdhCurve'>(), CLIENT_TO_TLS_CONNECT),
  enableTrace: option(boolean, { ...TO_TLS_CONNECT, guards: 'secrecy', booleanOnly: true }),
  key: option(forTLS<'key'>(), { ...TLS_MATERIAL, secret: true }),
  minDHSize: option(forTLS<'minDHSize'>(), CLIENT_TO_TLS_CONNECT),
  passphrase: option(forTLS<'passphrase'>(), { ...CLIENT_TO_TLS_CONNECT, secret: true }),
  pfx: option(forTLS<'pfx'>(), { ...TLS_MATERIAL, secret: true }),
  pskCallback: option(forTLS<'pskCallback'>(), TLS_MATERIAL),
  rejectUnauthorized: option(boolean, { ...TO_TLS_CONNECT, ...TRUST }),
  requestCert: option(boolean, { ...TO_TLS_CONNECT, ...TRUST }),
  requestOCSP: option(boolean, { ...TO_TLS_CONNECT, ...TRUST }),
  secureContext: option(secureContext, TLS_MATERIAL),
  secureProtocol: option(forTLS<'secureProtocol'>(), CLIENT_TO_TLS_CONNECT),
  servername: option(anyText, { ...TO_TLS_CONNECT, guards: 'trust' }),
  SNICallback: option(forTLS<'SNICallback'>(), CLIENT_TO_TLS_CONNECT),
  session: option(forTLS<'session'>(), { ...CLIENT_TO_TLS_CONNECT, secret: true }),

  // ---- Sockets

  noDelay: option(boolean, { into: 'socket.*', default: true }),
  // Node.js takes a negative number for 0, which leaves the time to the system.
  keepAliveInitialDelay: option(integer({ min: Number.MIN_SAFE_INTEGER }), { into: 'socket.*', default: 120_000 }),
  lookup: option(lookup, { where: 'client' }),
  autoSelectFamily: option(boolean, TO_NET_CONNECT),
  autoSelectFamilyAttemptTimeout: option(integer({ min: 1 }), TO_NET_CONNECT),
  family: option(family, TO_NET_CONNECT),
  hints: option(integer(), { ...TO_NET_CONNECT, where: 'client' }),
  localAddress: option(text, { ...TO_NET_CONNECT, emptyIsUnset: true }),
  localPort: option(integer({ min: 1, max: 65_535 }), TO_NET_CONNECT),

  // ---- Reads and writes

  readPreference: option(readPreference, { into: 'readPreference', isArgument: true }),
  readPreferenceTags: option(readPreferenceTags, { into: 'readPreference', repeatable: true, mayBeEmpty: true }),
  maxStalenessSeconds: option(maxStalenessSeconds, { into: 'readPreference' }),
  readConcern: option(readConcern, { into: 'readConcern', where: 'client' }),
  readConcernLevel: option(readConcernLevel, { into: 'readConcern', guards: 'durability', emptyIsUnset: true }),
  writeConcern: option(writeConcern, { into: 'writeConcern', where: 'client' }),
  w: option(w, DURABLE),
  journal: option(boolean, { ...DURABLE, toleratesNonsense: true }),
  // Without it the server waits longer, and no acknowledgement means less.
  wtimeoutMS: option(integer(), { into: 'writeConcern', spellings: ['wTimeoutMS'] }),
  j: option(boolean, OLD_JOURNAL),
  fsync: option(boolean, OLD_JOURNAL),
  wtimeout: option(integer(), { into: 'writeConcern', deprecated: 'use wtimeoutMS instead' }),
  retryReads: option(boolean, { default: true }),
  retryWrites: option(boolean, { default: true }),
  maxAdaptiveRetries: option(integer(), { default: 2 }),
  enableOverloadRetargeting: option(boolean, { default: false }),
  forceServerObjectId: option(boolean, { default: false }),
  pkFactory: option(pkFactory, { where: 'client', default: NEW_OBJECT_IDS }),
  autoEncryption: option(record<Document>(), { where: 'client' }),

  // ---- BSON

  raw: option(boolean, { ...TO_BSON, default: false }),
  promoteLongs: option(boolean, { ...TO_BSON, default: true }),
  promoteValues: option(boolean, { ...TO_BSON, default: true }),
  promoteBuffers: option(boolean, { ...TO_BSON, default: false }),
  useBigInt64: option(boolean, { ...TO_BSON, default: false }),
  bsonRegExp: option(boolean, { ...TO_BSON, default: false }),
  ignoreUndefined: option(boolean, { ...TO_BSON, default: false }),
  serializeFunctions: option(boolean, { ...TO_BSON, default: false }),
  enableUtf8Validation: option(boolean, { ...TO_BSON, default: true }),
  fieldsAsRaw: option(record<Document>(), { ...TO_BSON, where: 'client', default: {} }),
  checkKeys: option(boolean, TO_BSON),
  minInternalBufferSize: option(integer(), TO_BSON),

  // ---- Events and logs

  monitorCommands: option(boolean),
  mongodbLogComponentSeverities: option(logSeverities, {
    into: 'log.componentSeverities',
    where: 'client',
    isArgument: true,
  }),
  mongodbLogPath: option(logPath, { into: 'log.path', isArgument: true }),
  mongodbLogMaxDocumentLength: option(integer(), { into: 'log.maxDocumentLength' }),
} satisfies TableOf<MongoClientOptions, UndocumentedName>;

export type Table = typeof OPTIONS;

export type OptionName = keyof Table;

type GivenValue<Name extends OptionName> = Parsed<Table[Name]['parser']>;

/** Values from one place: only what was given there. */
export type GivenValues = { [Name in OptionName]?: GivenValue<Name> };

/** A value for each option: the one given, or its default. */
export type OptionValues = { readonly [Name in OptionName]: GivenValue<Name> | Table[Name]['default'] };

export const OPTION_NAMES = Object.keys(OPTIONS) as readonly OptionName[];

/** The row of an option, without its type of value. */
export function optionNamed(name: OptionName): Option {
  return OPTIONS[name];
}

// ---- Names

const BY_SPELLING = new Map<string, OptionName>(
  OPTION_NAMES.flatMap(name =>
    [name, ...(optionNamed(name).spellings ?? [])].map(spelling => [spelling, name] as const),
  ),
);

const BY_LOWER_CASE = new Map([...BY_SPELLING].map(([spelling, name]) => [spelling.toLowerCase(), name]));

/** Names of a program's options are compared without case too, as in the official driver. */
export function optionOfProgram(spelling: string): OptionName | undefined {
  return BY_SPELLING.get(spelling) ?? BY_LOWER_CASE.get(spelling.toLowerCase());
}

/** Names in a connection string are compared without case. */
export function optionOfUri(key: string): OptionName | undefined {
  return BY_LOWER_CASE.get(key.toLowerCase());
}

// ---- Places in `ResolvedOptions`

type Into<Name extends OptionName> = Table[Name]['into'];

/** The names of the options with this `into`. */
export type NameInto<Place extends string | undefined> = {
  [Name in OptionName]: Into<Name> extends Place ? Name : never;
}[OptionName];

/** The options whose value stands in `ResolvedOptions` as it is, under their own name. */
export type PlainOptions = Pick<OptionValues, NameInto<undefined>>;

const PLAIN_NAMES = OPTION_NAMES.filter(name => optionNamed(name).into === undefined);

export function plainOptions(values: OptionValues): PlainOptions {
  return Object.fromEntries(PLAIN_NAMES.map(name => [name, values[name]])) as unknown as PlainOptions;
}

/** The fields of `ResolvedOptions` that some option goes into. */
export type MadeField<Rows extends Readonly<Record<keyof Rows, Option>> = Table> = {
  [Name in keyof Rows]: FirstOf<NonNullable<Rows[Name]['into']>>;
}[keyof Rows];

type FirstOf<Path extends string> = Path extends `${infer Field}.${string}` ? Field : Path;

type FieldIn<Group extends string, Name extends OptionName> =
  Into<Name> extends `${Group}.${infer Field}`
    ? Field extends '*'
      ? Name
      : Field extends `${string}.${string}`
        ? never
        : Field
    : never;

/** The names of the options that a group holds. */
export type NameIn<Group extends string> = {
  [Name in OptionName]: FieldIn<Group, Name> extends never ? never : Name;
}[OptionName];

/** The values that a group holds, by its fields. */
export type GroupOf<Group extends string> = {
  readonly [Name in OptionName as FieldIn<Group, Name>]: OptionValues[Name];
};

interface Placed {
  readonly name: OptionName;
  readonly field: string;
  readonly secret: boolean;
}

const GROUPS = new Map<string, Placed[]>();
for (const name of OPTION_NAMES) {
  const { into = '', secret = false } = optionNamed(name);
  const dot = into.lastIndexOf('.');
  if (dot === -1) continue;
  const placed = GROUPS.get(into.slice(0, dot)) ?? [];
  placed.push({ name, field: into.endsWith('*') ? name : into.slice(dot + 1), secret });
  GROUPS.set(into.slice(0, dot), placed);
}

/** The options that a group holds, with their fields in it. */
export function optionsIn(group: string): readonly Placed[] {
  return GROUPS.get(group) ?? [];
}

export function groupOf<Group extends string>(group: Group, values: OptionValues): GroupOf<Group> {
  return Object.fromEntries(optionsIn(group).map(({ name, field }) => [field, values[name]])) as GroupOf<Group>;
}
