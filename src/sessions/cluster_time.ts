import { decodeDocument } from '../bson/decode.js';
import { type Document, serialize } from '../bson/index.js';
import { ElementType, malformed, RawDocument } from '../bson/raw_document.js';
import type { ClusterTime } from '../description/types.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';

const FIELD = '$clusterTime';
const FIELD_NAME = Buffer.from(`\u0003${FIELD}\0`, 'latin1');

/**
 * The newest cluster time that a client or a session has seen. Kept as the bytes that the server sent, because the driver uses only the
 * timestamp in them.
 *
 * Source: Driver Sessions, "Gossipping the cluster time".
 */
export class ClusterClock {
  #field: Uint8Array | null = null;
  #seconds = 0;
  #increment = 0;

  /** The field `$clusterTime` of a command in BSON; null before a server has sent one. */
  get field(): Uint8Array | null {
    return this.#field;
  }

  /** The time as callers see it; undefined before a server has sent one. */
  get time(): ClusterTime | undefined {
    if (this.#field === null) return undefined;
    return decodeDocument(Buffer.from(this.#field), FIELD_NAME.length) as ClusterTime;
  }

  isNewerThan(other: ClusterClock): boolean {
    return other.#isBefore(this.#seconds, this.#increment);
  }

  /**
   * Takes the cluster time of a reply if it is newer. Checks all of it, because every command to every server will carry it.
   *
   * @throws MongoUnexpectedServerResponseError if it is not what a server sends
   */
  learn(body: RawDocument): void {
    const offset = body.typedOffset(FIELD, ElementType.document);
    if (offset < 0) return;
    const { bytes } = body;
    const time = RawDocument.at(bytes, offset, body.end);
    const timestamp = time.typedOffset('clusterTime', ElementType.timestamp);
    if (timestamp < 0) malformed(`a ${FIELD} without a timestamp`);
    const increment = bytes.readUInt32LE(timestamp);
    const seconds = bytes.readUInt32LE(timestamp + 4);
    if (!this.#isBefore(seconds, increment)) return;
    checkWhole(time);
    this.#seconds = seconds;
    this.#increment = increment;
    this.#field = Buffer.concat([FIELD_NAME, time.slice()]);
  }

  /**
   * Takes a cluster time that a caller provides, if it is newer.
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

/** Limit in bytes. A cluster time takes about 100, and every command carries it. */
const MOST_BYTES = 4096;
/** Size of `{clusterTime: Timestamp}`, and of the field `signature` without its value. */
const UNSIGNED_SIZE = 5 + 1 + 'clusterTime\0'.length + 8;
const SIGNATURE_HEAD_SIZE = 1 + 'signature\0'.length;
/** Size of `{hash: Binary, keyId: Long}` without the bytes of the hash. */
const SIGNATURE_SIZE = 5 + 1 + 'hash\0'.length + 5 + 1 + 'keyId\0'.length + 8;

/** @throws MongoUnexpectedServerResponseError if a part of a cluster time is malformed, of a wrong type, or too long */
function checkWhole(time: RawDocument): void {
  if (time.byteLength > MOST_BYTES)
    malformed(`a ${FIELD} of ${time.byteLength} bytes, at most ${MOST_BYTES} are taken`);
  // If the known fields fill the document, it has no others. Otherwise decode all of it, which throws if a field is malformed.
  if (hasMore(time)) decodeDocument(time.bytes, time.start);
}

function hasMore(time: RawDocument): boolean {
  const offset = time.typedOffset('signature', ElementType.document);
  if (offset < 0) return time.byteLength !== UNSIGNED_SIZE;
  const signature = RawDocument.at(time.bytes, offset, time.end);
  const hash = signature.typedOffset('hash', ElementType.binary);
  if (hash < 0 || signature.number('keyId') === undefined) malformed(`a ${FIELD} with an incomplete signature`);
  return (
    // Other subtypes may have a structure of their own: subtype 2 has a second length.
    time.bytes[hash + 4] !== 0 ||
    signature.byteLength !== SIGNATURE_SIZE + time.bytes.readInt32LE(hash) ||
    time.byteLength !== UNSIGNED_SIZE + SIGNATURE_HEAD_SIZE + signature.byteLength
  );
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

/** Compares the name and not the class, because values may come from another copy of the package `bson`. */
function hasBSONType(value: unknown, type: string): boolean {
  return typeof value === 'object' && value !== null && (value as { _bsontype?: unknown })._bsontype === type;
}
