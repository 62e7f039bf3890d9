import type { TcpNetConnectOpts } from 'node:net';
import type { arch, platform, release, type } from 'node:os';
import type { ConnectionOptions, TLSSocketOptions } from 'node:tls';
import type { AuthMechanism, AuthMechanismProperties } from '../auth/credentials.js';
import type { BSONSerializeOptions, Document } from '../bson/index.js';
import type { ReadConcernLevel, ReadConcernLike } from '../concern/read_concern.js';
import type { ReadPreference, ReadPreferenceMode, TagSet } from '../concern/read_preference.js';
import type { ServerApi, ServerApiVersion } from '../concern/server_api.js';
import type { W, WriteConcern, WriteConcernSettings } from '../concern/write_concern.js';
import type { CustomServerSelector } from '../description/topology_description.js';
import type { CompressorName } from '../wire/compressor.js';

/** @public */
export interface Auth {
  username?: string;
  password?: string;
}

/** The entry of a library, built on the driver, in the metadata that servers see. @public */
export interface DriverInfo {
  name?: string;
  version?: string;
  platform?: string;
}

/** Makes the `_id` of documents that have none. @public */
export interface PkFactory {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  createPk(): any;
}

/** @public */
export type ServerMonitoringMode = 'auto' | 'poll' | 'stream';

/** One severity for a component of the log. @public */
export type LogSeverity =
  | 'emergency'
  | 'alert'
  | 'critical'
  | 'error'
  | 'warn'
  | 'notice'
  | 'info'
  | 'debug'
  | 'trace'
  | 'off';

/** The least severity that is logged, for each component. @public */
export interface LogComponentSeveritiesClientOptions {
  command?: LogSeverity;
  topology?: LogSeverity;
  serverSelection?: LogSeverity;
  connection?: LogSeverity;
  client?: LogSeverity;
  /** The severity of the other components. */
  default?: LogSeverity;
}

/** A receiver of log records. @public */
export interface MongoDBLogWritable {
  write(log: Record<string, unknown>): unknown;
}

/** Stand-ins for parts of Node.js. @public */
export interface RuntimeAdapters {
  os?: { release: typeof release; platform: typeof platform; arch: typeof arch; type: typeof type };
}

/** Options that the client hands to `net.connect`. @public */
export interface SupportedSocketOptions
  extends Pick<TcpNetConnectOpts, 'family' | 'hints' | 'localAddress' | 'localPort' | 'lookup'> {
  /** Whether IPv6 and IPv4 are tried at the same time ("happy eyeballs"). Default: that of Node.js. */
  autoSelectFamily?: boolean;
  /** Milliseconds for each address that {@link SupportedSocketOptions.autoSelectFamily} tries. Default: that of Node.js. */
  autoSelectFamilyAttemptTimeout?: number;
  /** Milliseconds of silence before the first keep-alive probe. 0 or less leaves the time to the system. Default 120000. */
  keepAliveInitialDelay?: number;
}

/** Options that the client hands to `tls.connect`. @public */
export type SupportedTLSOptions = Pick<
  ConnectionOptions & TLSSocketOptions & { allowPartialTrustChain?: boolean },
  | 'allowPartialTrustChain'
  | 'ALPNProtocols'
  | 'ca'
  | 'cert'
  | 'checkServerIdentity'
  | 'ciphers'
  | 'crl'
  | 'ecdhCurve'
  | 'enableTrace'
  | 'key'
  | 'minDHSize'
  | 'passphrase'
  | 'pfx'
  | 'pskCallback'
  | 'rejectUnauthorized'
  | 'requestCert'
  | 'requestOCSP'
  | 'secureContext'
  | 'secureProtocol'
  | 'servername'
  | 'session'
  | 'SNICallback'
>;

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
  autoEncryption?: Document;

  // ---- Events and logs

  /** Whether command events are published. Default: unset, which publishes them if they have a listener. False never publishes them. */
  monitorCommands?: boolean;
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
