import { decodeDocument } from '../bson/decode.js';
import { type Document, serialize } from '../bson/index.js';
import { ElementType, RawDocument } from '../bson/raw_document.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import type { ClusterTime } from '../sdam/description/types.js';

const FIELD = '$clusterTime';
const FIELD_NAME = Buffer.from(`\u0003${FIELD}\0`, 'latin1');

/**
 * The newest cluster time that a client or a session has seen, kept as the bytes in which a server sent it, since nothing but its
 * timestamp is the driver's business.
 *
 * Source: Driver Sessions, "Gossipping the cluster time".
 */
export class ClusterClock {
  #field: Uint8Array | null = null;
  #seconds = 0;
  #increment = 0;

  /** The field `$clusterTime` of a command in BSON, or null while no server has sent one. */
  get field(): Uint8Array | null {
    return this.#field;
  }

  /** The time as users see it; undefined while no server has sent one. */
  get time(): ClusterTime | undefined {
    if (this.#field === null) return undefined;
    return decodeDocument(Buffer.from(this.#field), FIELD_NAME.length) as ClusterTime;
  }

  isNewerThan(other: ClusterClock): boolean {
    return other.#isBefore(this.#seconds, this.#increment);
  }

  /** Takes the cluster time of a reply if it is newer. */
  learn(body: RawDocument): void {
    const offset = body.valueOffset(FIELD, ElementType.document);
    if (offset < 0) return;
    const { bytes } = body;
    const timestamp = body.document(FIELD)?.valueOffset('clusterTime', ElementType.timestamp) ?? -1;
    if (timestamp < 0) return;
    const increment = bytes.readUInt32LE(timestamp);
    const seconds = bytes.readUInt32LE(timestamp + 4);
    if (!this.#isBefore(seconds, increment)) return;
    this.#seconds = seconds;
    this.#increment = increment;
    this.#field = Buffer.concat([FIELD_NAME, bytes.subarray(offset, offset + bytes.readInt32LE(offset))]);
  }

  /**
   * Takes a cluster time that a user has from elsewhere if it is newer.
   *
   * @throws MongoInvalidArgumentError if it is not what a server sends
   */
  advance(time: unknown): void {
    checkClusterTime(time);
    const bytes = Buffer.from(serialize({ [FIELD]: time }));
    this.learn(RawDocument.at(bytes, 0, bytes.length));
  }

  #isBefore(seconds: number, increment: number): boolean {
    return seconds > this.#seconds || (seconds === this.#seconds && increment > this.#increment);
  }
}

function checkClusterTime(given: unknown): asserts given is Document {
  if (typeof given !== 'object' || given === null) {
    throw new MongoInvalidArgumentError('input cluster time must be an object');
  }
  const { clusterTime, signature } = given as { clusterTime?: unknown; signature?: unknown };
  if (!hasBSONType(clusterTime, 'Timestamp')) {
    throw new MongoInvalidArgumentError('input cluster time "clusterTime" property must be a valid BSON Timestamp');
  }
  if (signature === undefined) return;
  const { hash, keyId } = Object(signature) as { hash?: unknown; keyId?: unknown };
  const isKeyId = typeof keyId === 'number' || typeof keyId === 'bigint' || hasBSONType(keyId, 'Long');
  if (!hasBSONType(hash, 'Binary') || !isKeyId) {
    throw new MongoInvalidArgumentError(
      'input cluster time must have a valid "signature" property with BSON Binary hash and BSON Long keyId',
    );
  }
}

/** By its name and not its class: values may come from another copy of the package `bson`. */
function hasBSONType(value: unknown, type: string): boolean {
  return typeof value === 'object' && value !== null && (value as { _bsontype?: unknown })._bsontype === type;
}
