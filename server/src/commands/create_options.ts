import { Int32, Long } from 'bson';
import { isNumber, toInteger } from '../bson/numbers.js';
import { type Document, isDocument } from '../bson/types.js';
import { Validator } from '../engine/validator.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { genericFields } from './generic_fields.js';

const known: ReadonlySet<string> = new Set([
  ...['capped', 'size', 'max', 'storageEngine', 'validator', 'validationLevel', 'validationAction', 'viewOn'],
  ...['indexOptionDefaults', 'pipeline', 'collation', 'timeseries', 'expireAfterSeconds', 'autoIndexId', 'idIndex'],
  ...['changeStreamPreAndPostImages', 'clusteredIndex', 'encryptedFields', 'temp', 'flags', 'recordPreImages'],
]);

/** The options of a new collection as listCollections shows them. */
export function createOptions(body: Document): Document {
  const given = Object.fromEntries(
    Object.entries(body).filter(([name]) => name !== 'create' && !genericFields.has(name)),
  );
  const unknown = Object.keys(given).find(name => !known.has(name));
  if (unknown !== undefined) {
    throw new CommandError(ErrorCode.IDLUnknownField, `BSON field 'create.${unknown}' is an unknown field.`);
  }
  if (given['viewOn'] === undefined && given['pipeline'] !== undefined) {
    throw new CommandError(ErrorCode.InvalidOptions, "'pipeline' requires 'viewOn' to also be specified");
  }
  if (given['capped'] === true && given['size'] === undefined) {
    throw new CommandError(ErrorCode.InvalidOptions, "the 'size' field is required when 'capped' is true");
  }
  if (given['capped'] !== true && (given['size'] !== undefined || given['max'] !== undefined)) {
    throw new CommandError(
      ErrorCode.InvalidOptions,
      "the 'capped' field needs to be true when either the 'size' or 'max' fields are present",
    );
  }
  // Compiled for its errors: a wrong validator is refused at once.
  Validator.of(given);
  const { autoIndexId: _, idIndex: __, capped: ___, size: ____, max: _____, ...options } = given;
  return {
    ...options,
    ...cappedOptions(given),
    ...clusteredOptions(given['clusteredIndex']),
    ...timeseriesOptions(given['timeseries']),
  };
}

/** What bounds a capped collection, as listCollections shows it: the size in whole 256 bytes, and `max` when it bounds anything. */
export function cappedOptions({ capped, size, max }: Document): Document {
  if (capped !== true) return {};
  const most = wholeNumber('max', max);
  const bytes = integerOf(Math.ceil(wholeNumber('size', size) / 256) * 256);
  return { capped: true, size: bytes, ...(most > 0 ? { max: integerOf(most) } : {}) };
}

function wholeNumber(name: string, value: unknown): number {
  if (value === undefined) return 0;
  const whole = isNumber(value) ? toInteger(value) : undefined;
  if (whole !== undefined && whole >= 0) return whole;
  throw new CommandError(ErrorCode.BadValue, `BSON field '${name}' value must be >= 0`);
}

function integerOf(value: number): Int32 | Long {
  return value < 2 ** 31 ? new Int32(value) : Long.fromNumber(value);
}

function clusteredOptions(clusteredIndex: unknown): Document {
  if (!isDocument(clusteredIndex)) return {};
  if (clusteredIndex['unique'] !== true) {
    throw new CommandError(ErrorCode.IDLFailedToParse, "BSON field 'create.clusteredIndex.unique' must be true");
  }
  return { clusteredIndex: { v: new Int32(2), name: '_id_', ...clusteredIndex } };
}

function timeseriesOptions(timeseries: unknown): Document {
  if (!isDocument(timeseries)) return {};
  if (typeof timeseries['timeField'] !== 'string') {
    throw new CommandError(
      ErrorCode.IDLFailedToParse,
      "BSON field 'create.timeseries.timeField' is missing but a required field",
    );
  }
  return { timeseries: { granularity: 'seconds', bucketMaxSpanSeconds: new Int32(3600), ...timeseries } };
}
