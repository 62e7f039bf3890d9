import { brand, type ErrorDetails, MongoError } from './base.js';

/** The fields of a failed reply that drivers know; a reply may hold more. @public */
export interface ErrorDescription {
  message?: string;
  errmsg?: string;
  $err?: string;
  code?: number;
  codeName?: string;
  errorLabels?: string[];
  errInfo?: Record<string, unknown>;
  [key: string]: unknown;
}

/** A reply that holds a `writeConcernError`. @public */
export interface WriteConcernErrorResult {
  writeConcernError: {
    code: number;
    errmsg: string;
    codeName?: string;
    errInfo?: Record<string, unknown>;
    errorLabels?: string[];
  };
  ok: number;
  code?: number;
  errorLabels?: string[];
  [key: string]: unknown;
}

/** Names that mean something else on an error than they do in a reply. */
const NOT_COPIED: ReadonlySet<string> = new Set([
  'errorLabels',
  'host',
  'namespace',
  'phase',
  'cause',
  'connectionGeneration',
  'operationId',
  'connectionId',
  'serverConnectionId',
  'maybeApplied',
  '__proto__',
]);

/** Fields that the driver and its users act upon: of another type they say nothing. The reply itself keeps them. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['code', 'number'],
  ['codeName', 'string'],
]);

/**
 * A server answered a command with an error.
 *
 * `code` and `codeName` are the server's, and so is the message. The whole reply is in {@link MongoServerError.errorResponse}; its
 * fields are also copied onto the error itself.
 *
 * @public
 */
export class MongoServerError extends MongoError {
  /** The reply as the server sent it. */
  readonly errorResponse: ErrorDescription;
  declare codeName?: string;
  declare writeConcernError?: Record<string, unknown>;
  declare errInfo?: Record<string, unknown>;
  declare ok?: number;
  // As in the official driver, fields of the reply are read from the error itself.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  [key: string]: any;

  constructor(reply: ErrorDescription, details: ErrorDetails = {}) {
    super(firstText(reply.message, reply.errmsg, reply.$err), {
      ...details,
      labels: [...(details.labels ?? []), ...texts(reply.errorLabels)],
    });
    this.errorResponse = reply;
    for (const [name, value] of Object.entries(reply)) {
      const type = TYPES.get(name);
      if (NOT_COPIED.has(name) || name in this || (type !== undefined && typeof value !== type) || Number.isNaN(value))
        continue;
      this[name] = value;
    }
  }

  static {
    brand(this, 'MongoServerError');
  }
}

/** A reply is whatever its sender made of it: nothing is taken for text that is none. */
function firstText(...values: unknown[]): string {
  return values.find((value): value is string => typeof value === 'string' && value !== '') ?? 'n/a';
}

function texts(values: unknown): string[] {
  return Array.isArray(values) ? values.filter(value => typeof value === 'string') : [];
}

/**
 * A write was carried out and its write concern was not satisfied.
 *
 * @public
 */
export class MongoWriteConcernError extends MongoServerError {
  /** The reply of the write, which says what was written. */
  readonly result: WriteConcernErrorResult;

  constructor(result: WriteConcernErrorResult, details?: ErrorDetails) {
    // Servers before 4.4 put labels into neither, newer ones beside the error or into it.
    const errorLabels = [...texts(result.errorLabels), ...texts(result.writeConcernError.errorLabels)];
    super({ ...result, ...result.writeConcernError, ...(errorLabels.length > 0 && { errorLabels }) }, details);
    if (result.writeConcernError.errInfo !== undefined) this.errInfo = result.writeConcernError.errInfo;
    this.result = result;
  }

  static {
    brand(this, 'MongoWriteConcernError');
  }
}
