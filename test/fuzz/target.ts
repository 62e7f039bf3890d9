import type { Document } from '../../src/bson/index.js';
import { MongoUnexpectedServerResponseError } from '../../src/errors/driver.js';
import { DEFAULT_MAX_MESSAGE_SIZE } from '../../src/wire/header.js';

/** Something that takes bytes from a hostile peer. It throws, or rejects with, a {@link Finding} only. */
export interface FuzzTarget {
  readonly name: string;
  /** Documents of which its inputs are variants, in BSON; without them it gets the messages that all other targets get. */
  readonly seeds?: readonly Document[];
  /** @returns whether the bytes were taken for valid */
  run(bytes: Buffer): boolean | Promise<boolean>;
  /** The most memory that these bytes may make it ask for. */
  allowance(bytes: Buffer): number;
}

/** A defect, as opposed to a refusal. */
export class Finding extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'Finding';
  }
}

/** The only way in which bytes may be refused. */
export function accepted(decode: () => void): boolean {
  try {
    decode();
    return true;
  } catch (error) {
    if (error instanceof MongoUnexpectedServerResponseError) return false;
    throw error instanceof Finding ? error : new Finding('threw something else than a protocol error', error);
  }
}

const SLACK = 256 * 1024;

/** Small buffers of zlib and views; a frame is copied at most when it grows (twice its size) and when it is complete. */
export function proportional(bytes: Buffer): number {
  return SLACK + 4 * bytes.length;
}

/** What the bytes unpack to at most: 1032 to 1 is the limit of deflate; and never more than an OP_COMPRESSED claims. */
export function withUnpacking(bytes: Buffer): number {
  const claimed = bytes.length >= 24 ? bytes.readInt32LE(20) : 0;
  const allowed = claimed > 0 && claimed <= DEFAULT_MAX_MESSAGE_SIZE - 16 ? claimed : 0;
  return proportional(bytes) + 4 * Math.min(allowed, 1032 * bytes.length);
}
