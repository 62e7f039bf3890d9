/** The part of the driver in which an operation was when it failed or ran out of time. */
export type OperationPhase =
  | 'serverSelection'
  | 'checkOut'
  | 'resolve'
  | 'connect'
  | 'proxy'
  | 'tls'
  | 'hello'
  | 'auth'
  | 'preSend'
  | 'write'
  | 'read'
  | 'server'
  | 'backoff'
  | 'caller';

/** A server's topologyVersion as it stands in a reply (SDAM, "topologyVersion"). */
export interface ErrorTopologyVersion {
  readonly processId: unknown;
  readonly counter: unknown;
}

/** What an error of this driver can say about the place where it happened. */
export interface ErrorDetails {
  cause?: unknown;
  /** `host:port`, or the path of a Unix socket. */
  host?: string;
  /** `database.collection`, or `database` for a command on a whole database. */
  namespace?: string;
  phase?: OperationPhase;
  labels?: Iterable<string>;
}

/** Own property of each class of ours: the key under which its instances carry the class's brand. */
const BRAND = Symbol.for('mongotempo.brand');

/**
 * Gives an error class its name and a brand in the global symbol registry, so that `instanceof` holds for errors of a second copy of
 * this package (two versions in one `node_modules` are common). A subclass that a user writes has no brand of its own and is
 * compared by prototype as usual.
 *
 * @internal
 */
export function brand(errorClass: { readonly prototype: MongoError }, name: string): void {
  const key = Symbol.for(`mongotempo.${name}`);
  Object.defineProperty(errorClass, BRAND, { value: key });
  Object.defineProperty(errorClass.prototype, key, { value: true });
  Object.defineProperty(errorClass.prototype, 'name', { value: name, configurable: true, writable: true });
}

/** Makes an error an instance of another class too, by the brand of that. */
export function brandAlso(error: MongoError, name: string): void {
  Object.defineProperty(error, Symbol.for(`mongotempo.${name}`), { value: true });
}

/** Errors whose JSON is being made. */
const BEING_SHOWN = new WeakSet<MongoError>();

/**
 * The base of every error that this driver throws.
 *
 * Decide by class, {@link MongoError.code} and {@link MongoError.hasErrorLabel}, never by the text of the message.
 *
 * @public
 */
export class MongoError extends Error {
  /** A number in errors that a server sent, a string in some errors of the driver. */
  declare code?: number | string;
  /** The server's topologyVersion at the time of the error, when it sent one. */
  declare topologyVersion?: ErrorTopologyVersion;
  /** Generation of the pool to which the failed connection belonged. */
  declare connectionGeneration?: number;
  declare cause?: Error;
  /** `host:port` of the server concerned, or the path of its Unix socket. Absent when no server was involved. */
  declare host?: string;
  /** `database.collection` of the operation, or `database`. Absent outside operations. */
  declare namespace?: string;
  /** Where in the driver the operation was when it failed. */
  declare phase?: OperationPhase;
  /** The operation that failed: `operationId` of its events. Absent outside operations. */
  declare operationId?: number;
  /** The connection that failed, or on which the server answered: `connectionId` of its events. Absent if there was none yet. */
  declare connectionId?: number;
  /**
   * The same connection by the server's number, which stands in the server's logs. Absent if the server did not tell it. Not enumerable:
   * a logger that writes all fields as JSON would throw at a bigint.
   */
  declare serverConnectionId?: bigint;
  /** @internal */
  readonly errorLabelSet: Set<string>;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.errorLabelSet = new Set(details.labels);
    if (details.host !== undefined) this.host = details.host;
    if (details.namespace !== undefined) this.namespace = details.namespace;
    if (details.phase !== undefined) this.phase = details.phase;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (typeof value !== 'object' || value === null) return false;
    const key: unknown = Object.hasOwn(this, BRAND) ? (this as unknown as Record<symbol, unknown>)[BRAND] : undefined;
    if (typeof key === 'symbol') return (value as Record<symbol, unknown>)[key] === true;
    return Object.prototype.isPrototypeOf.call(this.prototype, value);
  }

  /** Labels of this error: those that the server sent and those that the driver added. */
  get errorLabels(): string[] {
    return [...this.errorLabelSet];
  }

  /** The message, under the name that servers use in their replies. */
  get errmsg(): string {
    return this.message;
  }

  /** Whether this error carries a label; see {@link MongoErrorLabel} for those that have a meaning. */
  hasErrorLabel(label: string): boolean {
    return this.errorLabelSet.has(label);
  }

  addErrorLabel(label: string): void {
    this.errorLabelSet.add(label);
  }

  /**
   * What `JSON.stringify` writes: `name`, `message`, the fields, `errorLabels` if there are any, and `cause` as text. Never throws: integers of
   * 64 bits become numbers, or strings where a number would not be exact.
   */
  toJSON(): Record<string, unknown> {
    const { errorLabelSet, ...fields } = this;
    const shown: Record<string, unknown> = { name: this.name, message: this.message };
    // A field may lead back to this error.
    if (BEING_SHOWN.has(this)) return shown;
    if (errorLabelSet.size > 0) shown['errorLabels'] = this.errorLabels;
    if (this.cause instanceof Error) shown['cause'] = `${this.cause.name}: ${this.cause.message}`;
    BEING_SHOWN.add(this);
    const own = jsonOf(fields);
    BEING_SHOWN.delete(this);
    return { ...own, ...shown };
  }

  static {
    brand(this, 'MongoError');
  }
}

/** Fields as JSON holds them; none if they cannot be shown, such as a circle of objects that a user made. */
function jsonOf(fields: object): object {
  try {
    return JSON.parse(JSON.stringify(fields, exactInteger)) as object;
  } catch {
    return {};
  }
}

function exactInteger(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

/** By what an error can be joined with the events of its operation. */
export interface ErrorOrigin {
  readonly operationId?: number | undefined;
  readonly connectionId?: number | undefined;
  readonly serverConnectionId?: bigint | null | undefined;
}

/** Puts on an error where it comes from, as far as it does not say so already. */
export function setOrigin(error: unknown, { operationId, connectionId, serverConnectionId }: ErrorOrigin): void {
  if (!(error instanceof MongoError)) return;
  if (operationId !== undefined) error.operationId ??= operationId;
  // Both or neither: two connections must not be mixed up.
  if (connectionId === undefined || error.connectionId !== undefined) return;
  error.connectionId = connectionId;
  if (typeof serverConnectionId !== 'bigint') return;
  Object.defineProperty(error, 'serverConnectionId', { value: serverConnectionId, configurable: true, writable: true });
}

/** @public */
export type AnyError = MongoError | Error;
