import type { Document } from '../bson/index.js';
import { MongoCompatibilityError } from '../errors/driver.js';
import type { Operation } from '../executor/operation.js';
import { isGiven } from '../runtime/own_options.js';
import { checkPipeline } from './aggregate.js';
import { addWriteConcern, type OperationContext } from './context.js';
import { onPrimary } from './operation_defaults.js';
import { addOwnFields } from './option_names.js';
import { addGenericFields, type CommandOperationOptions } from './options.js';
import { throwWriteConcernError } from './reply.js';

/** @public */
export interface TimeSeriesCollectionOptions extends Document {
  /** The field that holds the time of each document. */
  timeField: string;
  /** The field that names the series of each document. */
  metaField?: string;
  granularity?: 'seconds' | 'minutes' | 'hours' | (string & {});
  bucketMaxSpanSeconds?: number;
  bucketRoundingSeconds?: number;
}

/** @public */
export interface ClusteredCollectionOptions extends Document {
  name?: string;
  key: Document;
  unique: boolean;
}

/** Options of the command `create`. @public */
export interface CreateCommandOptions extends Omit<CommandOperationOptions, 'rawData'> {
  /** Limits the collection to `size` bytes and `max` documents. The oldest documents are removed first. */
  capped?: boolean;
  /** Maximum size of a capped collection in bytes. */
  size?: number;
  /** Maximum number of documents in a capped collection. */
  max?: number;
  flags?: number;
  storageEngine?: Document;
  /** A filter that documents must match. */
  validator?: Document;
  validationLevel?: string;
  validationAction?: string;
  indexOptionDefaults?: Document;
  /** Makes a view on this collection. */
  viewOn?: string;
  /** The pipeline of a view. */
  pipeline?: Document[];
  timeseries?: TimeSeriesCollectionOptions;
  clusteredIndex?: ClusteredCollectionOptions;
  /** Seconds after which documents of a time series or clustered collection are deleted. */
  expireAfterSeconds?: number;
  /** Needs client-side encryption, which this version does not have. */
  encryptedFields?: Document;
  changeStreamPreAndPostImages?: { enabled: boolean };
}

/** Options that are fields of the command. Some are for old servers. */
const FIELDS: ReadonlySet<string> = new Set([
  'capped',
  'autoIndexId',
  'idIndex',
  'size',
  'max',
  'flags',
  'temp',
  'storageEngine',
  'validator',
  'validationLevel',
  'validationAction',
  'indexOptionDefaults',
  'viewOn',
  'pipeline',
  'collation',
  'timeseries',
  'clusteredIndex',
  'expireAfterSeconds',
  'changeStreamPreAndPostImages',
]);

/** @throws MongoCompatibilityError for `encryptedFields` */
export function createCollection(
  ofDatabase: OperationContext,
  name: string,
  options: CreateCommandOptions,
): Operation<void> {
  if (isGiven(options.encryptedFields)) {
    throw new MongoCompatibilityError('This version of mongotempo does not support the option "encryptedFields" yet');
  }
  if (isGiven(options.pipeline)) checkPipeline(options.pipeline);
  const context = { ...ofDatabase, namespace: `${ofDatabase.database}.${name}` };
  return onPrimary(context, {
    access: 'write',
    name: 'create',
    retryable: false,
    command(target) {
      const command: Document = { create: name };
      addOwnFields(command, options, FIELDS);
      addWriteConcern(command, context);
      addGenericFields(command, options, target);
      return command;
    },
    result: reply => throwWriteConcernError(reply, context),
  });
}
