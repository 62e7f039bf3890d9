import type { Document } from '../bson/index.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { isGiven, ownOptions } from '../runtime/own_options.js';

/** @public */
export const ReadConcernLevel = Object.freeze({
  local: 'local',
  majority: 'majority',
  linearizable: 'linearizable',
  available: 'available',
  snapshot: 'snapshot',
} as const);

/** @public */
export type ReadConcernLevel = (typeof ReadConcernLevel)[keyof typeof ReadConcernLevel];

/** @public */
export type ReadConcernLike = ReadConcern | { level: ReadConcernLevel } | ReadConcernLevel;

/**
 * Which data a read may return: how far it must have spread over the replica set. Immutable.
 *
 * A level that this driver does not know is passed on, since a newer server may know it.
 *
 * @public
 */
export class ReadConcern {
  /** One of {@link ReadConcernLevel}, or a level that only the server knows. */
  readonly level: string;

  constructor(level: ReadConcernLevel) {
    const given: unknown = level;
    if (typeof given !== 'string' || given === '') {
      throw new MongoInvalidArgumentError(
        `Read concern level must be a non-empty string (${Object.keys(ReadConcernLevel).join(', ')})`,
      );
    }
    this.level = level;
    Object.freeze(this);
  }

  /** Reads `readConcern`, or else `level`; undefined when neither says anything, which means the server's default. */
  static fromOptions(options?: {
    readConcern?: ReadConcernLike | undefined;
    level?: ReadConcernLevel | undefined;
  }): ReadConcern | undefined {
    if (!isGiven(options)) return undefined;
    const { readConcern, level: other } = ownOptions(options);
    if (readConcern instanceof ReadConcern) return readConcern;
    const level: ReadConcernLevel | undefined =
      typeof readConcern === 'object' ? ownOptions(readConcern).level : readConcern;
    const chosen = level ?? other;
    return isGiven(chosen) ? new ReadConcern(chosen) : undefined;
  }

  static get MAJORITY(): 'majority' {
    return ReadConcernLevel.majority;
  }

  static get AVAILABLE(): 'available' {
    return ReadConcernLevel.available;
  }

  static get LINEARIZABLE(): 'linearizable' {
    return ReadConcernLevel.linearizable;
  }

  static get SNAPSHOT(): 'snapshot' {
    return ReadConcernLevel.snapshot;
  }

  toJSON(): Document {
    return { level: this.level };
  }
}

/** The `readConcern` field of a command; undefined for the server's default, which is not sent. */
export function readConcernDocument(readConcern: ReadConcern | undefined): { level: string } | undefined {
  return readConcern === undefined ? undefined : { level: readConcern.level };
}

/**
 * The read concern in effect at a level (database, collection, operation) that may set its own.
 *
 * Read/Write Concern, "On ReadConcern": an empty concern stands for the server's default, and so hides the parent's.
 */
export function inheritReadConcern(
  own: ReadConcernLike | Record<string, never> | undefined,
  parent: ReadConcern | undefined,
): ReadConcern | undefined {
  return isGiven(own) ? ReadConcern.fromOptions({ readConcern: own as ReadConcernLike }) : parent;
}
