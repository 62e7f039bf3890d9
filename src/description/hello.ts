import { Binary, type Document, Timestamp } from '../bson/index.js';
import { isDocument, numberOf, ReplyFields } from '../bson/reply_fields.js';
import type { TagSet } from '../concern/read_preference.js';
import { MongoServerError } from '../errors/server.js';
import { canonicalAddress, canonicalAddresses } from './host_address.js';
import { ServerDescription } from './server_description.js';
import { parseTopologyVersion } from './topology_version.js';
import { type ClusterTime, ServerType, type TopologyVersion } from './types.js';

/** What the check itself measured. */
export interface CheckTimes {
  readonly roundTripTime: number;
  readonly minRoundTripTime: number;
  readonly lastUpdateTime: number;
}

interface Range {
  readonly least: number;
  readonly most: number;
}

/** Limits of a server that are outside of this are ignored: with them no command, or no end of commands, would be sent. */
const SIZES: Range = Object.freeze({ least: 512, most: 256 * 1024 * 1024 });
const BATCHES: Range = Object.freeze({ least: 1, most: 10_000_000 });

/**
 * Reads a server's reply to `hello` or to legacy hello. A reply that is not ok gives an Unknown server.
 *
 * @throws MongoUnexpectedServerResponseError if a field has another BSON type than it must have
 */
export function parseHello(address: string, reply: Document, times: CheckTimes): ServerDescription {
  const hello = new ReplyFields(reply, `hello reply of ${address}`, address);
  const topologyVersion = topologyVersionIn(hello);
  if (!hello.ok) {
    const error = new MongoServerError(reply, { host: address });
    return new ServerDescription({ address, type: ServerType.Unknown, error, topologyVersion });
  }
  return new ServerDescription({
    address,
    type: serverTypeOf(hello),
    hosts: canonicalAddresses(hello.strings('hosts')),
    passives: canonicalAddresses(hello.strings('passives')),
    arbiters: canonicalAddresses(hello.strings('arbiters')),
    tags: tagsIn(hello),
    topologyVersion,
    minWireVersion: hello.integer('minWireVersion') ?? 0,
    maxWireVersion: hello.integer('maxWireVersion') ?? 0,
    ...times,
    lastWriteDate: lastWriteDateIn(hello),
    me: addressIn(hello, 'me'),
    primary: addressIn(hello, 'primary'),
    setName: hello.string('setName'),
    setVersion: hello.integer('setVersion'),
    electionId: hello.objectId('electionId'),
    logicalSessionTimeoutMinutes: hello.count('logicalSessionTimeoutMinutes'),
    maxMessageSizeBytes: limitIn(hello, 'maxMessageSizeBytes', SIZES),
    maxWriteBatchSize: limitIn(hello, 'maxWriteBatchSize', BATCHES),
    maxBsonObjectSize: limitIn(hello, 'maxBsonObjectSize', SIZES),
    iscryptd: hello.boolean('iscryptd'),
    compression: hello.strings('compression'),
    helloOk: hello.boolean('helloOk'),
    readOnly: hello.boolean('readOnly'),
    passive: hello.boolean('passive'),
    serviceId: hello.objectId('serviceId'),
    $clusterTime: clusterTimeIn(hello),
  });
}

/** SDAM, "Parsing a hello or legacy hello response": the table that gives `type`, in its order. */
function serverTypeOf(hello: ReplyFields): ServerType {
  if (hello.string('msg') === 'isdbgrid') return ServerType.Mongos;
  if (hello.string('setName') !== null) return memberTypeOf(hello);
  return hello.boolean('isreplicaset') ? ServerType.RSGhost : ServerType.Standalone;
}

function memberTypeOf(hello: ReplyFields): ServerType {
  // Each of them is checked, whichever decides.
  const [isPrimary, isLegacyPrimary] = [hello.boolean('isWritablePrimary'), hello.boolean('ismaster')];
  const [hidden, secondary] = [hello.boolean('hidden'), hello.boolean('secondary')];
  const arbiterOnly = hello.boolean('arbiterOnly');
  if (isPrimary || isLegacyPrimary) return ServerType.RSPrimary;
  if (hidden) return ServerType.RSOther;
  if (secondary) return ServerType.RSSecondary;
  return arbiterOnly ? ServerType.RSArbiter : ServerType.RSOther;
}

function topologyVersionIn(hello: ReplyFields): TopologyVersion | null {
  const given = hello.value('topologyVersion');
  if (given === undefined) return null;
  return parseTopologyVersion(given) ?? hello.wrong('topologyVersion', 'a document with processId and counter', given);
}

function tagsIn(hello: ReplyFields): TagSet {
  const tags = hello.document('tags') ?? {};
  for (const value of Object.values(tags)) {
    if (typeof value !== 'string') hello.wrong('tags', 'a document of strings', value);
  }
  return tags;
}

/** Milliseconds since 1970; 0 stands for "never", as for a server that has not written yet. */
function lastWriteDateIn(hello: ReplyFields): number {
  const date: unknown = hello.document('lastWrite')?.['lastWriteDate'] ?? 0;
  const milliseconds = date instanceof Date ? date.getTime() : numberOf(date);
  if (milliseconds !== null && Number.isFinite(milliseconds)) return milliseconds;
  return hello.wrong('lastWrite', 'a document with a date', date);
}

/** Null for one that no server has: it says nothing then. */
function limitIn(hello: ReplyFields, name: string, { least, most }: Range): number | null {
  const limit = hello.number(name);
  return limit !== null && Number.isInteger(limit) && limit >= least && limit <= most ? limit : null;
}

function addressIn(hello: ReplyFields, name: string): string | null {
  const address = hello.string(name);
  return address === null ? null : canonicalAddress(address);
}

function clusterTimeIn(hello: ReplyFields): ClusterTime | undefined {
  const given = hello.document('$clusterTime');
  if (given === null) return undefined;
  const { clusterTime, signature = null } = given as { clusterTime?: unknown; signature?: unknown };
  if (clusterTime instanceof Timestamp && (signature === null || isSignature(signature))) return given as ClusterTime;
  return hello.wrong('$clusterTime', 'a document with a timestamp and a signature', given);
}

function isSignature(value: unknown): boolean {
  if (!isDocument(value)) return false;
  const { hash, keyId } = value as { hash?: unknown; keyId?: unknown };
  return hash instanceof Binary && numberOf(keyId) !== null;
}
