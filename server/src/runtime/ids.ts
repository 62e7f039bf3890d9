import { randomInt } from 'node:crypto';
import { Binary, Long, ObjectId } from 'bson';

/** All identifiers of one cluster come from one seeded generator, so that a run can be repeated exactly. */
export class IdGenerator {
  #state: number;
  #counter = 0;

  constructor(seed: number = randomInt(2 ** 31)) {
    this.#state = seed >>> 0;
  }

  /** mulberry32: small, fast and good enough for identifiers of a test server. */
  #next32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  objectId(wallTime: number): ObjectId {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt32BE(Math.floor(wallTime / 1000) >>> 0, 0);
    bytes.writeUInt32BE(this.#next32(), 4);
    bytes.writeUInt32BE(this.#counter++ >>> 0, 8);
    return new ObjectId(bytes);
  }

  /** Cursor ids are positive and never 0, which means "no cursor". */
  cursorId(): Long {
    return new Long(this.#next32() | 1, this.#next32() & 0x7fffffff);
  }

  uuid(): Binary {
    const bytes = Buffer.alloc(16);
    for (let offset = 0; offset < 16; offset += 4) bytes.writeUInt32BE(this.#next32(), offset);
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
    return new Binary(bytes, Binary.SUBTYPE_UUID);
  }
}
