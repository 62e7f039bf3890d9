/* eslint-disable @typescript-eslint/no-deprecated -- old spellings are still accepted */

import type { Document } from '../bson/index.js';
import { MongoInvalidArgumentError } from '../errors/driver.js';
import { shown } from '../errors/shown.js';
import { isGiven, ownOptions } from '../runtime/own_options.js';

/** @public */
export const ReadPreferenceMode = Object.freeze({
  primary: 'primary',
  primaryPreferred: 'primaryPreferred',
  secondary: 'secondary',
  secondaryPreferred: 'secondaryPreferred',
  nearest: 'nearest',
} as const);

/** @public */
export type ReadPreferenceMode = (typeof ReadPreferenceMode)[keyof typeof ReadPreferenceMode];

/** Tags that a server must have, all of them. The empty set matches every server. @public */
export type TagSet = { [key: string]: string };

/** @public */
export interface HedgeOptions {
  /** Whether the server may send the read to a second member as well. */
  enabled?: boolean;
}

/** @public */
export interface ReadPreferenceOptions {
  /** Seconds by which a secondary may lag behind; a positive number, and at least 90 for a replica set. */
  maxStalenessSeconds?: number;
  /** @deprecated Hedged reads are deprecated by MongoDB 8.0. */
  hedge?: HedgeOptions;
}

/** @public */
export type ReadPreferenceLike = ReadPreference | ReadPreferenceMode;

/** The parts of a read preference as a plain object. */
export interface ReadPreferenceSettings extends ReadPreferenceOptions {
  mode?: ReadPreferenceMode;
  /** @deprecated Use `mode`. */
  preference?: ReadPreferenceMode;
  tags?: TagSet[];
}

/** @public */
export interface ReadPreferenceLikeOptions extends ReadPreferenceOptions {
  readPreference?: ReadPreferenceLike | ReadPreferenceSettings;
}

/** @public */
export interface ReadPreferenceFromOptions extends ReadPreferenceLikeOptions {
  session?: { readonly transaction: { readonly options: { readonly readPreference?: ReadPreferenceLike } } };
  readPreferenceTags?: TagSet[];
  hedge?: HedgeOptions;
}

/** `$readPreference` of a command, as a server reads it. */
export interface ReadPreferenceDocument {
  mode: ReadPreferenceMode;
  tags?: TagSet[];
  maxStalenessSeconds?: number;
  hedge?: HedgeOptions;
}

const MODES: ReadonlySet<unknown> = new Set(Object.values(ReadPreferenceMode));

/**
 * Which members of a replica set may answer a read. Immutable.
 *
 * @public
 */
export class ReadPreference {
  static readonly PRIMARY = ReadPreferenceMode.primary;
  static readonly PRIMARY_PREFERRED = ReadPreferenceMode.primaryPreferred;
  static readonly SECONDARY = ReadPreferenceMode.secondary;
  static readonly SECONDARY_PREFERRED = ReadPreferenceMode.secondaryPreferred;
  static readonly NEAREST = ReadPreferenceMode.nearest;

  static readonly primary = new ReadPreference(ReadPreferenceMode.primary);
  static readonly primaryPreferred = new ReadPreference(ReadPreferenceMode.primaryPreferred);
  static readonly secondary = new ReadPreference(ReadPreferenceMode.secondary);
  static readonly secondaryPreferred = new ReadPreference(ReadPreferenceMode.secondaryPreferred);
  static readonly nearest = new ReadPreference(ReadPreferenceMode.nearest);

  readonly mode: ReadPreferenceMode;
  declare readonly tags?: TagSet[];
  declare readonly hedge?: HedgeOptions;
  declare readonly maxStalenessSeconds?: number;

  constructor(mode: ReadPreferenceMode, tags?: TagSet[], options?: ReadPreferenceOptions) {
    if (!MODES.has(mode)) {
      throw new MongoInvalidArgumentError(
        `Invalid read preference mode ${shown(mode)}; allowed is one of ${[...MODES].join(', ')}`,
      );
    }
    // new ReadPreference(mode, options) is an old form that is still in use.
    const isOldForm =
      !isGiven(options) && typeof tags === 'object' && isGiven<object | null>(tags) && !Array.isArray(tags);
    const ownTags = isOldForm ? undefined : tags;
    const { maxStalenessSeconds, hedge } = ownOptions<ReadPreferenceOptions>(isOldForm ? tags : options);

    this.mode = mode;
    // Own properties even when they are not set: else what pollutes Object.prototype would be read for them.
    Object.assign(this, {
      tags: isGiven(ownTags) ? frozenTags(ownTags) : undefined,
      hedge: isGiven(hedge) ? Object.freeze({ ...hedge }) : undefined,
      maxStalenessSeconds: isGiven(maxStalenessSeconds) ? checkedStaleness(maxStalenessSeconds) : undefined,
    });
    if (mode === ReadPreferenceMode.primary) refuseConditions(this);
    Object.freeze(this);
  }

  /** @deprecated Use `mode`. */
  get preference(): ReadPreferenceMode {
    return this.mode;
  }

  static fromString(mode: string): ReadPreference {
    return new ReadPreference(mode as ReadPreferenceMode);
  }

  /** Builds a read preference from the options of a client, a database, a collection or an operation. */
  static fromOptions(options?: ReadPreferenceFromOptions): ReadPreference | undefined {
    if (!isGiven(options)) return undefined;
    const { readPreference: own, session, readPreferenceTags, maxStalenessSeconds, hedge } = ownOptions(options);
    const readPreference = own ?? session?.transaction.options.readPreference;
    if (!isGiven(readPreference)) return undefined;
    if (typeof readPreference === 'string') {
      return new ReadPreference(readPreference, readPreferenceTags, defined({ maxStalenessSeconds, hedge }));
    }
    if (readPreference instanceof ReadPreference && readPreferenceTags === undefined) return readPreference;
    return fromSettings(readPreference, readPreferenceTags, hedge);
  }

  /** Replaces `options.readPreference` by an instance, in place. */
  static translate(options: ReadPreferenceLikeOptions): ReadPreferenceLikeOptions {
    const { readPreference } = ownOptions(options);
    if (!isGiven(readPreference) || readPreference instanceof ReadPreference) return options;
    if (typeof readPreference === 'string') options.readPreference = new ReadPreference(readPreference);
    else if (typeof readPreference === 'object') options.readPreference = fromSettings(readPreference);
    else throw new MongoInvalidArgumentError(`Invalid read preference: ${String(readPreference)}`);
    return options;
  }

  static isValid(mode: string): boolean {
    return MODES.has(mode) || !isGiven<unknown>(mode);
  }

  isValid(mode?: string): boolean {
    return ReadPreference.isValid(typeof mode === 'string' ? mode : this.mode);
  }

  /** Whether a secondary may answer. */
  secondaryOk(): boolean {
    return this.mode !== ReadPreferenceMode.primary;
  }

  /** Whether the modes are the same; tags and staleness are not compared. */
  equals(readPreference: ReadPreference): boolean {
    return readPreference.mode === this.mode;
  }

  toJSON(): Document {
    return readPreferenceDocument(this);
  }
}

/** `$readPreference` for OP_MSG. When it is sent is the business of server selection. */
export function readPreferenceDocument(readPreference: ReadPreference): ReadPreferenceDocument {
  const { mode, tags, maxStalenessSeconds, hedge } = readPreference;
  const document: ReadPreferenceDocument = { mode };
  if (tags !== undefined) document.tags = tags;
  if (maxStalenessSeconds !== undefined) document.maxStalenessSeconds = maxStalenessSeconds;
  if (hedge !== undefined) document.hedge = hedge;
  return document;
}

function fromSettings(given: ReadPreferenceSettings, tags?: TagSet[], hedge?: HedgeOptions): ReadPreference {
  const settings = ownOptions(given);
  const mode = settings.mode ?? settings.preference;
  return new ReadPreference(
    mode as ReadPreferenceMode,
    tags ?? settings.tags,
    defined({ maxStalenessSeconds: settings.maxStalenessSeconds, hedge: hedge ?? settings.hedge }),
  );
}

function defined(options: { [K in keyof ReadPreferenceOptions]: ReadPreferenceOptions[K] | undefined }) {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => isGiven<unknown>(value)),
  ) as ReadPreferenceOptions;
}

function frozenTags(tags: unknown): TagSet[] {
  if (!Array.isArray(tags) || tags.some(tag => typeof tag !== 'object' || tag === null)) {
    throw new MongoInvalidArgumentError(
      'ReadPreference tags must be an array of objects, such as [{ region: "east" }, {}]',
    );
  }
  return Object.freeze(tags.map(tag => Object.freeze({ ...(tag as TagSet) }))) as TagSet[];
}

function checkedStaleness(seconds: unknown): number {
  if (typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new MongoInvalidArgumentError(
    `maxStalenessSeconds must be a positive integer, got ${typeof seconds === 'number' ? seconds : typeof seconds}`,
  );
}

/** Server Selection, "mode": the primary has no alternatives, so there is nothing for conditions to choose from. */
function refuseConditions({ tags, maxStalenessSeconds, hedge }: ReadPreference): void {
  // [{}] is the specification's spelling of "no tags".
  const conditions = {
    tags: tags?.some(tag => Object.keys(tag).length > 0) === true,
    maxStalenessSeconds: maxStalenessSeconds !== undefined,
    hedge: hedge !== undefined,
  };
  for (const [name, isSet] of Object.entries(conditions)) {
    if (isSet) {
      throw new MongoInvalidArgumentError(
        `Primary read preference cannot be combined with ${name}; choose another mode, such as primaryPreferred`,
      );
    }
  }
}

/** Whether a server has every wanted tag. An empty set wants none. */
export function matchesTagSet(tags: Readonly<TagSet>, wanted: Readonly<TagSet>): boolean {
  for (const name of Object.keys(wanted)) {
    if (tags[name] !== wanted[name]) return false;
  }
  return true;
}
