import { type Document, EJSON, type ObjectId } from '../bson/index.js';
import { matchesTagSet, type TagSet } from '../concern/read_preference.js';
import type { MongoError } from '../errors/base.js';
import { canonicalAddresses } from './host_address.js';
import { type ServerDescription, unknownServer } from './server_description.js';
import { isOfTypes, ServerTable, type TypeSet, typeSet } from './server_table.js';
import { ServerType, TopologyType } from './types.js';

/** Wire versions that this driver speaks: MongoDB 4.2 and later. */
export const MIN_WIRE_VERSION = 8;
export const MAX_WIRE_VERSION = 27;
const MIN_SERVER_VERSION = '4.2';

/** The fields from which a topology description is made. All others follow from them. */
export interface TopologyDescriptionFields {
  readonly type: TopologyType;
  readonly setName: string | null;
  readonly maxSetVersion: number | null;
  readonly maxElectionId: ObjectId | null;
  readonly servers: ReadonlyMap<string, ServerDescription> | ServerTable;
  readonly heartbeatFrequencyMS: number;
  readonly localThresholdMS: number;
  /** Number of addresses in the connection string, or in its SRV records. */
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

const WRITABLE = typeSet(ServerType.RSPrimary, ServerType.Standalone, ServerType.Mongos, ServerType.LoadBalancer);
const DATA_BEARING = WRITABLE | typeSet(ServerType.RSSecondary);
const UNKNOWN = typeSet(ServerType.Unknown, ServerType.PossiblePrimary);

/**
 * What the driver knows about a deployment. Never changes; each check of a server makes a new description.
 *
 * @public
 */
export class TopologyDescription {
  /** The kind of the deployment. */
  readonly type: TopologyType;
  /** The name of the replica set; null if it is none, or not known. */
  readonly setName: string | null;
  readonly maxSetVersion: number | null;
  readonly maxElectionId: ObjectId | null;
  /** By address, `host:port` in lower case. */
  declare readonly servers: ReadonlyMap<string, ServerDescription>;
  /** Always false; the official driver has it. */
  readonly stale: boolean;
  /** False when the driver and one of the servers have no wire version in common; then every operation fails. */
  readonly compatible: boolean;
  /** Why it is not compatible. */
  declare readonly compatibilityError?: string;
  /** The least of the data-bearing servers; null when there is none, or one of them does not support sessions. */
  readonly logicalSessionTimeoutMinutes: number | null;
  readonly heartbeatFrequencyMS: number;
  readonly localThresholdMS: number;
  /** The least `maxWireVersion` of the known servers; 0 when none is known. */
  readonly commonWireVersion: number;
  /** @internal */
  readonly seedCount: number;
  /** The servers. Two descriptions share the unchanged parts. */
  readonly #table: ServerTable;
  // Made on first use: with thousands of servers, most descriptions are never read.
  #servers: ReadonlyMap<string, ServerDescription> | null = null;
  #candidates: readonly ServerDescription[] | null = null;
  #writableServers: readonly ServerDescription[] | null = null;

  /** @internal */
  constructor(fields: TopologyDescriptionFields) {
    const table = fields.servers instanceof ServerTable ? fields.servers : ServerTable.of(fields.servers.values());
    this.#table = table;
    this.type = fields.type;
    this.setName = fields.setName;
    this.maxSetVersion = fields.maxSetVersion;
    this.maxElectionId = fields.maxElectionId;
    // A property of its own, so that it is listed, compared and copied like the others.
    Object.defineProperty(this, 'servers', { enumerable: true, get: () => this.#serverMap() });
    this.stale = false;
    this.heartbeatFrequencyMS = fields.heartbeatFrequencyMS;
    this.localThresholdMS = fields.localThresholdMS;
    this.seedCount = fields.seedCount;
    this.logicalSessionTimeoutMinutes = table.sessionTimeoutMinutes;
    this.commonWireVersion = table.leastMaxWireVersion === Infinity ? 0 : table.leastMaxWireVersion;
    const incompatibility = firstIncompatibility(table);
    this.compatible = incompatibility === null;
    if (incompatibility !== null) this.compatibilityError = incompatibility;
    Object.freeze(this);
  }

  /** The servers of {@link TopologyDescription.servers}, without making a map. @internal */
  get table(): ServerTable {
    return this.#table;
  }

  /** All servers: the candidates of server selection. @internal */
  get candidates(): readonly ServerDescription[] {
    return (this.#candidates ??= Object.freeze(this.#table.all()));
  }

  /** The servers for writes, made once, so that the usual selection makes no list. @internal */
  get writableServers(): readonly ServerDescription[] {
    return (this.#writableServers ??= Object.freeze(this.#table.ofTypes(writableTypes(this.type))));
  }

  /** Whether a server takes writes. @internal */
  acceptsWrites(server: ServerDescription): boolean {
    return isOfTypes(server, writableTypes(this.type));
  }

  /** Why a server is Unknown: the first error found. */
  get error(): MongoError | null {
    return this.#table.firstWithError()?.error ?? null;
  }

  get hasKnownServers(): boolean {
    return (this.#table.types & ~UNKNOWN) !== 0;
  }

  get hasDataBearingServers(): boolean {
    return (this.#table.types & DATA_BEARING) !== 0;
  }

  /** Whether there is a server for reads with a read preference. Ignores `maxStalenessSeconds`. */
  hasReadableServer(
    readPreference: { readonly mode: string; readonly tags?: readonly TagSet[] | undefined } = { mode: 'primary' },
  ): boolean {
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
    return (this.#table.types & writableTypes(this.type)) !== 0;
  }

  /** The description as plain data: servers by their addresses, errors by their messages. */
  toJSON(): Document {
    const { seedCount: _, servers: __, ...fields } = this;
    const plain = (server: ServerDescription) => Object.assign({}, server, { error: server.error?.message ?? null });
    const servers = Object.fromEntries(this.candidates.map(server => [server.address, plain(server)]));
    return EJSON.serialize({ ...fields, servers });
  }

  [Symbol.for('nodejs.util.inspect.custom')](
    _depth: number,
    options: object,
    inspect: (value: unknown, options: object) => string,
  ): string {
    return `TopologyDescription ${inspect(Object.assign({}, this), options)}`;
  }

  #serverMap(): ReadonlyMap<string, ServerDescription> {
    return (this.#servers ??= frozenMap(this.candidates.map(server => [server.address, server])));
  }
}

/** The description before the first check (SDAM, "Initial TopologyType" and "Initial Servers"). */
export function initialTopology(options: InitialTopologyOptions): TopologyDescription {
  const addresses = canonicalAddresses(options.hosts);
  const servers = ServerTable.of(addresses.map(address => unknownServer(address)));
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

/** The description without servers, for the events of opening and closing. */
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

/** Server Selection, "Topology type: Single": the one server takes writes whatever its type is. No server suits in Unknown. */
function writableTypes(type: TopologyType): TypeSet {
  switch (type) {
    case TopologyType.Single:
      return ~UNKNOWN;
    case TopologyType.ReplicaSetWithPrimary:
    case TopologyType.Sharded:
    case TopologyType.LoadBalanced:
      return WRITABLE;
    default:
      return 0;
  }
}

function firstIncompatibility(table: ServerTable): string | null {
  if (table.leastMaxWireVersion >= MIN_WIRE_VERSION && table.greatestMinWireVersion <= MAX_WIRE_VERSION) return null;
  const server = table.firstOutside(MIN_WIRE_VERSION, MAX_WIRE_VERSION);
  if (server === undefined) return null;
  return server.minWireVersion > MAX_WIRE_VERSION
    ? `Server at ${server.address} requires wire version ${server.minWireVersion}, but this version of mongotempo only ` +
        `supports up to ${MAX_WIRE_VERSION}.`
    : `Server at ${server.address} reports wire version ${server.maxWireVersion}, but this version of mongotempo requires ` +
        `at least ${MIN_WIRE_VERSION} (MongoDB ${MIN_SERVER_VERSION}).`;
}

function refuse(): never {
  throw new TypeError('The servers of a topology description cannot be changed');
}

/** `Object.freeze` does not reach the entries of a Map; a listener of an event could change them. */
function frozenMap<K, V>(entries: readonly (readonly [K, V])[]): ReadonlyMap<K, V> {
  const map = new Map(entries);
  for (const method of ['set', 'delete', 'clear'] as const) {
    Object.defineProperty(map, method, { value: refuse });
  }
  return Object.freeze(map);
}

/**
 * A program's own choice among the servers that suit an operation. The driver takes one of the returned servers within
 * `localThresholdMS`. The function is called for each selection, with at least one server, and must be synchronous. If it throws, the
 * operation fails with that error. If it returns no server, the operation waits for a change of the deployment.
 *
 * Source: Server Selection, "serverSelector".
 *
 * @public
 */
export type CustomServerSelector = (
  topologyDescription: TopologyDescription,
  servers: ServerDescription[],
) => readonly ServerDescription[];
