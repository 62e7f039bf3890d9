import type { Document } from '../../bson/index.js';
import type { LogComponentSeveritiesClientOptions, MongoDBLogWritable } from '../client_options.js';
import { option } from './option.js';
import { boolean, integer, isRecord, type Parser, REFUSED, record } from './parsers.js';

const COMPONENTS = ['command', 'topology', 'serverSelection', 'connection', 'client', 'default'];
const SEVERITIES = ['emergency', 'alert', 'critical', 'error', 'warn', 'notice', 'info', 'debug', 'trace', 'off'];

const componentSeverities: Parser<LogComponentSeveritiesClientOptions> = {
  allowed: `an object with a severity (${SEVERITIES.join(', ')}) for some of ${COMPONENTS.join(', ')}`,
  parse: given =>
    isRecord(given) &&
    Object.entries(given).every(
      ([name, severity]) => COMPONENTS.includes(name) && SEVERITIES.includes(String(severity)),
    )
      ? given
      : REFUSED,
};

const logPath: Parser<'stderr' | 'stdout' | MongoDBLogWritable> = {
  allowed: 'stderr, stdout, or an object with a function write',
  parse(given) {
    if (given === 'stderr' || given === 'stdout') return given;
    const isWritable =
      typeof given === 'object' && given !== null && 'write' in given && typeof given.write === 'function';
    return isWritable ? (given as MongoDBLogWritable) : REFUSED;
  },
};

/** How documents become BSON and come back. */
export const bsonOptions = {
  raw: option('Return documents as bytes', boolean, { default: false }),
  promoteLongs: option('Return int64 as number where it fits', boolean, { default: true }),
  promoteValues: option('Return BSON numbers and the like as values of JavaScript', boolean, { default: true }),
  promoteBuffers: option('Return binary data as Buffer', boolean, { default: false }),
  useBigInt64: option('Return int64 as bigint', boolean, { default: false }),
  bsonRegExp: option('Return regular expressions as BSONRegExp', boolean, { default: false }),
  ignoreUndefined: option('Leave out fields that are undefined', boolean, { default: false }),
  serializeFunctions: option('Store functions as code', boolean, { default: false }),
  enableUtf8Validation: option('Refuse invalid UTF-8 in replies', boolean, { default: true }),
  fieldsAsRaw: option('Fields to return as bytes', record<Document>(), { where: 'client', default: {} }),
  checkKeys: option('Refuse keys that start with $ or contain a dot', boolean),
  minInternalBufferSize: option('Initial size of the buffer for serialization', integer()),
};

export const eventAndLogOptions = {
  monitorCommands: option('Publish command events', boolean),
  mongodbLogComponentSeverities: option('Least severity logged, by component', componentSeverities, {
    where: 'client',
    isArgument: true,
  }),
  mongodbLogPath: option('Where the log goes', logPath, { isArgument: true }),
  mongodbLogMaxDocumentLength: option('Length at which documents in the log are cut off', integer()),
};
