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

/** What a library built on the driver adds to the metadata that servers see. @public */
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
  /** For the components that are not named. */
  default?: LogSeverity;
}

/** Takes log records. @public */
export interface MongoDBLogWritable {
  write(log: Record<string, unknown>): unknown;
}

/** Stand-ins for parts of Node.js. @public */
export interface RuntimeAdapters {
  os?: { release: typeof release; platform: typeof platform; arch: typeof arch; type: typeof type };
}

/** Options that go to `net.connect` as they are. @public */
export interface SupportedSocketOptions
  extends Pick<TcpNetConnectOpts, 'family' | 'hints' | 'localAddress' | 'localPort' | 'lookup'> {
  /** Whether IPv6 and IPv4 are tried at the same time ("happy eyeballs"). Default: that of Node.js. */
  autoSelectFamily?: boolean;
  /** Milliseconds for each address that {@link SupportedSocketOptions.autoSelectFamily} tries. Default: that of Node.js. */
  autoSelectFamilyAttemptTimeout?: number;
  /** Milliseconds of silence before the first keep-alive probe. 0 and less leave it to the system. Default 120000. */
  keepAliveInitialDelay?: number;
}

/** Options that go to `tls.connect` as they are. @public */
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
 * Options of a `MongoClient`. They win over those of the connection string, which has the same names (in any case).
 *
 * Times are milliseconds unless the name says otherwise.
 *
 * @public
 */
export interface MongoClientOptions extends BSONSerializeOptions, SupportedSocketOptions, SupportedTLSOptions {
  // ---- Time

  /**
   * The time that a whole operation may take: server selection, checkout, sending, waiting, and all its retries. 0 is no limit.
   * Default: unset, and then the other timeouts bound their own stage each. While it is in effect, `socketTimeoutMS`,
   * `waitQueueTimeoutMS` and `wtimeoutMS` are not.
   */
  timeoutMS?: number;
  /** How long the search for a suitable server may take. Default 30000. */
  serverSelectionTimeoutMS?: number;
  /** How long a connection may take to be made. 0 is no limit. Default 30000. */
  connectTimeoutMS?: number;
  /** How long a socket may be silent while a reply is due. 0 is no limit. Default 0. */
  socketTimeoutMS?: number;
  /** How long an operation may wait for a connection of the pool. 0 is no limit. Default 0. */
  waitQueueTimeoutMS?: number;
  /**
   * How long a connection whose operation timed out may wait for the late reply, after which it is used again, before it is closed.
   * 0 closes it at once. Default 1000. This option is not known to the official driver.
   */
  pendingResponseTimeoutMS?: number;

  // ---- Where to connect

  /** The database of `client.db()` without a name. Default: the one in the path of the connection string, or `test`. */
  dbName?: string;
  /** The name of the replica set. Members with another name are not used. Default: unset. */
  replicaSet?: string;
  /** Whether only the one given server is used, whatever it is a member of. Default false. */
  directConnection?: boolean;
  /** Whether the one given host is a load balancer in front of several mongos. Default false. */
  loadBalanced?: boolean;
  /** The greatest number of hosts used of an SRV record; 0 is all. Default 0. */
  srvMaxHosts?: number;
  /** The service in the name of the SRV record: `_{srvServiceName}._tcp.{host}`. Default `mongodb`. */
  srvServiceName?: string;
  /**
   * The suffix that the hosts of an SRV record must have, instead of the parent domain of the connection string's host. The wider
   * it is, the more a forged DNS answer can do. Default: unset.
   */
  srvAllowedHostsSuffix?: string;
  /** Decides about each host of an SRV record, instead of all other checks. Must not be asynchronous. Default: unset. */
  srvHostValidator?: (host: string) => boolean;
  /** The name of the application, at most 128 bytes of UTF-8, for the server's log and profiler. Default: unset. */
  appName?: string;
  /** What a library built on the driver adds to the metadata that servers see. Default: nothing. */
  driverInfo?: DriverInfo;
  /** Versions of the Stable API and what it does with other commands. Default: none is declared. */
  serverApi?: ServerApi | ServerApiVersion;

  // ---- Monitoring of servers

  /** Time between the checks of a server. Less than 500 is taken for 500, with a warning. Default 10000. */
  heartbeatFrequencyMS?: number;
  /** The least time between two checks of a server, however often one is asked for. Default 500. */
  minHeartbeatFrequencyMS?: number;
  /** Whether servers send their changes (`stream`), are asked (`poll`), or what fits the environment (`auto`). Default `auto`. */
  serverMonitoringMode?: ServerMonitoringMode;
  /** How much slower than the nearest a server may be and still be chosen. Default 15. */
  localThresholdMS?: number;
  /** A choice of the program's own among the servers that suit an operation. Default: unset. */
  serverSelector?: CustomServerSelector;
  /**
   * Whether an operation that finds no server fails at once when waiting cannot mend that: credentials that are refused, or another replica
   * set than the one asked for on a direct connection. Otherwise it waits for `serverSelectionTimeoutMS`. Default false.
   */
  serverSelectionFailFast?: boolean;
  /** `connect` does not wait until a connection has taken the credentials. The name is that of the official driver. @internal */
  __skipPingOnConnect?: boolean;

  // ---- Pool

  /** The greatest number of connections to each server; 0 is no limit. Default 100. */
  maxPoolSize?: number;
  /** The number of connections to each server that are kept even when idle. Default 0. */
  minPoolSize?: number;
  /** How many connections to each server may be in the making at the same time. At least 1. Default 2. */
  maxConnecting?: number;
  /** How long a connection may be idle before it is closed. 0 is no limit. Default 0. */
  maxIdleTimeMS?: number;

  // ---- Network

  /** Whether small packets are sent at once. Default true. */
  noDelay?: boolean;
  /** Compressors in order of preference; the first that a server knows is used. Default: none. */
  compressors?: CompressorName[] | string;
  /** Level of zlib: -1 (its default) to 9. Default: unset, zlib's own. */
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
  /** Another name of `tls`; both must agree. */
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

  /** The user and the password. They win over those of the connection string. */
  auth?: Auth;
  /** The database that knows the user. Default: by mechanism; mostly the database of the connection string, or `admin`. */
  authSource?: string;
  /** How the client authenticates. Default: the strongest SCRAM that the server knows for the user. */
  authMechanism?: AuthMechanism;
  /** Details for `authMechanism`. Default: by mechanism. */
  authMechanismProperties?: AuthMechanismProperties;

  // ---- Reads and writes

  /** Which servers may answer reads. Default `primary`. */
  readPreference?: ReadPreferenceMode | ReadPreference;
  /** Tag sets of the read preference, in order of preference. Default: none. */
  readPreferenceTags?: TagSet[];
  /** Seconds by which a secondary may lag behind: -1 (no limit) or at least 90. Default -1. */
  maxStalenessSeconds?: number;
  /** Which data reads may return. Default: the server's. */
  readConcern?: ReadConcernLike;
  /** Level of the read concern. Default: the server's. */
  readConcernLevel?: ReadConcernLevel;
  /** How far a write must have spread before it is reported as done. Default: the server's. */
  writeConcern?: WriteConcern | WriteConcernSettings;
  /** @deprecated Use `writeConcern`. */
  w?: W;
  /** @deprecated Use `writeConcern`. */
  wtimeoutMS?: number;
  /** @deprecated Use `writeConcern`. */
  journal?: boolean;
  /** Whether a read is sent again, once, after an error that allows it. Default true. */
  retryReads?: boolean;
  /** Whether a write is sent again, once, after an error that allows it. Default true. */
  retryWrites?: boolean;
  /** How often an operation is sent again to a server that says it is overloaded. 0 is never. Default 2. */
  maxAdaptiveRetries?: number;
  /** Whether an operation that met an overloaded server goes to another one. Default false. */
  enableOverloadRetargeting?: boolean;
  /** Whether the server makes the `_id` of documents that have none. Default false. */
  forceServerObjectId?: boolean;
  /** Makes the `_id` of documents that have none. Default: new ObjectIds. */
  pkFactory?: PkFactory;
  /** In-use encryption. Not supported: connecting with it fails. */
  autoEncryption?: Document;

  // ---- Events and logs

  /** Whether command events are published. Default: unset, which publishes them when somebody listens; false never does. */
  monitorCommands?: boolean;
  /** The least severity logged, for each component. Default: that of the environment variables `MONGODB_LOG_*`. */
  mongodbLogComponentSeverities?: LogComponentSeveritiesClientOptions;
  /** Where the log goes. Default: that of `MONGODB_LOG_PATH`, or `stderr`. */
  mongodbLogPath?: 'stderr' | 'stdout' | MongoDBLogWritable;
  /** The length at which documents in the log are cut off. 0 is no limit. Default: that of the environment, or 1000. */
  mongodbLogMaxDocumentLength?: number;

  // ---- Node.js

  /** Stand-ins for parts of Node.js. Default: its own. */
  runtimeAdapters?: RuntimeAdapters;
}
