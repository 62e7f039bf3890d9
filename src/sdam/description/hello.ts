import { type Document, Long, ObjectId } from '../../bson/index.js';
import type { TagSet } from '../../concern/read_preference.js';
import { MongoServerError } from '../../errors/server.js';
import { canonicalAddress, canonicalAddresses } from './host_address.js';
import { ServerDescription } from './server_description.js';
import { parseTopologyVersion } from './topology_version.js';
import { type ClusterTime, ServerType } from './types.js';

/** What the check itself measured. */
export interface CheckTimes {
  readonly roundTripTime: number;
  readonly minRoundTripTime: number;
  readonly lastUpdateTime: number;
}

/** Reads a server's reply to `hello` or to legacy hello. A reply that is not ok gives an Unknown server. */
export function parseHello(address: string, reply: Document, times: CheckTimes): ServerDescription {
  const topologyVersion = parseTopologyVersion(reply['topologyVersion']);
  if (numberOf(reply['ok']) !== 1) {
    const error = new MongoServerError(reply, { host: address });
    return new ServerDescription({ address, type: ServerType.Unknown, error, topologyVersion });
  }
  const lastWrite = recordOf(reply['lastWrite']);
  return new ServerDescription({
    address,
    type: serverTypeOf(reply),
    hosts: addressesOf(reply['hosts']),
    passives: addressesOf(reply['passives']),
    arbiters: addressesOf(reply['arbiters']),
    tags: recordOf(reply['tags']) as TagSet,
    topologyVersion,
    minWireVersion: numberOf(reply['minWireVersion']) ?? 0,
    maxWireVersion: numberOf(reply['maxWireVersion']) ?? 0,
    ...times,
    lastWriteDate: millisecondsOf(lastWrite['lastWriteDate']),
    me: addressOf(reply['me']),
    primary: addressOf(reply['primary']),
    setName: stringOf(reply['setName']),
    setVersion: numberOf(reply['setVersion']),
    electionId: objectIdOf(reply['electionId']),
    logicalSessionTimeoutMinutes: numberOf(reply['logicalSessionTimeoutMinutes']),
    maxMessageSizeBytes: numberOf(reply['maxMessageSizeBytes']),
    maxWriteBatchSize: numberOf(reply['maxWriteBatchSize']),
    maxBsonObjectSize: numberOf(reply['maxBsonObjectSize']),
    iscryptd: reply['iscryptd'] === true,
    compression: stringsOf(reply['compression']),
    helloOk: reply['helloOk'] === true,
    readOnly: reply['readOnly'] === true,
    passive: reply['passive'] === true,
    serviceId: objectIdOf(reply['serviceId']),
    $clusterTime: reply['$clusterTime'] as ClusterTime | undefined,
  });
}

/** SDAM, "Parsing a hello or legacy hello response": the table that gives `type`, in its order. */
function serverTypeOf(reply: Document): ServerType {
  if (reply['msg'] === 'isdbgrid') return ServerType.Mongos;
  if (typeof reply['setName'] === 'string') return memberTypeOf(reply);
  return reply['isreplicaset'] === true ? ServerType.RSGhost : ServerType.Standalone;
}

function memberTypeOf(reply: Document): ServerType {
  if (reply['isWritablePrimary'] === true || reply['ismaster'] === true) return ServerType.RSPrimary;
  if (reply['hidden'] === true) return ServerType.RSOther;
  if (reply['secondary'] === true) return ServerType.RSSecondary;
  return reply['arbiterOnly'] === true ? ServerType.RSArbiter : ServerType.RSOther;
}

/** Numbers may come as such, or as bigints and BSON numbers, as the options of the decoder have it. */
function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (Long.isLong(value)) return value.toNumber();
  const plain: unknown = typeof value === 'object' && value !== null ? value.valueOf() : null;
  return typeof plain === 'number' ? plain : null;
}

/** 0 stands for "never", as for a server that has not written yet. */
function millisecondsOf(value: unknown): number {
  return numberOf(value) ?? 0;
}

function stringOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
}

function addressOf(value: unknown): string | null {
  return typeof value === 'string' ? canonicalAddress(value) : null;
}

function addressesOf(value: unknown): string[] {
  return canonicalAddresses(stringsOf(value));
}

function objectIdOf(value: unknown): ObjectId | null {
  return value instanceof ObjectId ? value : null;
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
