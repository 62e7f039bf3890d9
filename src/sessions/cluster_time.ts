import { ElementType, type RawDocument } from '../bson/raw_document.js';

const FIELD = '$clusterTime';
const FIELD_NAME = Buffer.from(`\u0003${FIELD}\0`, 'latin1');

/**
 * The newest cluster time that a client has seen, kept as the bytes in which a server sent it, since nothing but its timestamp is the
 * driver's business.
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

  /** Takes the cluster time of a reply if it is newer. */
  learn(body: RawDocument): void {
    const offset = body.valueOffset(FIELD, ElementType.document);
    if (offset < 0) return;
    const { bytes } = body;
    const timestamp = body.document(FIELD)?.valueOffset('clusterTime', ElementType.timestamp) ?? -1;
    if (timestamp < 0) return;
    const increment = bytes.readUInt32LE(timestamp);
    const seconds = bytes.readUInt32LE(timestamp + 4);
    if (seconds < this.#seconds || (seconds === this.#seconds && increment <= this.#increment)) return;
    this.#seconds = seconds;
    this.#increment = increment;
    this.#field = Buffer.concat([FIELD_NAME, bytes.subarray(offset, offset + bytes.readInt32LE(offset))]);
  }
}
