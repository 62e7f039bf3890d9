import { type Doc, fieldsOf } from '../unified/bson_values.js';
import type { ObservedError } from '../unified/expected_error.js';

/** The errors of the package `mongodb`, which all drivers here have in common: their fields, and their classes by name. */
type Fields = Readonly<Record<string, unknown>>;

export function describeError(error: unknown): ObservedError {
  const fields = error as Fields;
  const classes = classesOf(error);
  if (classes.includes('MongoClientBulkWriteError')) return describeClientBulkWrite(fields, classes);
  // A bulk write that could not be sent: what hindered it is where the server's reply would be.
  const reason = fields['errorResponse'];
  const isUnsent = reason instanceof Error && !classesOf(reason).includes('MongoServerError');
  const inner = [...list(fields['writeErrors']), ...present(writeConcernErrorOf(fields))] as Fields[];
  return {
    messages: texts([fields['message'], ...inner.flatMap(one => [one['errmsg'], one['message']])]),
    codes: [fields['code'], ...inner.map(one => one['code'])].filter(code => code !== undefined && code !== null),
    codeNames: texts([fields['codeName'], ...inner.map(one => one['codeName'])]),
    labels: texts(list(fields['errorLabels'])),
    isClientError: isUnsent || !classes.includes('MongoServerError'),
    isTimeoutError: (isUnsent ? classesOf(reason) : classes).includes('MongoOperationTimeoutError'),
    response: fields['errorResponse'] ?? fields['result'],
    partialResult: fields['partialResult'] ?? fields['result'],
  };
}

/** Only the error of the command as a whole counts for messages and codes; those of single writes have a place of their own. */
function describeClientBulkWrite(fields: Fields, classes: readonly string[]): ObservedError {
  const cause = fields['cause'];
  const top = cause === undefined || cause === null ? undefined : describeError(cause);
  return {
    messages: top?.messages ?? texts([fields['message']]),
    codes: top?.codes ?? [],
    codeNames: top?.codeNames ?? [],
    labels: [...(top?.labels ?? []), ...texts(list(fields['errorLabels']))],
    isClientError: top?.isClientError ?? false,
    isTimeoutError: top?.isTimeoutError ?? classes.includes('MongoOperationTimeoutError'),
    response: top?.response,
    writeErrors: byIndex(fields['writeErrors']),
    writeConcernErrors: list(fields['writeConcernErrors']),
    partialResult: fields['partialResult'],
  };
}

function classesOf(error: unknown): readonly string[] {
  const names: string[] = [];
  for (let at: unknown = error; typeof at === 'object' && at !== null; at = Object.getPrototypeOf(at)) {
    names.push((at.constructor as { name?: string } | undefined)?.name ?? '');
  }
  return names;
}

function writeConcernErrorOf(fields: Fields): unknown {
  const result = fields['result'] as { getWriteConcernError?: () => unknown; writeConcernError?: unknown } | undefined;
  return result?.getWriteConcernError?.() ?? result?.writeConcernError;
}

function byIndex(errors: unknown): Doc {
  return Object.fromEntries(fieldsOf(errors) ?? []);
}

function present(value: unknown): unknown[] {
  return value === undefined || value === null ? [] : [value];
}

function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  return present(value);
}

function texts(values: readonly unknown[]): string[] {
  return values.filter(value => typeof value === 'string');
}
