import type { MongoCredentials } from '../auth/credentials.js';
import type { BSONSerializeOptions, Document } from '../bson/index.js';
import type { ReadConcern } from '../concern/read_concern.js';
import type { ReadPreference } from '../concern/read_preference.js';
import type { ServerApi } from '../concern/server_api.js';
import type { WriteConcern } from '../concern/write_concern.js';
import type { CustomServerSelector } from '../description/custom_selector.js';
import type { HostAddress } from '../description/host_address.js';
import type { CompressorName } from '../wire/compressor.js';
import type {
  DriverInfo,
  LogComponentSeveritiesClientOptions,
  MongoDBLogWritable,
  PkFactory,
  RuntimeAdapters,
  ServerMonitoringMode,
  SupportedSocketOptions,
  SupportedTLSOptions,
} from './client_options.js';
import { frozenWithSecrets } from './frozen.js';

/** What concerns TLS. Files are named here and read when a connection is made. */
export interface ResolvedTLSOptions {
  readonly enabled: boolean;
  readonly caFile: string | undefined;
  readonly crlFile: string | undefined;
  readonly certificateKeyFile: string | undefined;
  readonly certificateKeyFilePassword: string | undefined;
  readonly insecure: boolean | undefined;
  readonly allowInvalidCertificates: boolean | undefined;
  readonly allowInvalidHostnames: boolean | undefined;
  readonly disableCertificateRevocationCheck: boolean | undefined;
  readonly disableOCSPEndpointCheck: boolean | undefined;
  /** For `tls.connect`: what the user gave for it, with what the flags above mean for it. */
  readonly connection: Readonly<SupportedTLSOptions>;
}

/** What concerns TCP sockets. */
export interface ResolvedSocketOptions {
  readonly noDelay: boolean;
  readonly keepAliveInitialDelay: number;
  /** For `net.connect`, as the user gave it. */
  readonly connection: Readonly<Omit<SupportedSocketOptions, 'keepAliveInitialDelay' | 'lookup'>>;
}

export interface ResolvedProxyOptions {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

export interface ResolvedLogOptions {
  readonly componentSeverities: Readonly<LogComponentSeveritiesClientOptions> | undefined;
  readonly path: 'stderr' | 'stdout' | MongoDBLogWritable | undefined;
  readonly maxDocumentLength: number | undefined;
}

/**
 * All that a client is configured with: the connection string, the options and the defaults in one frozen value. What was not given
 * and has no default is undefined.
 */
export interface ResolvedOptions {
  /** Seeds. Empty for an SRV connection string until `applySrvRecords` has put those of DNS here. */
  readonly hosts: readonly HostAddress[];
  /** The host of an SRV connection string. */
  readonly srvHost: string | undefined;
  readonly srvServiceName: string;
  readonly srvMaxHosts: number;
  /** In ASCII, with a leading dot. */
  readonly srvAllowedHostsSuffix: string | undefined;
  readonly srvHostValidator: ((host: string) => boolean) | undefined;
  readonly dbName: string;
  readonly replicaSet: string | undefined;
  readonly directConnection: boolean;
  readonly loadBalanced: boolean;
  readonly appName: string | undefined;
  readonly driverInfo: Readonly<DriverInfo>;
  readonly serverApi: Readonly<ServerApi> | undefined;
  readonly credentials: MongoCredentials | undefined;

  readonly timeoutMS: number | undefined;
  readonly serverSelectionTimeoutMS: number;
  readonly connectTimeoutMS: number;
  readonly socketTimeoutMS: number;
  readonly waitQueueTimeoutMS: number;
  readonly pendingResponseTimeoutMS: number;

  readonly heartbeatFrequencyMS: number;
  readonly minHeartbeatFrequencyMS: number;
  readonly serverMonitoringMode: ServerMonitoringMode;
  readonly localThresholdMS: number;
  readonly serverSelector: CustomServerSelector | undefined;
  readonly serverSelectionFailFast: boolean;
  /** @internal */
  readonly __skipPingOnConnect: boolean;

  readonly maxPoolSize: number;
  readonly minPoolSize: number;
  readonly maxConnecting: number;
  readonly maxIdleTimeMS: number;

  readonly compressors: readonly Exclude<CompressorName, 'none'>[];
  readonly zlibCompressionLevel: number | undefined;
  readonly tls: ResolvedTLSOptions;
  readonly socket: ResolvedSocketOptions;
  readonly proxy: ResolvedProxyOptions | undefined;
  /** Resolves host names in place of `dns.lookup`. */
  readonly lookup: SupportedSocketOptions['lookup'] | undefined;

  readonly readPreference: ReadPreference;
  readonly readConcern: ReadConcern | undefined;
  readonly writeConcern: WriteConcern | undefined;
  readonly retryReads: boolean;
  readonly retryWrites: boolean;
  readonly maxAdaptiveRetries: number;
  readonly enableOverloadRetargeting: boolean;
  readonly forceServerObjectId: boolean;
  readonly pkFactory: PkFactory;
  readonly bsonOptions: Readonly<BSONSerializeOptions>;
  readonly autoEncryption: Document | undefined;

  /** Undefined publishes command events when somebody listens; false never does. */
  readonly monitorCommands: boolean | undefined;
  readonly log: ResolvedLogOptions;
  readonly runtimeAdapters: RuntimeAdapters | undefined;

  /** Names of the options that were given, canonically spelled; those that only have their default are not among them. */
  readonly specified: readonly string[];
  /** What was wrong with the connection string and left out, in readable sentences without secrets. */
  readonly warnings: readonly string[];
}

/** Freezes resolved options. Those of in-use encryption hold keys, and so are not shown. */
export function frozenOptions(options: ResolvedOptions): ResolvedOptions {
  return frozenWithSecrets(options, ['autoEncryption']);
}
