/* eslint-disable @typescript-eslint/no-deprecated -- old spellings are still accepted */
import { isGiven, ownOptions } from '../concern/given.js';
import { ReadConcern } from '../concern/read_concern.js';
import { ReadPreference, type ReadPreferenceOptions, type TagSet } from '../concern/read_preference.js';
import { WriteConcern, type WriteConcernSettings } from '../concern/write_concern.js';
import type { GivenValues } from './options/table.js';

/** The mode, the tags and the staleness of a read preference can be given together or each alone; the program wins for each. */
export function resolveReadPreference(fromUri: GivenValues, fromProgram: GivenValues): ReadPreference {
  const ofProgram = fromProgram.readPreference;
  const mode = ofProgram?.mode ?? ofProgram?.preference;
  const tags = ofProgram?.tags ?? fromProgram.readPreferenceTags;
  const staleness = ofProgram?.maxStalenessSeconds ?? fromProgram.maxStalenessSeconds;
  // A program that asks for the primary does so whatever the connection string says about secondaries.
  const uri: GivenValues = mode === 'primary' ? ownOptions<GivenValues>(undefined) : fromUri;
  return readPreferenceOf(
    mode ?? uri.readPreference?.mode ?? 'primary',
    tags ?? uri.readPreferenceTags,
    staleness ?? uri.maxStalenessSeconds,
    ofProgram?.hedge,
  );
}

function readPreferenceOf(
  mode: ReadPreference['mode'],
  tags: readonly TagSet[] | undefined,
  maxStalenessSeconds: number | undefined,
  hedge: ReadPreferenceOptions['hedge'],
): ReadPreference {
  const options: ReadPreferenceOptions = {};
  // Max Staleness: -1 is how a connection string says that there is no limit.
  if (maxStalenessSeconds !== undefined && maxStalenessSeconds !== -1)
    options.maxStalenessSeconds = maxStalenessSeconds;
  if (hedge !== undefined) options.hedge = hedge;
  const isPlain = Object.keys(options).length === 0 && (tags === undefined || tags.length === 0);
  return isPlain && mode === 'primary' ? ReadPreference.primary : new ReadPreference(mode, tags as TagSet[], options);
}

export function resolveReadConcern(fromUri: GivenValues, fromProgram: GivenValues): ReadConcern | undefined {
  const level = fromProgram.readConcern?.level ?? fromProgram.readConcernLevel ?? fromUri.readConcernLevel;
  return level === undefined ? undefined : new ReadConcern(level as ConstructorParameters<typeof ReadConcern>[0]);
}

/** Each field by itself: the program wins over the connection string, and `writeConcern` over its parts. */
export function resolveWriteConcern(fromUri: GivenValues, fromProgram: GivenValues): WriteConcern | undefined {
  return WriteConcern.fromOptions({
    writeConcern: {
      ...settings(fromUri),
      ...settings(fromProgram),
      ...settings(ownOptions(fromProgram.writeConcern)),
    },
  });
}

/** Old spellings count only where the new one is not given. */
function settings(given: GivenValues | WriteConcernSettings): WriteConcernSettings {
  const result: WriteConcernSettings = {};
  const journal = given.journal ?? given.j ?? (given.fsync === undefined ? undefined : Boolean(given.fsync));
  const wtimeoutMS = given.wtimeoutMS ?? given.wtimeout;
  if (isGiven(given.w)) result.w = given.w as NonNullable<WriteConcernSettings['w']>;
  if (isGiven(journal)) result.journal = journal;
  if (isGiven(wtimeoutMS)) result.wtimeoutMS = wtimeoutMS;
  return result;
}
