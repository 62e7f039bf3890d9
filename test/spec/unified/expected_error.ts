import { type Doc, fieldsOf, numericValue, show } from './bson_values.js';
import { type MatchContext, match } from './matching.js';

/** Unified test format, "expectedError". */

/** Numbers may be of any numeric type, as they come out of the file. */
export interface ExpectedError {
  readonly isError?: boolean;
  readonly isClientError?: boolean;
  readonly isTimeoutError?: boolean;
  readonly errorContains?: string;
  readonly errorCode?: unknown;
  readonly errorCodeName?: string;
  readonly errorLabelsContain?: readonly string[];
  readonly errorLabelsOmit?: readonly string[];
  readonly errorResponse?: unknown;
  readonly writeErrors?: Doc;
  readonly writeConcernErrors?: readonly unknown[];
  readonly expectResult?: unknown;
}

/** An error as the adapter of a driver describes it. */
export interface ObservedError {
  /**
   * Its message; for the bulkWrite of a collection also those of its write errors and write concern error; for that of
   * a client only the message of its top-level error. The same goes for codes and their names.
   */
  readonly messages: readonly string[];
  readonly codes: readonly unknown[];
  readonly codeNames: readonly string[];
  readonly labels: readonly string[];
  /** Made by the driver: not the server's reply. Errors of the network count. */
  readonly isClientError: boolean;
  readonly isTimeoutError: boolean;
  /** The reply of the server, as it was. */
  readonly response?: unknown;
  /** Of a client's bulkWrite, by the index of the model. */
  readonly writeErrors?: Readonly<Record<string, unknown>>;
  readonly writeConcernErrors?: readonly unknown[];
  /** What a bulk write had done before it failed. */
  readonly partialResult?: unknown;
}

/** null when the error, or that there is none (undefined), is as expected. */
export function matchError(
  expected: ExpectedError,
  error: ObservedError | undefined,
  context: MatchContext,
): string | null {
  if (error === undefined) return `expected an error with ${show(expected)}, but the operation succeeded`;
  const mismatch =
    matchKind(expected, error) ??
    matchText(expected, error) ??
    matchLabels(expected, error) ??
    matchReplies(expected, error, context);
  return mismatch === null ? null : `${mismatch}; the error is ${show(error.messages[0] ?? '')}`;
}

function matchKind({ isError, isClientError, isTimeoutError }: ExpectedError, error: ObservedError): string | null {
  // The format has only `isError: true`; false would ask for success, which is what a test without expectError does.
  if (isError === false) throw new Error('isError can only be true');
  if (isClientError !== undefined && isClientError !== error.isClientError) {
    return isClientError ? 'expected an error of the client, not of the server' : 'expected an error of the server';
  }
  if (isTimeoutError !== undefined && isTimeoutError !== error.isTimeoutError) {
    return isTimeoutError ? 'expected a timeout error' : 'expected an error that is no timeout';
  }
  return null;
}

function matchText(expected: ExpectedError, error: ObservedError): string | null {
  const { errorContains, errorCode, errorCodeName } = expected;
  if (errorContains !== undefined && !error.messages.some(message => contains(message, errorContains))) {
    return `expected a message with ${show(errorContains)}, actual ${show(error.messages)}`;
  }
  if (errorCode !== undefined && !error.codes.some(code => sameCode(errorCode, code))) {
    return `expected code ${show(errorCode)}, actual ${list(error.codes)}`;
  }
  if (errorCodeName !== undefined && !error.codeNames.includes(errorCodeName)) {
    return `expected code name ${errorCodeName}, actual ${list(error.codeNames)}`;
  }
  return null;
}

function matchLabels(expected: ExpectedError, { labels }: ObservedError): string | null {
  const missing = (expected.errorLabelsContain ?? []).filter(label => !labels.includes(label));
  if (missing.length > 0) return `expected label ${missing.join(', ')}, actual ${list(labels)}`;
  const unwanted = (expected.errorLabelsOmit ?? []).filter(label => labels.includes(label));
  if (unwanted.length > 0) return `expected no label ${unwanted.join(', ')}, actual ${list(labels)}`;
  return null;
}

function matchReplies(expected: ExpectedError, error: ObservedError, context: MatchContext): string | null {
  if ('errorResponse' in expected) {
    const mismatch = match(expected.errorResponse, error.response, context);
    if (mismatch !== null) return `errorResponse differs ${mismatch}`;
  }
  if (expected.writeErrors !== undefined) {
    const mismatch = matchWriteErrors(expected.writeErrors, error.writeErrors ?? {}, context);
    if (mismatch !== null) return mismatch;
  }
  if (expected.writeConcernErrors !== undefined) {
    // The documents of a root array are root documents, and its length is exact.
    const mismatch = match(expected.writeConcernErrors, error.writeConcernErrors ?? [], context);
    if (mismatch !== null) return `writeConcernErrors differ ${mismatch}`;
  }
  if ('expectResult' in expected) {
    const mismatch = match(expected.expectResult, error.partialResult, context);
    if (mismatch !== null) return `the partial result differs ${mismatch}`;
  }
  return null;
}

/** One error for each index that is named, and none for any other. */
function matchWriteErrors(expected: Doc, actual: Doc, context: MatchContext): string | null {
  const errors = fieldsOf(actual) ?? new Map<string, unknown>();
  for (const [index, value] of Object.entries(expected)) {
    const mismatch = match(value, errors.get(index), context);
    if (mismatch !== null) return `writeErrors.${index} differs ${mismatch}`;
  }
  const extra = [...errors.keys()].filter(index => !Object.hasOwn(expected, index));
  return extra.length === 0 ? null : `unexpected write errors at ${extra.join(', ')}`;
}

function contains(message: string, part: string): boolean {
  return message.toLowerCase().includes(part.toLowerCase());
}

function sameCode(expected: unknown, actual: unknown): boolean {
  const code = numericValue(expected);
  if (code === undefined) throw new Error(`errorCode takes a number, not ${show(expected)}`);
  return Number(numericValue(actual)) === Number(code);
}

function list(values: readonly unknown[]): string {
  return values.length === 0
    ? 'none'
    : values.map(value => (typeof value === 'string' ? value : show(value))).join(', ');
}
