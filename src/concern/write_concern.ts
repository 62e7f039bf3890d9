/* eslint-disable @typescript-eslint/no-deprecated -- old spellings are still accepted */
import type { Document } from '../bson/index.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { isGiven, ownOptions } from '../runtime/own_options.js';

/** @public */
export type W = number | 'majority';

/** @public */
export interface WriteConcernSettings {
  /** How many members must have the write: a number, `majority`, or the name of a custom mode. */
  w?: W;
  /** Milliseconds after which the server stops waiting for the members. Not sent where `timeoutMS` is in effect. */
  wtimeoutMS?: number;
  /** Whether the write must have reached the journal. */
  journal?: boolean;
  /** @deprecated Use `journal`. */
  j?: boolean;
  /** @deprecated Use `wtimeoutMS`. */
  wtimeout?: number;
  /** @deprecated Use `journal`. */
  fsync?: boolean | 1;
}

/** @public */
export interface WriteConcernOptions {
  writeConcern?: WriteConcern | WriteConcernSettings;
}

/** The fields of a command's `writeConcern`. */
export interface WriteConcernDocument {
  w?: number | string;
  j?: boolean;
  wtimeout?: number;
}

/**
 * How far a write must have spread before the server reports success. Immutable.
 *
 * @public
 */
export class WriteConcern {
  /** How many members must have the write. */
  declare readonly w?: W;
  /** Whether the write must have reached the journal. */
  declare readonly journal?: boolean;
  /** Milliseconds after which the server stops waiting. */
  declare readonly wtimeoutMS?: number;
  /** @deprecated Use `wtimeoutMS`. */
  declare readonly wtimeout?: number;
  /** @deprecated Use `journal`. */
  declare readonly j?: boolean;
  /** @deprecated Use `journal`. */
  declare readonly fsync?: boolean | 1;

  constructor(w?: W, wtimeoutMS?: number, journal?: boolean, fsync?: boolean | 1) {
    if (isGiven(w)) this.w = checkedW(w);
    if (isGiven(wtimeoutMS)) this.wtimeoutMS = this.wtimeout = checkedTimeout(wtimeoutMS);
    const durable = isGiven(fsync) ? Boolean(fsync) : journal;
    if (isGiven(durable)) this.journal = this.j = checkedJournal(durable);
    // Read/Write Concern, "Unacknowledged Write Concern": {w: 0, j: true} contradicts itself.
    if (isUnacknowledged(this) && has(this, 'journal') && this.journal) {
      throw new MongoInvalidArgumentError(
        'Write concern w=0 cannot be combined with journal=true: an unacknowledged write cannot wait for the journal',
      );
    }
    Object.freeze(this);
  }

  /** Puts the fields that a server reads into a command's `writeConcern`. */
  static apply(command: Document, writeConcern: WriteConcern): Document {
    command['writeConcern'] = writeConcernDocument(writeConcern) ?? {};
    return command;
  }

  /**
   * Builds a write concern from a value, or from the `writeConcern` of an options object; fields that it does not set come from
   * `inherit`. Undefined when nothing is set, which means the server's default.
   */
  static fromOptions(
    options?: WriteConcernOptions | WriteConcern | W,
    inherit?: WriteConcernOptions | WriteConcern,
  ): WriteConcern | undefined {
    if (!isGiven(options)) return undefined;
    const parent = inherit instanceof WriteConcern ? inherit : ownOptions(inherit).writeConcern;
    const merged = Object.assign({ __proto__: null }, parent, settingsOf(options)) as WriteConcernSettings;
    const { w, fsync } = merged;
    const wtimeoutMS = merged.wtimeout ?? merged.wtimeoutMS;
    const journal = merged.j ?? merged.journal;
    if (![w, wtimeoutMS, journal, fsync].some(isGiven)) return undefined;
    return new WriteConcern(w, wtimeoutMS, journal, fsync);
  }
}

function settingsOf(options: WriteConcernOptions | WriteConcern | W): WriteConcernSettings | undefined {
  if (typeof options === 'string' || typeof options === 'number') return { w: options };
  if (options instanceof WriteConcern) return options;
  const { writeConcern } = ownOptions(options);
  // An old spelling still in use: {writeConcern: 'majority'} and {writeConcern: 1}.
  if (typeof writeConcern === 'string' || typeof writeConcern === 'number') return { w: writeConcern };
  return writeConcern;
}

function checkedW(w: unknown): W {
  const value = typeof w === 'string' && /^-?\d+$/.test(w) ? Number(w) : w;
  if (typeof value === 'number' ? Number.isInteger(value) && value >= 0 : typeof value === 'string' && value !== '') {
    return value as W;
  }
  throw new MongoInvalidArgumentError(
    `Write concern w cannot be ${shown(w)}; allowed is an integer of at least 0, "majority", or the name of a custom mode`,
  );
}

function checkedTimeout(wtimeoutMS: unknown): number {
  if (typeof wtimeoutMS === 'number' && wtimeoutMS >= 0) return wtimeoutMS;
  throw new MongoInvalidArgumentError(
    `Write concern wtimeoutMS cannot be ${shown(wtimeoutMS)}; allowed is a number of milliseconds of at least 0`,
  );
}

function checkedJournal(journal: unknown): boolean {
  if (typeof journal === 'boolean') return journal;
  // A server takes 1 for true here, and so does the official driver.
  if (journal === 0 || journal === 1) return journal === 1;
  throw new MongoInvalidArgumentError(`Write concern journal cannot be ${shown(journal)}; allowed is true or false`);
}

function shown(value: unknown): string {
  return typeof value === 'number' || typeof value === 'string' ? JSON.stringify(value) : `of type ${typeof value}`;
}

/** The `writeConcern` field of a command; undefined for the server's default, which is not sent. */
export function writeConcernDocument(writeConcern: WriteConcern | undefined): WriteConcernDocument | undefined {
  if (writeConcern === undefined) return undefined;
  const document: WriteConcernDocument = {};
  // Fields that are not set are no properties of it: a polluted Object.prototype would show through.
  if (has(writeConcern, 'w')) document.w = writeConcern.w;
  if (has(writeConcern, 'journal')) document.j = writeConcern.journal;
  if (has(writeConcern, 'wtimeoutMS')) document.wtimeout = writeConcern.wtimeoutMS;
  return Object.keys(document).length === 0 ? undefined : document;
}

/** Whether the server does not answer writes under this concern. `w: 0` with `j: true` cannot exist. */
export function isUnacknowledged(writeConcern: WriteConcern | undefined): boolean {
  return writeConcern?.w === 0 && Object.hasOwn(writeConcern, 'w');
}

function has<K extends 'w' | 'journal' | 'wtimeoutMS'>(
  writeConcern: WriteConcern,
  field: K,
): writeConcern is WriteConcern & Required<Pick<WriteConcern, K>> {
  return Object.hasOwn(writeConcern, field);
}

/**
 * The write concern in effect at a level (database, collection, operation) that may set its own.
 *
 * Read/Write Concern, "On WriteConcern": an empty concern stands for the server's default, and so hides the parent's.
 */
export function inheritWriteConcern(
  own: WriteConcern | WriteConcernSettings | undefined,
  parent: WriteConcern | undefined,
): WriteConcern | undefined {
  return isGiven(own) ? WriteConcern.fromOptions({ writeConcern: own }) : parent;
}
