/* eslint-disable @typescript-eslint/no-deprecated -- old spellings are still accepted */
import { type Document, ObjectId } from '../../bson/index.js';
import { ownOptions } from '../../concern/given.js';
import { ReadConcern, type ReadConcernLevel } from '../../concern/read_concern.js';
import {
  ReadPreference,
  ReadPreferenceMode,
  type ReadPreferenceSettings,
  type TagSet,
} from '../../concern/read_preference.js';
import { WriteConcern, type WriteConcernSettings } from '../../concern/write_concern.js';
import type { PkFactory } from '../client_options.js';
import { option } from './option.js';
import { boolean, integer, isRecord, type Parser, pairs, REFUSED, record, text } from './parsers.js';

const MODES: readonly unknown[] = Object.values(ReadPreferenceMode);

const readPreference: Parser<ReadPreferenceSettings> = {
  allowed: `one of ${MODES.join(', ')}, or a ReadPreference`,
  parse(given) {
    if (given instanceof ReadPreference) return given;
    const settings = isRecord(given)
      ? ownOptions(given as ReadPreferenceSettings)
      : { mode: given as ReadPreferenceMode };
    return MODES.includes(settings.mode ?? settings.preference) ? settings : REFUSED;
  },
};

const readPreferenceTags: Parser<readonly TagSet[]> = {
  allowed: 'a list of tag sets; in a connection string each is name:value,name:value',
  parse(given, leaveOut) {
    const list: unknown = typeof given === 'string' ? [given] : given;
    if (!Array.isArray(list)) return REFUSED;
    const tags: TagSet[] = [];
    for (const item of list as unknown[]) {
      const tag = typeof item === 'string' ? parseTagSet(item) : item;
      if (isRecord(tag) && Object.values(tag).every(value => typeof value === 'string')) tags.push(tag as TagSet);
      // A tag set is left out as a whole: with some of its tags it would match more servers than it should.
      else leaveOut('a tag set that is not a list of names and values with a colon between them');
    }
    return tags;
  },
};

/** The empty text is the empty set, which matches every server. */
function parseTagSet(given: string): TagSet | undefined {
  if (given === '') return {};
  const wrong: string[] = [];
  const tags = pairs(given, part => wrong.push(part));
  return wrong.length === 0 ? Object.fromEntries(tags) : undefined;
}

const NO_STALENESS = -1;
/** Max Staleness, "maxStalenessSeconds": what is less cannot be measured. */
const LEAST_STALENESS_SECONDS = 90;

const maxStalenessSeconds: Parser<number> = {
  allowed: `${NO_STALENESS} (no limit) or an integer of at least ${LEAST_STALENESS_SECONDS}`,
  parse(given, leaveOut) {
    const value = integer({ min: NO_STALENESS }).parse(given, leaveOut);
    return value === NO_STALENESS || (value !== REFUSED && value >= LEAST_STALENESS_SECONDS) ? value : REFUSED;
  },
};

const readConcern: Parser<ReadConcern | undefined> = {
  allowed: 'a ReadConcern, or an object with a level',
  parse(given) {
    if (given instanceof ReadConcern || (typeof given === 'string' && given !== '')) {
      return ReadConcern.fromOptions({ readConcern: given as ReadConcern });
    }
    if (!isRecord(given)) return REFUSED;
    const { level } = ownOptions(given);
    return level === undefined || (typeof level === 'string' && level !== '')
      ? ReadConcern.fromOptions({ readConcern: given as unknown as ReadConcern })
      : REFUSED;
  },
};

const w: Parser<number | string> = {
  allowed: 'an integer of at least 0, "majority", or the name of a custom mode',
  parse(given, leaveOut) {
    const count = integer().parse(given, leaveOut);
    if (count !== REFUSED) return count;
    return typeof given === 'string' && given !== '' && !/^-?\d+$/.test(given) ? given : REFUSED;
  },
};

const writeConcern: Parser<WriteConcernSettings> = {
  allowed: 'a WriteConcern, an object with w, wtimeoutMS and journal, "majority", or a number',
  parse(given, leaveOut) {
    if (given instanceof WriteConcern || isRecord(given)) return ownOptions(given as WriteConcernSettings);
    const only = w.parse(given, leaveOut);
    return only === REFUSED ? REFUSED : ({ w: only } as WriteConcernSettings);
  },
};

const pkFactory: Parser<PkFactory> = {
  allowed: 'an object with a function createPk',
  parse: given =>
    typeof given === 'object' && given !== null && typeof (given as PkFactory).createPk === 'function'
      ? (given as PkFactory)
      : REFUSED,
};

const NEW_OBJECT_IDS: PkFactory = Object.freeze({ createPk: () => new ObjectId() });

export const readAndWriteOptions = {
  readPreference: option('Which servers may answer reads', readPreference, { isArgument: true }),
  readPreferenceTags: option('Tag sets of the read preference', readPreferenceTags, {
    repeatable: true,
    mayBeEmpty: true,
  }),
  maxStalenessSeconds: option('How far a secondary may lag behind; -1 is no limit', maxStalenessSeconds),
  readConcern: option('Which data reads may return', readConcern, { where: 'client' }),
  readConcernLevel: option('Level of the read concern', text as Parser<ReadConcernLevel>, {
    guards: 'durability',
    emptyIsUnset: true,
  }),
  writeConcern: option('How far a write must have spread', writeConcern, { where: 'client' }),
  w: option('How many members must have a write', w, { guards: 'durability' }),
  journal: option('Whether a write must have reached the journal', boolean, {
    guards: 'durability',
    toleratesNonsense: true,
  }),
  // Without it the server waits longer, and no acknowledgement means less.
  wtimeoutMS: option('Time after which the server stops waiting for members', integer(), {
    spellings: ['wTimeoutMS'],
  }),
  j: option('Another name of journal', boolean, {
    guards: 'durability',
    toleratesNonsense: true,
    deprecated: 'use journal instead',
  }),
  fsync: option('Another name of journal', boolean, {
    guards: 'durability',
    toleratesNonsense: true,
    deprecated: 'use journal instead',
  }),
  wtimeout: option('Another name of wtimeoutMS', integer(), { deprecated: 'use wtimeoutMS instead' }),
  retryReads: option('Send reads again after some errors', boolean, { default: true }),
  retryWrites: option('Send writes again after some errors', boolean, { default: true }),
  maxAdaptiveRetries: option('How often to send again to an overloaded server', integer(), { default: 2 }),
  enableOverloadRetargeting: option('Leave an overloaded server for another', boolean, { default: false }),
  forceServerObjectId: option('Let the server make ids', boolean, { default: false }),
  pkFactory: option('Makes ids', pkFactory, { where: 'client', default: NEW_OBJECT_IDS }),
  autoEncryption: option('In-use encryption (not supported)', record<Document>(), { where: 'client' }),
};
