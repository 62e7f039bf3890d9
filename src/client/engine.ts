import zlib from 'node:zlib';
import { authenticatorFor } from '../auth/mechanisms.js';
import type { Document } from '../bson/index.js';
import { Lifetime } from '../call/lifetime.js';
import { serverApiFields } from '../concern/server_api.js';
import { HostAddress } from '../description/host_address.js';
import { MongoMissingDependencyError } from '../errors/driver.js';
import type { EventPublisher } from '../events/publisher.js';
import type { Engine } from '../executor/engine.js';
import { LiveCursors } from '../executor/live_cursors.js';
import type { EstablishSettings } from '../pool/establish.js';
import type { HandshakeOptions } from '../pool/handshake.js';
import { ConnectionPool } from '../pool/pool.js';
import type { ConnectionParts } from '../pool/wire_connection.js';
import type { Clock } from '../runtime/clock.js';
import { systemEnvironment } from '../runtime/host.js';
import { type LoadPackage, optionalPackage } from '../runtime/optional_package.js';
import type { Random } from '../runtime/random.js';
import { loadSocks } from '../runtime/socks_proxy.js';
import { type ReadFile, TLSMaterial } from '../runtime/tls_material.js';
import { type OpenTransport, type TransportAddress, type TransportOptions } from '../runtime/transport.js';
import { Monitor, usesStreaming } from '../sdam/monitor.js';
import { Server } from '../sdam/server.js';
import { Topology, type TopologyOptions } from '../sdam/topology.js';
import { ClusterClock } from '../sessions/cluster_time.js';
import type { ServerSessionPool } from '../sessions/server_session_pool.js';
import type { ResolvedOptions } from '../uri/resolved_options.js';
import { type Codec, type Snappy, snappyCodec, type Zstd, zlibCodec, zstdCodec } from '../wire/compressor.js';
import { MessageEncoder } from '../wire/message_encoder.js';

/** The effects that a client works with; tests pass their own. */
export interface Effects {
  readonly clock: Clock;
  readonly random: Random;
  readonly open: OpenTransport;
  /** Loads optional packages. */
  readonly loadPackage?: LoadPackage;
  /** Reads the files of TLS. */
  readonly readFile?: ReadFile;
}

/** What all servers of a client have in common. */
interface SharedParts {
  readonly establish: EstablishSettings;
  readonly transportOptions: TransportOptions;
  /** Whether servers that can are asked to tell of changes by themselves. */
  readonly streaming: boolean;
}

/**
 * Builds all that the operations of one client share, from its resolved options. Nothing is started.
 *
 * @param metadata - what new connections say of the client
 * @param onConnectionReady - called for each new connection of a pool when it is ready for use
 * @param tls - certificates that have been read already
 */
export function createEngine(
  options: ResolvedOptions,
  metadata: () => Document,
  publisher: EventPublisher,
  sessions: ServerSessionPool,
  effects: Effects,
  onConnectionReady?: () => void,
  tls = tlsMaterialOf(options, effects),
): Engine {
  const { clock, random } = effects;
  const encoder = new MessageEncoder();
  const establish: EstablishSettings = {
    handshake: handshakeOptions(options, metadata, effects.loadPackage),
    connectTimeoutMS: options.connectTimeoutMS,
    commandTimeoutMS: options.timeoutMS ?? 0,
    authenticator: options.credentials === undefined ? undefined : authenticatorFor(options.credentials, random),
    encoder,
    clock,
  };
  const shared: SharedParts = {
    establish,
    transportOptions: transportOptions(options, tls, effects.loadPackage),
    streaming: usesStreaming(options.serverMonitoringMode, systemEnvironment().env),
  };
  const topology = new Topology(topologyOptions(options), {
    clock,
    random,
    publisher,
    openServer: (address, owner) => openServer(address, owner, options, shared, publisher, effects, onConnectionReady),
  });
  return {
    topology,
    sessions,
    cursors: new LiveCursors(),
    lifetime: new Lifetime(),
    clusterClock: new ClusterClock(),
    publisher,
    clock,
    random,
    encoder,
    options: {
      retryReads: options.retryReads,
      retryWrites: options.retryWrites,
      maxAdaptiveRetries: options.maxAdaptiveRetries,
      enableOverloadRetargeting: options.enableOverloadRetargeting,
      apiFields: options.serverApi === undefined ? undefined : { ...serverApiFields(options.serverApi) },
    },
  };
}

function topologyOptions(options: ResolvedOptions): TopologyOptions {
  return {
    hosts: options.hosts.map(String),
    replicaSet: options.replicaSet,
    directConnection: options.directConnection,
    loadBalanced: options.loadBalanced,
    heartbeatFrequencyMS: options.heartbeatFrequencyMS,
    localThresholdMS: options.localThresholdMS,
    serverSelector: options.serverSelector,
    serverSelectionFailFast: options.serverSelectionFailFast,
    srvMaxHosts: options.srvMaxHosts,
  };
}

/** A server with its pool and its monitor, wired to the topology that owns it. */
function openServer(
  address: string,
  topology: Topology,
  options: ResolvedOptions,
  { establish, transportOptions, streaming }: SharedParts,
  publisher: EventPublisher,
  { clock, random, open }: Effects,
  onConnectionReady: (() => void) | undefined,
): Server {
  const parts: ConnectionParts = {
    address,
    target: targetOf(address),
    transportOptions,
    open,
    encoder: establish.encoder,
    clock,
  };
  let server: Server;
  const pool: ConnectionPool = new ConnectionPool(address, options, {
    publisher,
    clock,
    random,
    connection: parts,
    establish,
    onHandshake({ description, generation }) {
      topology.onHandshake(description.server, server, generation);
    },
    onConnectionError(error, { generation, service }) {
      const where = { connectionGeneration: generation, phase: 'beforeHandshake', serviceId: service?.id } as const;
      topology.onError(error, server, where);
    },
    ...(onConnectionReady !== undefined && { onConnectionReady }),
  });
  // Load Balancers: what lies behind one address differs from connection to connection; a check would say nothing.
  if (options.loadBalanced) return (server = new Server(address, pool, null));
  const { heartbeatFrequencyMS, minHeartbeatFrequencyMS } = options;
  const monitorOptions = { heartbeatFrequencyMS, minHeartbeatFrequencyMS, streaming };
  const monitor = new Monitor(address, monitorOptions, {
    publisher,
    topologyId: topology.id,
    clock,
    connection: parts,
    // Monitors do not compress (Server Monitoring, "Monitors MUST use a dedicated connection").
    establish: {
      ...establish,
      // Nor do they belong to a user, or have to do with the time of operations.
      authenticator: undefined,
      commandTimeoutMS: 0,
      handshake: { ...establish.handshake, codecs: [] },
    },
    onChecked(description) {
      topology.onServerDescription(description);
    },
    onCheckFailed: error => topology.onCheckFailed(address, error),
  });
  return (server = new Server(address, pool, monitor));
}

function handshakeOptions(options: ResolvedOptions, metadata: () => Document, load?: LoadPackage): HandshakeOptions {
  return {
    metadata,
    codecs: codecsOf(options, load),
    useHello: options.serverApi !== undefined || options.loadBalanced,
    loadBalanced: options.loadBalanced,
    apiFields: options.serverApi === undefined ? {} : { ...serverApiFields(options.serverApi) },
  };
}

function targetOf(address: string): TransportAddress {
  if (address.includes('/')) return { socketPath: address };
  const { host, port, socketPath } = new HostAddress(address);
  return socketPath === undefined ? { host: host ?? '', port: port ?? 0 } : { socketPath };
}

/** The certificates of a client; undefined without TLS. Nothing is read yet. */
export function tlsMaterialOf(
  { tls }: Pick<ResolvedOptions, 'tls'>,
  { readFile }: Pick<Effects, 'readFile'>,
): TLSMaterial | undefined {
  return tls.enabled ? new TLSMaterial(tls, readFile) : undefined;
}

function transportOptions(
  options: ResolvedOptions,
  tls: TLSMaterial | undefined,
  load?: LoadPackage,
): TransportOptions {
  const { socket, lookup, proxy, connectTimeoutMS } = options;
  return {
    __proto__: null,
    ...socket.connection,
    noDelay: socket.noDelay,
    keepAlive: true,
    keepAliveInitialDelay: socket.keepAliveInitialDelay,
    ...(lookup !== undefined && { lookup }),
    ...(tls !== undefined && { tls }),
    ...(proxy !== undefined && { proxy: { ...proxy, timeoutMS: connectTimeoutMS, socks: loadSocks(load) } }),
  } as unknown as TransportOptions;
}

/**
 * The compressors that were asked for and can be used here, in order of preference. One that cannot be used is left out with a warning: a
 * connection string is often shared by programs, and what it says of compression is an offer to the server (OP_COMPRESSED, "compressors").
 */
export function codecsOf(
  { compressors, zlibCompressionLevel }: Pick<ResolvedOptions, 'compressors' | 'zlibCompressionLevel'>,
  load?: LoadPackage,
): Codec[] {
  const codecs: Codec[] = [];
  for (const name of compressors) {
    if (name === 'zlib') codecs.push(zlibCodec(zlibCompressionLevel ?? -1));
    else if (name === 'snappy') addSnappy(codecs, load);
    else if ('zstdCompressSync' in zlib) codecs.push(zstdCodec(zlib as unknown as Zstd));
    else warn('zstd needs Node 22.15 or later');
  }
  return codecs;
}

function addSnappy(codecs: Codec[], load?: LoadPackage): void {
  try {
    codecs.push(snappyCodec(optionalPackage('snappy', 'The compressor snappy', load) as Snappy));
  } catch (error) {
    if (!(error instanceof MongoMissingDependencyError)) throw error;
    warn(error.message);
  }
}

function warn(why: string): void {
  process.emitWarning(`${why}. The client goes on without this compressor`, 'MongoOptionWarning');
}
