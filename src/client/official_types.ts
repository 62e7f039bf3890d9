/* eslint-disable @typescript-eslint/no-explicit-any -- as the official package declares them */
import type { Socket, TcpNetConnectOpts } from 'node:net';
import type { ConnectionOptions as TLSConnectionOptions, TLSSocket, TLSSocketOptions } from 'node:tls';
import type { MongoCredentials } from '../auth/credentials.js';
import type { Document, Double, Long } from '../bson/index.js';
import type { ReadPreferenceLike } from '../concern/read_preference.js';
import type { ServerApi } from '../concern/server_api.js';
import type { HostAddress } from '../description/host_address.js';
import type { ServerDescription } from '../description/server_description.js';
import type { ServerType } from '../description/types.js';
import type { AnyError, MongoError } from '../errors/base.js';
import type { MonitoringEventListeners } from '../events/event_map.js';
import type { ClientSession } from '../sessions/client_session.js';
import type { ProxyOptions, ServerMonitoringMode } from '../uri/option_types.js';
import type { CompressorName } from '../wire/compressor.js';

// Types that the official package exports and no public method of either package takes or returns: they describe the official driver's own
// parts. They are here so that programs and libraries which name them compile. Nothing here exists when the program runs.

/** @public */
export type Callback<T = any> = (error?: AnyError, result?: T) => void;

/** @public */
export type GenericListener = (...args: any[]) => void;

/** @public */
export type CommonEvents = 'newListener' | 'removeListener';

/** @public */
// eslint-disable-next-line @typescript-eslint/no-generated-empty-object-type -- its one member is internal there
export type EventEmitterWithState = Record<never, never>;

/** @public */
export type Stream = Socket | TLSSocket;

/** @public */
export declare const LEGAL_TCP_SOCKET_OPTIONS: readonly [
  'autoSelectFamily',
  'autoSelectFamilyAttemptTimeout',
  'keepAliveInitialDelay',
  'family',
  'hints',
  'localAddress',
  'localPort',
  'lookup',
];

/** @public */
export declare const LEGAL_TLS_SOCKET_OPTIONS: readonly [
  'allowPartialTrustChain',
  'ALPNProtocols',
  'ca',
  'cert',
  'checkServerIdentity',
  'ciphers',
  'crl',
  'ecdhCurve',
  'key',
  'minDHSize',
  'passphrase',
  'pfx',
  'rejectUnauthorized',
  'secureContext',
  'secureProtocol',
  'servername',
  'session',
];

/** @public */
export declare const MONGO_CLIENT_EVENTS: readonly [
  'connectionPoolCreated',
  'connectionPoolReady',
  'connectionPoolCleared',
  'connectionPoolClosed',
  'connectionCreated',
  'connectionReady',
  'connectionClosed',
  'connectionCheckOutStarted',
  'connectionCheckOutFailed',
  'connectionCheckedOut',
  'connectionCheckedIn',
  'commandStarted',
  'commandSucceeded',
  'commandFailed',
  'serverOpening',
  'serverClosed',
  'serverDescriptionChanged',
  'topologyOpening',
  'topologyClosed',
  'topologyDescriptionChanged',
  'error',
  'timeout',
  'close',
  'serverHeartbeatStarted',
  'serverHeartbeatSucceeded',
  'serverHeartbeatFailed',
];

/** @public */
export type SupportedTLSConnectionOptions = Pick<
  TLSConnectionOptions & { allowPartialTrustChain?: boolean },
  (typeof LEGAL_TLS_SOCKET_OPTIONS)[number]
>;

/** @public */
export type SupportedTLSSocketOptions = Pick<
  TLSSocketOptions,
  Extract<keyof TLSSocketOptions, (typeof LEGAL_TLS_SOCKET_OPTIONS)[number]>
>;

/** @public */
export type SupportedNodeConnectionOptions = SupportedTLSConnectionOptions &
  SupportedTLSSocketOptions &
  Pick<
    TcpNetConnectOpts & {
      autoSelectFamily?: boolean;
      autoSelectFamilyAttemptTimeout?: number;
      keepAliveInitialDelay?: number;
    },
    (typeof LEGAL_TCP_SOCKET_OPTIONS)[number]
  >;

/** @public */
export interface StreamDescriptionOptions {
  compressors?: CompressorName[];
  logicalSessionTimeoutMinutes?: number;
  loadBalanced: boolean;
}

/** @public */
export declare class StreamDescription {
  address: string;
  type: ServerType;
  minWireVersion?: number;
  maxWireVersion?: number;
  maxBsonObjectSize: number;
  maxMessageSizeBytes: number;
  maxWriteBatchSize: number;
  compressors: CompressorName[];
  compressor?: CompressorName;
  logicalSessionTimeoutMinutes?: number;
  loadBalanced: boolean;
  __nodejs_mock_server__?: boolean;
  zlibCompressionLevel?: number;
  serverConnectionId: bigint | null;
  hello: Document | null;
  constructor(address: string, options?: StreamDescriptionOptions);
  receiveResponse(response: Document | null): void;
  parseServerConnectionID(serverConnectionId: number | Double | bigint | Long): bigint;
}

/** @public */
export interface ConnectionOptions extends SupportedNodeConnectionOptions, StreamDescriptionOptions, ProxyOptions {
  id: number | '<monitor>';
  generation: number;
  hostAddress: HostAddress;
  serverApi?: ServerApi;
  monitorCommands: boolean;
  credentials?: MongoCredentials;
  connectTimeoutMS?: number;
  tls: boolean;
  noDelay?: boolean;
  socketTimeoutMS?: number;
}

/** @public */
export interface MonitorOptions extends Omit<ConnectionOptions, 'id' | 'generation' | 'hostAddress'> {
  connectTimeoutMS: number;
  heartbeatFrequencyMS: number;
  minHeartbeatFrequencyMS: number;
  serverMonitoringMode: ServerMonitoringMode;
}

/** @public */
export interface SelectServerOptions {
  readPreference?: ReadPreferenceLike;
  serverSelectionTimeoutMS?: number;
  session?: ClientSession;
  operationName: string;
}

/** @public */
export interface TopologyDescriptionOptions {
  heartbeatFrequencyMS?: number;
  localThresholdMS?: number;
}

/** @public */
export type ConnectionEvents = Pick<
  MonitoringEventListeners,
  'commandStarted' | 'commandSucceeded' | 'commandFailed'
> & {
  clusterTimeReceived(clusterTime: Document): void;
  close(): void;
  pinned(pinType: string): void;
  unpinned(pinType: string): void;
};

/** @public */
export type ConnectionPoolEvents = Pick<
  MonitoringEventListeners,
  | 'connectionPoolCreated'
  | 'connectionPoolReady'
  | 'connectionPoolClosed'
  | 'connectionPoolCleared'
  | 'connectionCreated'
  | 'connectionReady'
  | 'connectionClosed'
  | 'connectionCheckOutStarted'
  | 'connectionCheckOutFailed'
  | 'connectionCheckedOut'
  | 'connectionCheckedIn'
> &
  Omit<ConnectionEvents, 'close' | 'message'>;

/** @public */
export type MonitorEvents = Pick<
  MonitoringEventListeners,
  'serverHeartbeatStarted' | 'serverHeartbeatSucceeded' | 'serverHeartbeatFailed'
> & {
  resetServer(error?: MongoError): void;
  resetConnectionPool(): void;
  close(): void;
} & EventEmitterWithState;

/** @public */
export type ServerEvents = Pick<
  MonitoringEventListeners,
  'serverHeartbeatStarted' | 'serverHeartbeatSucceeded' | 'serverHeartbeatFailed'
> & {
  descriptionReceived(description: ServerDescription): void;
  closed(): void;
  ended(): void;
} & ConnectionPoolEvents &
  EventEmitterWithState;

/** @public */
export type TopologyEvents = Pick<
  MonitoringEventListeners,
  | 'serverOpening'
  | 'serverClosed'
  | 'serverDescriptionChanged'
  | 'topologyClosed'
  | 'topologyOpening'
  | 'topologyDescriptionChanged'
> & {
  error(error: Error): void;
  close(): void;
  timeout(): void;
} & Omit<ServerEvents, 'connect'> &
  ConnectionPoolEvents &
  ConnectionEvents &
  EventEmitterWithState;

/** A database, and a collection in it. @public */
export declare class MongoDBNamespace {
  db: string;
  collection?: string;
  constructor(db: string, collection?: string);
  toString(): string;
  withCollection(collection: string): MongoDBCollectionNamespace;
  static fromString(namespace?: string): MongoDBNamespace;
}

/** @public */
export declare class MongoDBCollectionNamespace extends MongoDBNamespace {
  collection: string;
  constructor(db: string, collection: string);
  static fromString(namespace?: string): MongoDBCollectionNamespace;
}
