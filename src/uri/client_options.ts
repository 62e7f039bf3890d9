/* eslint-disable @typescript-eslint/no-deprecated -- old spellings are still accepted */
import type { AuthMechanism, AuthMechanismProperties } from '../auth/credentials.js';
import { type BSONSerializeOptions, type Document, ObjectId } from '../bson/index.js';
import type { ReadConcernLevel, ReadConcernLike } from '../concern/read_concern.js';
import type { ReadPreference, ReadPreferenceMode, TagSet } from '../concern/read_preference.js';
import type { ServerApi, ServerApiVersion } from '../concern/server_api.js';
import type { W, WriteConcern, WriteConcernSettings } from '../concern/write_concern.js';
import type { CustomServerSelector } from '../description/topology_description.js';
import type { Redact } from '../events/redact.js';
import type { ListenerErrorHandler } from '../sinks/listener_guard.js';
import type { LogComponentSeveritiesClientOptions, MongoDBLogWritable } from '../sinks/log_options.js';
import type { MetricsOptions } from '../sinks/metrics_options.js';
import type { CommandMonitor, PoolMonitor, ServerMonitor } from '../sinks/monitors.js';
import type { TracingOptions } from '../sinks/tracing_options.js';
import type { CompressorName } from '../wire/compressor.js';
import type { AutoEncryptionOptions } from './encryption_options.js';
import type {
  Auth,
  DriverInfo,
  PkFactory,
  RuntimeAdapters,
  ServerMonitoringMode,
  SupportedSocketOptions,
  SupportedTLSOptions,
} from './option_types.js';
import { option, type TableOf } from './options/option.js';
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
  metrics,
  monitor,
  oneOf,
  pkFactory,
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
  tracing,
  w,
  writeConcern,
} from './options/parsers.js';

/**
 * Options of a `MongoClient`. They win over the options of the connection string, which have the same names (in any case).
 *
 * Times are milliseconds unless the name says otherwise.
 *
 * @public
 */
export interface MongoClientOptions extends BSONSerializeOptions, SupportedSocketOptions, SupportedTLSOptions {
  // ---- Time

  /**
   * The time that a whole operation may take: server selection, checkout, sending, waiting, and all its retries. 0 is no limit.
   * Default: unset. Each of the other timeouts then bounds its own stage. With `timeoutMS`, the options `socketTimeoutMS`,
   * `waitQueueTimeoutMS` and `wtimeoutMS` have no effect.
   */
  timeoutMS?: number;
  /** The time that the search for a suitable server may take. Default 30000. */
  serverSelectionTimeoutMS?: number;
  /** The time that making a connection may take. 0 is no limit. Default 30000. */
  connectTimeoutMS?: number;
  /** The time that a socket may be silent while a reply is due. 0 is no limit. Default 0. */
  socketTimeoutMS?: number;
  /** The time that an operation may wait for a connection of the pool. 0 is no limit. Default 0. */
  waitQueueTimeoutMS?: number;
  /**
   * The time that a connection may wait for the late reply of an operation that timed out. After the reply the connection is used again;
   * without it, it is closed. 0 closes it at once. Default 1000. The official driver does not have this option.
   */
  pendingResponseTimeoutMS?: number;

  // ---- Where to connect

  /** The database of `client.db()` without a name. Default: the one in the path of the connection string, or `test`. */
  dbName?: string;
  /** The name of the replica set. Servers with another set name are not used. Default: unset. */
  replicaSet?: string;
  /** Whether the client uses only the one given server, even if it is a member of a replica set. Default false. */
  directConnection?: boolean;
  /** Whether the one given host is a load balancer in front of several mongos. Default false. */
  loadBalanced?: boolean;
  /** The greatest number of hosts used of an SRV record; 0 is all. Default 0. */
  srvMaxHosts?: number;
  /** The service in the name of the SRV record: `_{srvServiceName}._tcp.{host}`. Default `mongodb`. */
  srvServiceName?: string;
  /**
   * The suffix that the hosts of an SRV record must have, instead of the parent domain of the connection string's host. A wide suffix
   * lets a forged DNS answer name more hosts. Default: unset.
   */
  srvAllowedHostsSuffix?: string;
  /** Accepts or refuses each host of an SRV record, instead of all other checks. Must not be asynchronous. Default: unset. */
  srvHostValidator?: (host: string) => boolean;
  /** The name of the application, at most 128 bytes of UTF-8, for the server's log and profiler. Default: unset. */
  appName?: string;
  /** The entry of a library, built on the driver, in the metadata that servers see. Default: none. */
  driverInfo?: DriverInfo;
  /** The version of the Stable API that the client declares, and how servers treat commands outside of it. Default: none. */
  serverApi?: ServerApi | ServerApiVersion;

  // ---- Monitoring of servers

  /** The time between the checks of a server. A value below 500 becomes 500, with a warning. Default 10000. */
  heartbeatFrequencyMS?: number;
  /** The least time between two checks of a server, even if operations ask for a check. Default 500. */
  minHeartbeatFrequencyMS?: number;
  /** Whether servers send their changes (`stream`), the client asks (`poll`), or the environment decides (`auto`). Default `auto`. */
  serverMonitoringMode?: ServerMonitoringMode;
  /** The time by which the round trip of a chosen server may be longer than that of the nearest one. Default 15. */
  localThresholdMS?: number;
  /** The program's own choice among the servers that suit an operation. Default: unset. */
  serverSelector?: CustomServerSelector;
  /**
   * Whether an operation without a suitable server fails at once if waiting cannot help: the server refuses the credentials, or a direct
   * connection leads to another replica set. Otherwise the operation waits for `serverSelectionTimeoutMS`. Default false.
   */
  serverSelectionFailFast?: boolean;
  /** Whether `connect` skips the check that a connection accepts the credentials. The official driver has this name. @internal */
  __skipPingOnConnect?: boolean;

  // ---- Pool

  /** The greatest number of connections to each server; 0 is no limit. Default 100. */
  maxPoolSize?: number;
  /** The number of connections to each server that the pool maintains even if they are idle. Default 0. */
  minPoolSize?: number;
  /** The greatest number of connections to each server that are being made at the same time. At least 1. Default 2. */
  maxConnecting?: number;
  /** The time after which an idle connection is closed. 0 is no limit. Default 0. */
  maxIdleTimeMS?: number;

  // ---- Network

  /** Whether sockets send small packets at once. Default true. */
  noDelay?: boolean;
  /** Compressors in order of preference. The first one that a server knows is used. Default: none. */
  compressors?: CompressorName[] | string;
  /** The level of zlib: -1 (zlib's own default) to 9. Default: unset, zlib's own. */
  zlibCompressionLevel?: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | undefined;
  /** The host of a SOCKS5 proxy. Default: unset, no proxy. */
  proxyHost?: string;
  /** The port of the SOCKS5 proxy. Default 1080. */
  proxyPort?: number;
  /** The user at the SOCKS5 proxy; together with `proxyPassword`. Default: unset. */
  proxyUsername?: string;
  /** The password at the SOCKS5 proxy; together with `proxyUsername`. Default: unset. */
  proxyPassword?: string;

  // ---- TLS

  /** Whether connections use TLS. Default false, and true for `mongodb+srv`. */
  tls?: boolean;
  /** Another name of `tls`. Both must have the same value. Default: unset. */
  ssl?: boolean;
  /** A PEM file with the certificates of trusted authorities. Read when a connection is made. Default: those of Node.js. */
  tlsCAFile?: string;
  /** A PEM file with the revocation list. Read when a connection is made. Default: unset. */
  tlsCRLFile?: string;
  /** A PEM file with the client's certificate and key. Read when a connection is made. Default: unset. */
  tlsCertificateKeyFile?: string;
  /** The password of the key in `tlsCertificateKeyFile`. Default: unset. */
  tlsCertificateKeyFilePassword?: string;
  /** Accepts certificates that are not valid. Default false. */
  tlsAllowInvalidCertificates?: boolean;
  /** Accepts certificates of another host. Default false. */
  tlsAllowInvalidHostnames?: boolean;
  /** Accepts any certificate. Default false. */
  tlsInsecure?: boolean;
  /** Part of the specification; has no effect, since Node.js does not check revocation by OCSP. Default: unset. */
  tlsDisableCertificateRevocationCheck?: boolean;
  /** Part of the specification; has no effect, since Node.js does not ask OCSP endpoints. Default: unset. */
  tlsDisableOCSPEndpointCheck?: boolean;

  // ---- Authentication

  /** The user and the password. They win over those of the connection string. Default: unset. */
  auth?: Auth;
  /** The database that knows the user. Default: by mechanism; mostly the database of the connection string, or `admin`. */
  authSource?: string;
  /** The mechanism of authentication. Default: the strongest SCRAM that the server has for the user. */
  authMechanism?: AuthMechanism;
  /** Details for `authMechanism`. Default: by mechanism. */
  authMechanismProperties?: AuthMechanismProperties;

  // ---- Reads and writes

  /** The servers that may answer reads. Default `primary`. */
  readPreference?: ReadPreferenceMode | ReadPreference;
  /** Tag sets of the read preference, in order of preference. Default: none. */
  readPreferenceTags?: TagSet[];
  /** Seconds by which a secondary may lag behind: -1 (no limit) or at least 90. Default -1. */
  maxStalenessSeconds?: number;
  /** The data that reads may return. Default: the server's. */
  readConcern?: ReadConcernLike;
  /** The level of the read concern. Default: the server's. */
  readConcernLevel?: ReadConcernLevel;
  /** The members that must have a write before the server acknowledges it. Default: the server's. */
  writeConcern?: WriteConcern | WriteConcernSettings;
  /** @deprecated Use `writeConcern`. */
  w?: W;
  /** @deprecated Use `writeConcern`. */
  wtimeoutMS?: number;
  /** @deprecated Use `writeConcern`. */
  journal?: boolean;
  /** Whether a read is retried, once, after an error that allows it. Default true. */
  retryReads?: boolean;
  /** Whether a write is retried, once, after an error that allows it. Default true. */
  retryWrites?: boolean;
  /** The number of retries of an operation whose server says that it is overloaded. 0 is none. Default 2. */
  maxAdaptiveRetries?: number;
  /** Whether the retry of an operation whose server is overloaded goes to another server. Default false. */
  enableOverloadRetargeting?: boolean;
  /** Whether the server makes the `_id` of documents that have none. Default false. */
  forceServerObjectId?: boolean;
  /** The maker of the `_id` of documents that have none. Default: new ObjectIds. */
  pkFactory?: PkFactory;
  /** In-use encryption. Not supported: connecting with it fails. */
  autoEncryption?: AutoEncryptionOptions;

  // ---- Events and logs

  /** Whether command events are published. Default: unset, which publishes them if they have a listener. False never publishes them. */
  monitorCommands?: boolean;
  /**
   * What monitors and logs may see of commands and replies: gets the name of a command, and the command or the reply to it, and returns what is shown. Default: all
   * of it, but for commands that hold credentials.
   */
  redact?: Redact;
  /** Is told of commands, beside the listeners of the client. Default: none. */
  commandMonitor?: CommandMonitor;
  /** Is told of connection pools and connections, all in one shape, beside the listeners of the client. Default: none. */
  poolMonitor?: PoolMonitor;
  /** Is told of servers, their checks and the topology, beside the listeners of the client. Default: none. */
  serverMonitor?: ServerMonitor;
  /** Whether the client counts for `stats()`: a few percent of the CPU time of small operations, and at most 4 MB. Default false. */
  statistics?: boolean;
  /**
   * Is told of each failure of a listener or monitor: what it threw, and the name of the event. Default: the first failure of each becomes a process warning
   * (`MongoListenerWarning`).
   */
  onListenerError?: ListenerErrorHandler;
  /** Spans of OpenTelemetry; they need the package `@opentelemetry/api`. Default: those of the environment variables `OTEL_NODEJS_INSTRUMENTATION_MONGODB_*`. */
  tracing?: TracingOptions;
  /** Metrics of OpenTelemetry; they need the package `@opentelemetry/api`. Default: none. */
  metrics?: MetricsOptions;
  /** The least severity logged, for each component. Default: that of the environment variables `MONGODB_LOG_*`. */
  mongodbLogComponentSeverities?: LogComponentSeveritiesClientOptions;
  /** The destination of the log. Default: that of `MONGODB_LOG_PATH`, or `stderr`. */
  mongodbLogPath?: 'stderr' | 'stdout' | MongoDBLogWritable;
  /** The length to which the log cuts off documents. 0 is no limit. Default: that of the environment, or 1000. */
  mongodbLogMaxDocumentLength?: number;

  // ---- Node.js

  /** Stand-ins for parts of Node.js. Default: its own. */
  runtimeAdapters?: RuntimeAdapters;
}

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
const MONITOR = { where: 'client', isArgument: true } as const;
const TO_BSON = { into: 'bsonOptions.*' } as const;
const DURABLE = { into: 'writeConcern', guards: 'durability' } as const;
const OLD_JOURNAL = { ...DURABLE, toleratesNonsense: true, deprecated: 'use journal instead' } as const;

const NEW_OBJECT_IDS: PkFactory = Object.freeze({ createPk: () => new ObjectId() });

/**
 * The table of options, by their canonical names: how a value is read, and where it stands in `ResolvedOptions`. The compiler refuses an
 * option that only `MongoClientOptions` or only the table has.
 */
export const OPTIONS = {
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
  // No sign that TLS is wanted: mongosh, Compass and VS Code hand the authorities of the system to every client.
  ca: option(forTLS<'ca'>(), { ...CLIENT_TO_TLS_CONNECT, guards: 'trust' }),
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
  autoEncryption: option(record<AutoEncryptionOptions>(), { where: 'client' }),

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
  redact: option(func<Redact>(), { where: 'client' }),
  onListenerError: option(func<ListenerErrorHandler>(), { where: 'client' }),
  commandMonitor: option(monitor('commandMonitor'), MONITOR),
  poolMonitor: option(monitor('poolMonitor'), MONITOR),
  serverMonitor: option(monitor('serverMonitor'), MONITOR),
  tracing: option(tracing, MONITOR),
  metrics: option(metrics, MONITOR),
  statistics: option(boolean, { where: 'client', default: false }),
  mongodbLogComponentSeverities: option(logSeverities, {
    into: 'log.componentSeverities',
    where: 'client',
    isArgument: true,
  }),
  mongodbLogPath: option(logPath, { into: 'log.path', isArgument: true }),
  mongodbLogMaxDocumentLength: option(integer(), { into: 'log.maxDocumentLength' }),
} satisfies TableOf<MongoClientOptions, UndocumentedName>;
