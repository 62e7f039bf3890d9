import { type Document, EJSON, type ObjectId } from '../../bson/index.js';
import type { TagSet } from '../../concern/read_preference.js';
import type { MongoError } from '../../errors/base.js';
import { canonicalAddresses } from './host_address.js';
import { type ServerDescription, unknownServer } from './server_description.js';
import { matchesTagSet } from './tag_set.js';
import { ServerType, TopologyType } from './types.js';

/** Wire versions that this driver speaks: MongoDB 4.2 and later. */
export const MIN_WIRE_VERSION = 8;
export const MAX_WIRE_VERSION = 27;
const MIN_SERVER_VERSION = '4.2';

/** What a topology description is made of; the rest of it follows from this. */
export interface TopologyDescriptionFields {
  readonly type: TopologyType;
  readonly setName: string | null;
  readonly maxSetVersion: number | null;
  readonly maxElectionId: ObjectId | null;
  readonly servers: ReadonlyMap<string, ServerDescription>;
  readonly heartbeatFrequencyMS: number;
  readonly localThresholdMS: number;
  /** How many addresses the connection string, or its SRV record, named. */
  readonly seedCount: number;
}

export interface InitialTopologyOptions {
  readonly hosts: readonly string[];
  readonly replicaSet?: string | undefined;
  readonly directConnection: boolean;
  readonly loadBalanced: boolean;
  readonly heartbeatFrequencyMS: number;
  readonly localThresholdMS: number;
}

/** The part of a read preference that says whether there is a server to read from. */
export interface ReadableBy {
  readonly mode: string;
  readonly tags?: readonly TagSet[] | undefined;
}

/**
 * What the driver knows about a deployment. Never changes; each check of a server makes a new description.
 *
 * @public
 */
export class TopologyDescription {
  readonly type: TopologyType;
  readonly setName: string | null;
  readonly maxSetVersion: number | null;
  readonly maxElectionId: ObjectId | null;
  /** By address, `host:port` in lower case. */
  readonly servers: ReadonlyMap<string, ServerDescription>;
  /** Always false; the official driver has it. */
  readonly stale: boolean;
  /** False when the driver and one of the servers have no wire version in common; then every operation fails. */
  readonly compatible: boolean;
  declare readonly compatibilityError?: string;
  /** The least of the data-bearing servers; null when there is none, or one of them does not support sessions. */
  readonly logicalSessionTimeoutMinutes: number | null;
  readonly heartbeatFrequencyMS: number;
  readonly localThresholdMS: number;
  /** The least `maxWireVersion` of the known servers; 0 when none is known. */
  readonly commonWireVersion: number;
  /** @internal */
  readonly seedCount: number;
  /** All servers, as the selection of a server starts with them. @internal */
  readonly candidates: readonly ServerDescription[];
  /** Those that a write may go to, made once so that the usual selection makes nothing. @internal */
  readonly writableServers: readonly ServerDescription[];

  /** @internal */
  constructor(fields: TopologyDescriptionFields) {
    const candidates = Object.freeze([...fields.servers.values()]);
    this.type = fields.type;
    this.setName = fields.setName;
    this.maxSetVersion = fields.maxSetVersion;
    this.maxElectionId = fields.maxElectionId;
    this.servers = frozenMap(fields.servers);
    this.stale = false;
    this.heartbeatFrequencyMS = fields.heartbeatFrequencyMS;
    this.localThresholdMS = fields.localThresholdMS;
    this.seedCount = fields.seedCount;
    this.candidates = candidates;
    this.writableServers = Object.freeze(candidates.filter(server => acceptsWrites(fields.type, server)));
    this.logicalSessionTimeoutMinutes = leastSessionTimeout(candidates);
    this.commonWireVersion = leastWireVersion(candidates);
    const incompatibility = firstIncompatibility(candidates);
    this.compatible = incompatibility === null;
    if (incompatibility !== null) this.compatibilityError = incompatibility;
    Object.freeze(this);
  }

  /** Why a server is Unknown: the first error found. */
  get error(): MongoError | null {
    return this.candidates.find(server => server.error !== null)?.error ?? null;
  }

  get hasKnownServers(): boolean {
    return this.candidates.some(isKnown);
  }

  get hasDataBearingServers(): boolean {
    return this.candidates.some(server => server.isDataBearing);
  }

  /** Whether there is a server to read from under a read preference. Its `maxStalenessSeconds` is not looked at. */
  hasReadableServer(readPreference: ReadableBy = { mode: 'primary' }): boolean {
    const { mode, tags = [] } = readPreference;
    if (mode === 'primary' || !isReplicaSet(this.type)) return this.hasWritableServer();
    if (mode !== 'secondary' && mode !== 'nearest' && this.hasWritableServer()) return true;
    return this.candidates.some(
      server =>
        (server.type === ServerType.RSSecondary || (mode === 'nearest' && server.isWritable)) &&
        (tags.length === 0 || tags.some(wanted => matchesTagSet(server.tags, wanted))),
    );
  }

  hasWritableServer(): boolean {
    return this.writableServers.length > 0;
  }

  /** The description as plain data: servers by their addresses, errors by their messages. */
  toJSON(): Document {
    const { candidates, writableServers: _, seedCount: __, ...fields } = this;
    const plain = (server: ServerDescription) => Object.assign({}, server, { error: server.error?.message ?? null });
    const servers = Object.fromEntries(candidates.map(server => [server.address, plain(server)]));
    return EJSON.serialize({ ...fields, servers });
  }
}

/** The description before the first check (SDAM, "Initial TopologyType" and "Initial Servers"). */
export function initialTopology(options: InitialTopologyOptions): TopologyDescription {
  const addresses = canonicalAddresses(options.hosts);
  const servers = new Map(addresses.map(address => [address, unknownServer(address)]));
  return new TopologyDescription({
    type: initialType(options),
    setName: options.replicaSet ?? null,
    maxSetVersion: null,
    maxElectionId: null,
    servers,
    heartbeatFrequencyMS: options.heartbeatFrequencyMS,
    localThresholdMS: options.localThresholdMS,
    seedCount: servers.size,
  });
}

/** What is known before the first seed and after the end: nothing. */
export function emptyTopology({
  heartbeatFrequencyMS,
  localThresholdMS,
}: Pick<TopologyDescription, 'heartbeatFrequencyMS' | 'localThresholdMS'>): TopologyDescription {
  return initialTopology({
    hosts: [],
    directConnection: false,
    loadBalanced: false,
    heartbeatFrequencyMS,
    localThresholdMS,
  });
}

export function isReplicaSet(type: TopologyType): boolean {
  return type === TopologyType.ReplicaSetWithPrimary || type === TopologyType.ReplicaSetNoPrimary;
}

export function isKnown(server: ServerDescription): boolean {
  return server.type !== ServerType.Unknown && server.type !== ServerType.PossiblePrimary;
}

function initialType(options: InitialTopologyOptions): TopologyType {
  if (options.directConnection) return TopologyType.Single;
  if (options.loadBalanced) return TopologyType.LoadBalanced;
  return options.replicaSet === undefined ? TopologyType.Unknown : TopologyType.ReplicaSetNoPrimary;
}

/** Server Selection, "Topology type: Single": the one server takes writes whatever it is. Nothing is suitable in Unknown. */
function acceptsWrites(type: TopologyType, server: ServerDescription): boolean {
  switch (type) {
    case TopologyType.Single:
      return isKnown(server);
    case TopologyType.ReplicaSetWithPrimary:
    case TopologyType.Sharded:
    case TopologyType.LoadBalanced:
      return server.isWritable;
    default:
      return false;
  }
}

function leastSessionTimeout(servers: readonly ServerDescription[]): number | null {
  const dataBearing = servers.filter(server => server.isDataBearing);
  let least: number | null = null;
  for (const { logicalSessionTimeoutMinutes } of dataBearing) {
    if (logicalSessionTimeoutMinutes === null) return null;
    least = least === null ? logicalSessionTimeoutMinutes : Math.min(least, logicalSessionTimeoutMinutes);
  }
  return least;
}

/** Servers that told their wire versions: a load balancer is never asked. */
function versioned(server: ServerDescription): boolean {
  return isKnown(server) && server.type !== ServerType.LoadBalancer;
}

function leastWireVersion(servers: readonly ServerDescription[]): number {
  const versions = servers.filter(versioned).map(server => server.maxWireVersion);
  return versions.length === 0 ? 0 : Math.min(...versions);
}

function firstIncompatibility(servers: readonly ServerDescription[]): string | null {
  for (const server of servers) {
    if (!versioned(server)) continue;
    if (server.minWireVersion > MAX_WIRE_VERSION) {
      return (
        `Server at ${server.address} requires wire version ${server.minWireVersion}, but this version of mongotempo only ` +
        `supports up to ${MAX_WIRE_VERSION}.`
      );
    }
    if (server.maxWireVersion < MIN_WIRE_VERSION) {
      return (
        `Server at ${server.address} reports wire version ${server.maxWireVersion}, but this version of mongotempo requires ` +
        `at least ${MIN_WIRE_VERSION} (MongoDB ${MIN_SERVER_VERSION}).`
      );
    }
  }
  return null;
}

function refuse(): never {
  throw new TypeError('The servers of a topology description cannot be changed');
}

/** `Object.freeze` does not reach the entries of a Map; a listener of an event could change them. */
function frozenMap<K, V>(entries: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
  const map = new Map(entries);
  for (const method of ['set', 'delete', 'clear'] as const) {
    Object.defineProperty(map, method, { value: refuse });
  }
  return Object.freeze(map);
}
