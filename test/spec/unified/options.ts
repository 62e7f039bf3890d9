import { call, create, type Driver } from '../drivers/driver.js';
import { type Doc, fieldsOf, numericValue, plain, show } from './bson_values.js';
import type { Entities } from './entities.js';

/** How the options of an operation, a database or a collection become those of a driver. */

const READ_PREFERENCES = ['primary', 'primaryPreferred', 'secondary', 'secondaryPreferred', 'nearest'] as const;

const RETURN_DOCUMENT: Readonly<Record<string, string>> = { Before: 'before', After: 'after' };

const CURSOR_TYPES: Readonly<Record<string, object>> = {
  nonTailable: {},
  tailable: { tailable: true },
  tailableAwait: { tailable: true, awaitData: true },
};

/** A `comment` is whatever it is; every other number is a number. null stands for "not given". */
export function optionsOf(options: Doc, driver: Driver, entities: Entities): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (value === null || value === undefined) continue;
    switch (name) {
      case 'session':
        result[name] = entities.get('session', textOf(value));
        break;
      case 'readPreference':
        result[name] = readPreferenceOf(value, driver);
        break;
      case 'readConcern':
        result[name] = plain(value);
        break;
      case 'writeConcern':
        result[name] = writeConcernOf(value);
        break;
      case 'returnDocument':
        result[name] = RETURN_DOCUMENT[textOf(value)] ?? unknownValue(name, value);
        break;
      case 'cursorType':
        Object.assign(result, CURSOR_TYPES[textOf(value)] ?? unknownValue(name, value));
        break;
      case 'snapshotTime':
        result[name] = entities.value(textOf(value));
        break;
      case 'defaultTransactionOptions':
        result[name] = optionsOf(value as Doc, driver, entities);
        break;
      case 'arrayFilters':
      case 'comment':
      case 'let':
        result[name] = value;
        break;
      default:
        result[name] = numericValue(value) === undefined ? value : plain(value);
    }
  }
  return result;
}

export function readPreferenceOf(value: unknown, driver: Driver): object {
  const { mode, tagSets, maxStalenessSeconds, hedge } = plain(value) as {
    mode: string;
    tagSets?: unknown;
    maxStalenessSeconds?: number;
    hedge?: unknown;
  };
  const more = {
    ...(maxStalenessSeconds === undefined ? {} : { maxStalenessSeconds }),
    ...(hedge === undefined ? {} : { hedge }),
  };
  // In the case that drivers have it, whatever that of the file is.
  const known = READ_PREFERENCES.find(name => name.toLowerCase() === mode.toLowerCase()) ?? mode;
  return create(driver, 'ReadPreference', known, tagSets, more);
}

function writeConcernOf(value: unknown): object {
  const fields = plain(value) as Record<string, unknown>;
  const { journal, ...rest } = fields;
  return journal === undefined ? rest : { ...rest, journal };
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new Error(`expected a string, not ${show(value)}`);
  return value;
}

function unknownValue(name: string, value: unknown): never {
  throw new Error(`${name} cannot be ${show(value)}`);
}

/** Collects a cursor that a driver has returned. */
export async function allOf(cursor: unknown): Promise<unknown> {
  return await call(cursor as object, 'toArray');
}

/** The fields of a result that are there: drivers give null or undefined for others. */
export function present(result: unknown): unknown {
  const fields = fieldsOf(result);
  if (fields === undefined) return result ?? null;
  return Object.fromEntries([...fields].filter(([, value]) => value !== null && typeof value !== 'function'));
}
