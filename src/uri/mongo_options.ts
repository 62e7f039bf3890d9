import type { MongoCredentials } from '../auth/credentials.js';
import type { BSONSerializeOptions, Document } from '../bson/index.js';
import type { ReadConcern } from '../concern/read_concern.js';
import type { ReadPreference } from '../concern/read_preference.js';
import type { ServerApi } from '../concern/server_api.js';
import type { WriteConcern } from '../concern/write_concern.js';
import type { HostAddress } from '../description/host_address.js';
import type { Redact } from '../events/redact.js';
import type { ListenerErrorHandler } from '../sinks/listener_guard.js';
import type { LogComponentSeveritiesClientOptions } from '../sinks/log_options.js';
import type { MetricsOptions } from '../sinks/metrics_options.js';
import type { CommandMonitor, PoolMonitor, ServerMonitor } from '../sinks/monitors.js';
import type { TracingOptions } from '../sinks/tracing_options.js';
import type { CompressorName } from '../wire/compressor.js';
import type { MongoClientOptions } from './client_options.js';
import type { AutoEncryptionOptions } from './encryption_options.js';
import { frozenWithSecrets } from './frozen.js';
import type { DriverInfo, RuntimeAdapters, SupportedSocketOptions, SupportedTLSOptions } from './option_types.js';
import { type NameIn, OPTION_NAMES, type OptionName, optionNamed, optionsIn } from './options/table.js';
import type { ResolvedOptions } from './resolved_options.js';

/**
 * The configuration of a client, in the shape that the official driver gives it: `tls` is a boolean, and the options for BSON, `tls.connect` and
 * `net.connect` are fields of their own. An option that was not given and has no default is undefined or absent.
 *
 * @public
 */
export interface MongoOptions
  extends Readonly<
      Required<
        Pick<
          MongoClientOptions,
          | 'directConnection'
          | 'enableOverloadRetargeting'
          | 'connectTimeoutMS'
          | 'forceServerObjectId'
          | 'heartbeatFrequencyMS'
          | 'loadBalanced'
          | 'localThresholdMS'
          | 'maxAdaptiveRetries'
          | 'maxConnecting'
          | 'maxIdleTimeMS'
          | 'maxPoolSize'
          | 'minHeartbeatFrequencyMS'
          | 'minPoolSize'
          | 'pendingResponseTimeoutMS'
          | 'pkFactory'
          | 'retryReads'
          | 'retryWrites'
          | 'serverMonitoringMode'
          | 'serverSelectionFailFast'
          | 'serverSelectionTimeoutMS'
          | 'socketTimeoutMS'
          | 'srvMaxHosts'
          | 'srvServiceName'
          | 'statistics'
          | 'waitQueueTimeoutMS'
        >
      >
    >,
    Readonly<BSONSerializeOptions>,
    Readonly<SupportedSocketOptions>,
    Readonly<Omit<SupportedTLSOptions, 'session'>> {
  /** Seeds. Empty for an SRV connection string until the client has asked DNS. */
  readonly hosts: readonly HostAddress[];
  /** The host of an SRV connection string. */
  readonly srvHost: string | undefined;
  readonly srvAllowedHostsSuffix: string | undefined;
  readonly srvHostValidator: MongoClientOptions['srvHostValidator'] | undefined;
  /** The database of the connection string, or `test`. */
  readonly dbName: string;
  readonly replicaSet: string | undefined;
  readonly appName: string | undefined;
  readonly driverInfo: Readonly<DriverInfo>;
  readonly serverApi: Readonly<ServerApi> | undefined;
  readonly credentials: MongoCredentials | undefined;
  readonly timeoutMS: number | undefined;
  readonly serverSelector: MongoClientOptions['serverSelector'] | undefined;
  readonly zlibCompressionLevel: number | undefined;
  readonly readPreference: ReadPreference;
  readonly readConcern: ReadConcern | undefined;
  readonly writeConcern: WriteConcern | undefined;
  readonly bsonOptions: Readonly<BSONSerializeOptions>;
  readonly autoEncryption: AutoEncryptionOptions | undefined;
  readonly redact: Redact | undefined;
  readonly onListenerError: ListenerErrorHandler | undefined;
  readonly commandMonitor: CommandMonitor | undefined;
  readonly poolMonitor: PoolMonitor | undefined;
  readonly serverMonitor: ServerMonitor | undefined;
  readonly tracing: TracingOptions | undefined;
  readonly metrics: MetricsOptions | undefined;
  /** The options of the log: those that were given. */
  readonly log: {
    readonly componentSeverities: Readonly<LogComponentSeveritiesClientOptions> | undefined;
    readonly path: MongoClientOptions['mongodbLogPath'] | undefined;
    readonly maxDocumentLength: number | undefined;
  };
  readonly runtimeAdapters: RuntimeAdapters | undefined;
  /** Names of the options that were given, canonically spelled. An option that only has its default is not among them. */
  readonly specified: readonly string[];
  /** Problems of the connection string: sentences without secrets about what was left out. */
  readonly warnings: readonly string[];
  readonly tls: boolean;
  readonly tlsCAFile?: string | undefined;
  readonly tlsCRLFile?: string | undefined;
  readonly tlsCertificateKeyFile?: string | undefined;
  readonly tlsCertificateKeyFilePassword?: string | undefined;
  readonly tlsInsecure?: boolean | undefined;
  readonly noDelay: boolean;
  readonly keepAliveInitialDelay: number;
  readonly proxyHost?: string | undefined;
  readonly proxyPort?: number | undefined;
  readonly proxyUsername?: string | undefined;
  readonly proxyPassword?: string | undefined;
  /** In order of preference; `['none']` when messages are not compressed. */
  readonly compressors: readonly CompressorName[];
  /** Whether `monitorCommands: true` was given. When it was not given, command events are published when there is a listener. */
  readonly monitorCommands: boolean;
}

/** Flags that only change how `tls.connect` is called. The official driver does not keep them either. */
const FLAGS_OF_TLS_CONNECT = [
  'tlsAllowInvalidCertificates',
  'tlsAllowInvalidHostnames',
  'tlsDisableCertificateRevocationCheck',
  'tlsDisableOCSPEndpointCheck',
] as const satisfies readonly OptionName[];

/** A row of the table in one of these groups fails to compile here until `MongoOptions` declares the option. */
type ShownName = Exclude<NameIn<'tls' | 'socket' | 'proxy'>, (typeof FLAGS_OF_TLS_CONNECT)[number]>;

/** The options of these groups under their own names, if they have a value. */
function shownByName({ tls, socket, proxy }: ResolvedOptions): Pick<MongoOptions, ShownName> {
  const shown: Partial<Record<OptionName, unknown>> = {};
  for (const [group, fields] of Object.entries({ tls, socket, proxy: proxy ?? {} })) {
    for (const { name, field } of optionsIn(group)) {
      const value = (fields as Record<string, unknown>)[field];
      const isFlag = (FLAGS_OF_TLS_CONNECT as readonly OptionName[]).includes(name);
      if (value !== undefined && !isFlag) shown[name] = value;
    }
  }
  return shown as Pick<MongoOptions, ShownName>;
}

/** The options of in-use encryption hold keys. */
const SECRETS: readonly string[] = [...OPTION_NAMES.filter(name => optionNamed(name).secret), 'autoEncryption'];

/**
 * What the users of a client see of its options. Secrets are shown neither by console.log nor in JSON.
 *
 * @param metadata - what the client says of itself to servers: Mongoose's tests ask for it, as a promise, by `metadata`, which is not published
 */
export function mongoOptions(resolved: ResolvedOptions, metadata?: () => Document): MongoOptions {
  const { tls, socket, proxy: _proxy, compressors, monitorCommands, lookup, ...others } = resolved;
  const options: MongoOptions = {
    ...others,
    ...others.bsonOptions,
    ...shownByName(resolved),
    tls: tls.enabled,
    ...(lookup !== undefined && { lookup }),
    ...tls.connection,
    ...socket.connection,
    compressors: Object.freeze(compressors.length === 0 ? ['none' as const] : compressors),
    monitorCommands: monitorCommands === true,
  };
  if (metadata !== undefined) Object.defineProperty(options, 'metadata', { get: () => Promise.resolve(metadata()) });
  return frozenWithSecrets(options, SECRETS);
}
