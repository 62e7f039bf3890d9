import type { MongoCredentials } from '../auth/credentials.js';
import type { BSONSerializeOptions } from '../bson/index.js';
import type { ReadConcern } from '../concern/read_concern.js';
import type { ReadPreference } from '../concern/read_preference.js';
import type { WriteConcern } from '../concern/write_concern.js';
import type { HostAddress } from '../description/host_address.js';
import type { LogComponentSeveritiesClientOptions } from '../sinks/log_options.js';
import type { CompressorName } from '../wire/compressor.js';
import { frozenWithSecrets } from './frozen.js';
import type { DriverInfo, SupportedSocketOptions, SupportedTLSOptions } from './option_types.js';
import type { GroupOf, MadeField, PlainOptions } from './options/table.js';

/** Options of TLS. Files are named here and read when a connection is made. */
export interface ResolvedTLSOptions extends GroupOf<'tls'> {
  readonly enabled: boolean;
  /** Options for `tls.connect`: those that were given, and what the flags above mean for it. */
  readonly connection: Readonly<SupportedTLSOptions>;
}

/** Options of TCP sockets. */
export interface ResolvedSocketOptions extends GroupOf<'socket'> {
  /** Options for `net.connect`, as they were given. */
  readonly connection: Readonly<Omit<SupportedSocketOptions, 'keepAliveInitialDelay' | 'lookup'>>;
}

export interface ResolvedProxyOptions extends GroupOf<'proxy'> {
  readonly host: string;
  readonly port: number;
}

export interface ResolvedLogOptions extends GroupOf<'log'> {
  readonly componentSeverities: Readonly<LogComponentSeveritiesClientOptions> | undefined;
}

/** The fields that are made from several options, or by a rule of their own. A row of the table names the field that it goes into. */
interface MadeOptions {
  readonly dbName: string;
  readonly driverInfo: Readonly<DriverInfo>;
  readonly credentials: MongoCredentials | undefined;
  readonly compressors: readonly Exclude<CompressorName, 'none'>[];
  readonly tls: ResolvedTLSOptions;
  readonly socket: ResolvedSocketOptions;
  readonly proxy: ResolvedProxyOptions | undefined;
  readonly readPreference: ReadPreference;
  readonly readConcern: ReadConcern | undefined;
  readonly writeConcern: WriteConcern | undefined;
  readonly bsonOptions: Readonly<BSONSerializeOptions>;
  readonly log: ResolvedLogOptions;
}

/**
 * The whole configuration of a client: the connection string, the options and the defaults in one frozen value. An option that was not
 * given and has no default is undefined.
 *
 * The fields for options follow from the table (`client_options.ts`).
 */
export interface ResolvedOptions
  extends Omit<PlainOptions, '__skipPingOnConnect'>,
    Pick<MadeOptions, Exclude<MadeField, 'nothing'>> {
  /** Seeds. Empty for an SRV connection string until `applySrvRecords` adds the hosts that DNS knows. */
  readonly hosts: readonly HostAddress[];
  /** The host of an SRV connection string. */
  readonly srvHost: string | undefined;
  /** Declared here, so that the published declarations leave it out. @internal */
  readonly __skipPingOnConnect: PlainOptions['__skipPingOnConnect'];
  /** Names of the options that were given, canonically spelled. An option that only has its default is not among them. */
  readonly specified: readonly string[];
  /** Problems of the connection string: sentences without secrets about what was left out. */
  readonly warnings: readonly string[];
}

/** Freezes resolved options. The options of in-use encryption hold keys, and so are not shown. */
export function frozenOptions(options: ResolvedOptions): ResolvedOptions {
  return frozenWithSecrets(options, ['autoEncryption']);
}
