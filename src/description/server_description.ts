import type { ObjectId } from '../bson/index.js';
import type { TagSet } from '../concern/read_preference.js';
import type { MongoError } from '../errors/base.js';
import { HostAddress } from './host_address.js';
import { sameTopologyVersion } from './topology_version.js';
import { type ClusterTime, ServerType, type TopologyVersion } from './types.js';

/** What a server description is made of; everything that is left out is unknown. */
export interface ServerDescriptionFields {
  readonly address: string;
  readonly type: ServerType;
  readonly hosts?: readonly string[];
  readonly passives?: readonly string[];
  readonly arbiters?: readonly string[];
  readonly tags?: Readonly<TagSet>;
  readonly error?: MongoError | null;
  readonly topologyVersion?: TopologyVersion | null;
  readonly minWireVersion?: number;
  readonly maxWireVersion?: number;
  readonly roundTripTime?: number;
  readonly minRoundTripTime?: number;
  readonly lastUpdateTime?: number;
  readonly lastWriteDate?: number;
  readonly me?: string | null;
  readonly primary?: string | null;
  readonly setName?: string | null;
  readonly setVersion?: number | null;
  readonly electionId?: ObjectId | null;
  readonly logicalSessionTimeoutMinutes?: number | null;
  readonly maxMessageSizeBytes?: number | null;
  readonly maxWriteBatchSize?: number | null;
  readonly maxBsonObjectSize?: number | null;
  readonly iscryptd?: boolean;
  readonly compression?: readonly string[];
  readonly helloOk?: boolean;
  readonly readOnly?: boolean;
  readonly passive?: boolean;
  readonly serviceId?: ObjectId | null;
  readonly $clusterTime?: ClusterTime | undefined;
}

const NONE: readonly never[] = Object.freeze([]);
const NO_TAGS: Readonly<TagSet> = Object.freeze({});

const WRITABLE_TYPES: ReadonlySet<ServerType> = new Set([
  ServerType.RSPrimary,
  ServerType.Standalone,
  ServerType.Mongos,
  ServerType.LoadBalancer,
]);

/**
 * What the driver knows about one server, as its last check left it. Never changes; a new check makes a new description.
 *
 * @public
 */
export class ServerDescription {
  /** `host:port` in lower case, or the path of a Unix socket. */
  readonly address: string;
  /** The role of the server. */
  readonly type: ServerType;
  /** Members that can become primary, as this server knows them. */
  readonly hosts: readonly string[];
  /** Members of priority 0, as this server knows them. */
  readonly passives: readonly string[];
  /** Members that only vote, as this server knows them. */
  readonly arbiters: readonly string[];
  /** Tags of the member, for read preferences. */
  readonly tags: Readonly<TagSet>;
  /** Why the server is Unknown, when an error is the reason. */
  readonly error: MongoError | null;
  /** The count of changes of the state of the server; null before 4.4. */
  readonly topologyVersion: TopologyVersion | null;
  /** The least version of the protocol that the server speaks; 0 if it is not known. */
  readonly minWireVersion: number;
  /** The greatest version of the protocol that the server speaks; 0 if it is not known. */
  readonly maxWireVersion: number;
  /** Weighted average in milliseconds; -1 while there is no sample. */
  readonly roundTripTime: number;
  /** Minimum of the last ten samples in milliseconds; 0 while there are fewer than two. */
  readonly minRoundTripTime: number;
  /** Monotonic milliseconds of the check that this description comes from; 0 when there was none. */
  readonly lastUpdateTime: number;
  /** The server's time of its last write, in milliseconds since 1970; 0 when unknown. */
  readonly lastWriteDate: number;
  /** The address under which the server knows itself. */
  readonly me: string | null;
  /** The member that this server takes for the primary. */
  readonly primary: string | null;
  /** The name of the replica set; null if the server is not part of one. */
  readonly setName: string | null;
  /** The version of the configuration of the replica set. */
  readonly setVersion: number | null;
  /** The id of the election that made a primary of this server. */
  readonly electionId: ObjectId | null;
  /** Minutes after which the server ends unused sessions; null if it has no sessions. */
  readonly logicalSessionTimeoutMinutes: number | null;
  /** The most bytes of a message. */
  readonly maxMessageSizeBytes: number | null;
  /** The most statements of a write command. */
  readonly maxWriteBatchSize: number | null;
  /** The most bytes of a document. */
  readonly maxBsonObjectSize: number | null;
  /** Whether it is the helper process of in-use encryption. */
  readonly iscryptd: boolean;
  /** Compressors that the server accepted. */
  readonly compression: readonly string[];
  /** Whether the server knows the command `hello`. */
  readonly helloOk: boolean;
  /** Whether the server refuses writes. */
  readonly readOnly: boolean;
  /** Whether the priority of the member is 0. */
  readonly passive: boolean;
  /** Behind a load balancer: the service that the newest connection reached; null before the first one. */
  readonly serviceId: ObjectId | null;
  declare readonly $clusterTime?: ClusterTime;

  /** @internal */
  constructor(fields: ServerDescriptionFields) {
    this.address = fields.address;
    this.type = fields.type;
    this.hosts = frozenList(fields.hosts);
    this.passives = frozenList(fields.passives);
    this.arbiters = frozenList(fields.arbiters);
    this.tags = fields.tags === undefined ? NO_TAGS : Object.freeze({ ...fields.tags });
    this.error = fields.error ?? null;
    this.topologyVersion = fields.topologyVersion ?? null;
    this.minWireVersion = fields.minWireVersion ?? 0;
    this.maxWireVersion = fields.maxWireVersion ?? 0;
    this.roundTripTime = fields.roundTripTime ?? -1;
    this.minRoundTripTime = fields.minRoundTripTime ?? 0;
    this.lastUpdateTime = fields.lastUpdateTime ?? 0;
    this.lastWriteDate = fields.lastWriteDate ?? 0;
    this.me = fields.me ?? null;
    this.primary = fields.primary ?? null;
    this.setName = fields.setName ?? null;
    this.setVersion = fields.setVersion ?? null;
    this.electionId = fields.electionId ?? null;
    this.logicalSessionTimeoutMinutes = fields.logicalSessionTimeoutMinutes ?? null;
    this.maxMessageSizeBytes = fields.maxMessageSizeBytes ?? null;
    this.maxWriteBatchSize = fields.maxWriteBatchSize ?? null;
    this.maxBsonObjectSize = fields.maxBsonObjectSize ?? null;
    this.iscryptd = fields.iscryptd ?? false;
    this.compression = frozenList(fields.compression);
    this.helloOk = fields.helloOk ?? false;
    this.readOnly = fields.readOnly ?? false;
    this.passive = fields.passive ?? false;
    this.serviceId = fields.serviceId ?? null;
    if (fields.$clusterTime !== undefined) this.$clusterTime = fields.$clusterTime;
    Object.freeze(this);
  }

  /** @internal */
  withRoundTripTimesOf({ roundTripTime, minRoundTripTime }: ServerDescription): ServerDescription {
    return new ServerDescription(Object.assign({}, this, { roundTripTime, minRoundTripTime }));
  }

  /** @internal */
  withServiceId(serviceId: ObjectId | null): ServerDescription {
    return new ServerDescription(Object.assign({}, this, { serviceId }));
  }

  get hostAddress(): HostAddress {
    return new HostAddress(this.address);
  }

  get host(): string {
    return this.hostAddress.toHostPort().host;
  }

  /** 0 for a Unix socket. */
  get port(): number {
    return this.hostAddress.toHostPort().port;
  }

  /** Every member of the replica set that this server named. */
  get allHosts(): string[] {
    return [...this.hosts, ...this.passives, ...this.arbiters];
  }

  get isReadable(): boolean {
    return this.type === ServerType.RSSecondary || this.isWritable;
  }

  get isDataBearing(): boolean {
    return this.type === ServerType.RSSecondary || this.isWritable;
  }

  get isWritable(): boolean {
    return WRITABLE_TYPES.has(this.type);
  }

  /**
   * Whether the two differ in nothing that events report.
   *
   * SDAM, "Server Description Equality": round trip times and the times of the last update and write do not count.
   */
  equals(other?: ServerDescription | null): boolean {
    if (other === undefined || other === null) return false;
    return (
      this === other ||
      (this.address === other.address &&
        this.type === other.type &&
        this.minWireVersion === other.minWireVersion &&
        this.maxWireVersion === other.maxWireVersion &&
        this.me === other.me &&
        this.primary === other.primary &&
        this.setName === other.setName &&
        this.setVersion === other.setVersion &&
        this.logicalSessionTimeoutMinutes === other.logicalSessionTimeoutMinutes &&
        this.iscryptd === other.iscryptd &&
        sameError(this.error, other.error) &&
        sameList(this.hosts, other.hosts) &&
        sameList(this.passives, other.passives) &&
        sameList(this.arbiters, other.arbiters) &&
        sameTags(this.tags, other.tags) &&
        sameObjectId(this.electionId, other.electionId) &&
        sameTopologyVersion(this.topologyVersion, other.topologyVersion))
    );
  }
}

/** A server of which nothing is known: never checked, or its last check failed with `error`. */
export function unknownServer(
  address: string,
  error: MongoError | null = null,
  topologyVersion: TopologyVersion | null = null,
  lastUpdateTime = 0,
): ServerDescription {
  return new ServerDescription({ address, type: ServerType.Unknown, error, topologyVersion, lastUpdateTime });
}

/** Load Balancers, "SDAM": the one server is a LoadBalancer from the start and is never checked. */
export function loadBalancerServer(address: string): ServerDescription {
  return new ServerDescription({ address, type: ServerType.LoadBalancer });
}

function frozenList(list: readonly string[] | undefined): readonly string[] {
  return list === undefined || list.length === 0 ? NONE : Object.freeze([...list]);
}

function sameList(one: readonly string[], other: readonly string[]): boolean {
  return one === other || (one.length === other.length && one.every((item, index) => item === other[index]));
}

function sameTags(one: Readonly<TagSet>, other: Readonly<TagSet>): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every(name => one[name] === other[name]);
}

export function sameObjectId(one: ObjectId | null, other: ObjectId | null): boolean {
  return one === null || other === null ? one === other : one.equals(other);
}

function sameError(one: MongoError | null, other: MongoError | null): boolean {
  if (one === null || other === null) return one === other;
  return (
    one === other ||
    (one.name === other.name && one.phase === other.phase && one.code === other.code && reason(one) === reason(other))
  );
}

/** The text of an error that tells how long something took differs each time: then what made it counts. */
function reason({ phase, cause, message }: MongoError): string {
  if (phase === undefined) return message;
  return cause instanceof Error ? cause.message : '';
}
