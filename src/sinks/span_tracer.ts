import type { Document } from '../bson/index.js';
import type { Call } from '../call/call.js';
import { MongoError } from '../errors/base.js';
import { MongoMissingDependencyError } from '../errors/driver.js';
import { MongoOperationTimeoutError, type StageTiming } from '../errors/timeout.js';
import type { CommandEventFields } from '../events/command.js';
import type { CommandFacts, CommandTrace, Tracer } from '../events/tracer.js';
import type { Clock } from '../runtime/clock.js';
import type { LoadPackage } from '../runtime/optional_package.js';
import { commandSpan, operationSpan, SpanTable, spanOperationOf } from './span_names.js';
import {
  CLIENT_KIND,
  ERROR_STATUS,
  type HrTime,
  loadTelemetryAPI,
  type Span,
  type TelemetryAPI,
  type TelemetryContext,
  type Tracer as TelemetryTracer,
} from './telemetry_api.js';
import type { TracingSettings } from './tracing_options.js';
import { truncatedJSON } from './truncated_json.js';

const TRACER = 'mongotempo';

const MS_PER_SECOND = 1000;
const NS_PER_MS = 1e6;

/** Of a stage that took less, the span of the operation says nothing. */
const LEAST_WAIT_MS = 1;

/** The span event at the end of a stage for which an operation waited. */
const STAGE_EVENTS: Readonly<Partial<Record<StageTiming['stage'], string>>> = {
  serverSelection: 'mongodb.server_selected',
  checkOut: 'mongodb.connection_checked_out',
};

/** What is known of a call that runs. */
class CallTrace {
  readonly operation: string;
  /** By the system's clock, in milliseconds. */
  readonly startTime: number;
  /** What was current where the call was made. */
  readonly parent: TelemetryContext;
  /** Null until the call has something to show: a call that sends nothing, such as a `next` that finds its document in a batch, has no span. */
  span: Span | null = null;
  /** That of the span. */
  context: TelemetryContext | null = null;
  /** It sends credentials, and is not shown at all. */
  isHidden = false;

  constructor(operation: string, startTime: number, parent: TelemetryContext) {
    this.operation = operation;
    this.startTime = startTime;
    this.parent = parent;
  }
}

function traceOf({ whole }: Call): CallTrace | null {
  return whole.trace as CallTrace | null;
}

/** The span of a transaction. */
interface TransactionTrace {
  /** Which transaction of its session it is; null for all of a `withTransaction`. */
  readonly number: number | null;
  readonly span: Span;
  readonly context: TelemetryContext;
}

/**
 * Spans of OpenTelemetry: one for each operation, below it one for each attempt to run a command, and above it one for its transaction.
 *
 * Source: OpenTelemetry.
 */
export class SpanTracer implements Tracer {
  readonly #api: TelemetryAPI;
  readonly #tracer: TelemetryTracer;
  readonly #version: string;
  readonly #clock: Clock;
  readonly #queryTextMaxLength: number;
  /** By the session. */
  readonly #transactions = new WeakMap<object, TransactionTrace>();
  /** Spans of transactions that have not ended: closing the client ends them. */
  readonly #openTransactions = new Set<Span>();
  readonly #operationSpans = new SpanTable(operationSpan);
  readonly #commandSpans = new SpanTable(commandSpan);
  #isActive: boolean;

  /**
   * The tracer for these settings; null if they ask for no spans. If only the environment asks for them and the package is missing, that is a warning.
   *
   * @param version - of this package
   * @throws MongoMissingDependencyError if the program asks for spans, and the package `@opentelemetry/api` is not installed
   */
  static of(settings: TracingSettings, version: string, clock: Clock, load?: LoadPackage): SpanTracer | null {
    if (!settings.enabled) return null;
    try {
      return new SpanTracer(loadTelemetryAPI('The option tracing', load), settings, version, clock);
    } catch (error) {
      if (settings.isAskedFor || !(error instanceof MongoMissingDependencyError)) throw error;
      process.emitWarning(`${error.message}. The client goes on without spans`, 'MongoOptionWarning');
      return null;
    }
  }

  constructor(
    api: TelemetryAPI,
    { queryTextMaxLength, tracerProvider }: TracingSettings,
    version: string,
    clock: Clock,
  ) {
    this.#api = api;
    this.#tracer = (tracerProvider ?? api.trace).getTracer(TRACER, version) as TelemetryTracer;
    this.#isActive = tracerProvider !== undefined;
    this.#version = version;
    this.#clock = clock;
    this.#queryTextMaxLength = queryTextMaxLength;
  }

  /** Until an SDK is registered, spans go nowhere: to make them all the same took 9 µs for a findOne. */
  get isActive(): boolean {
    return this.#isActive || (this.#isActive = isRegistered(this.#api, this.#version));
  }

  // ── Operations

  callStarted(call: Call): void {
    const operation = spanOperationOf(call.name);
    if (operation === null) {
      if (call.name === 'withTransaction') this.#beginTransaction(call, null);
      return;
    }
    call.trace = new CallTrace(operation, this.#clock.wallTime(), this.#api.context.active());
  }

  callSucceeded(call: Call): void {
    this.#callEnded(call, null);
  }

  callFailed(call: Call, failure: unknown): void {
    this.#callEnded(call, { error: failure });
  }

  #callEnded(call: Call, failure: Failure | null): void {
    const trace = traceOf(call);
    if (trace !== null) {
      call.trace = null;
      if (failure !== null) this.#spanOf(trace, call, call.namespace);
      if (trace.span !== null) endOperation(trace.span, trace.startTime, call, failure);
    }
    const { name, transaction } = call;
    if (name === 'close') this.#endAllTransactions();
    if (transaction !== null && ENDS_TRANSACTION.has(name)) {
      this.#endTransaction(transaction, name === 'withTransaction', failure);
    }
  }

  /** The span of a call, which begins when there is something to show; null if it must not be shown. */
  #spanOf(trace: CallTrace, call: Call, namespace: string): Span | null {
    if (trace.isHidden || trace.span !== null) return trace.span;
    const { name, attributes, details } = this.#operationSpans.get(trace.operation, namespace, '');
    const parent = this.#transactionOf(call)?.context ?? trace.parent;
    const startTime = hrTime(trace.startTime);
    trace.span = this.#tracer.startSpan(name, { kind: CLIENT_KIND, attributes, startTime }, parent);
    for (const [key, value] of details) trace.span.setAttribute(key, value);
    // By this a span is joined with events, the log and errors.
    trace.span.setAttribute('mongodb.operation_id', call.operationId);
    trace.context = this.#api.trace.setSpan(parent, trace.span);
    return trace.span;
  }

  retried(
    call: Call,
    commandName: string,
    attempt: number,
    address: string | undefined,
    failure: Error,
    backoffMS: number,
  ): void {
    const trace = traceOf(call);
    if (trace === null) return;
    this.#spanOf(trace, call.whole, call.namespace)?.addEvent('mongodb.retry', {
      ...{ 'db.command.name': commandName, 'mongodb.attempt': attempt, 'error.type': failure.name },
      ...(address !== undefined && { 'mongodb.address': address }),
      'mongodb.backoff_ms': backoffMS,
    });
  }

  // ── Commands

  commandStarted(call: Call, fields: CommandEventFields, facts: CommandFacts): CommandTrace | null {
    // The driver's own work.
    if (call.operationId === 0) return null;
    const { whole } = call;
    const trace = traceOf(call);
    if (fields.redacted) {
      if (trace !== null) trace.isHidden ||= trace.span === null;
      return null;
    }
    const { namespace } = facts;
    const operation = trace === null ? null : this.#spanOf(trace, whole, fuller(whole.namespace, namespace));
    if (operation !== null && !operation.isRecording()) return null;
    const parent = trace?.context ?? this.#transactionOf(whole)?.context ?? this.#api.context.active();
    const { name, attributes, details } = this.#commandSpans.get(fields.commandName, namespace, fields.address);
    const span = this.#tracer.startSpan(name, { kind: CLIENT_KIND, attributes }, parent);
    if (!span.isRecording()) return span;
    for (const [key, value] of details) span.setAttribute(key, value);
    this.#describe(span, fields, facts);
    return span;
  }

  #describe(
    span: Span,
    { connectionId, serverConnectionId, commandName }: CommandEventFields,
    facts: CommandFacts,
  ): void {
    span.setAttribute('db.mongodb.driver_connection_id', connectionId);
    if (serverConnectionId !== null) {
      span.setAttribute('db.mongodb.server_connection_id', Number(serverConnectionId));
    }
    const { sessionId, txnNumber, body } = facts;
    if (sessionId !== undefined) span.setAttribute('db.mongodb.lsid', sessionId);
    if (txnNumber > 0) span.setAttribute('db.mongodb.txn_number', txnNumber);
    if (commandName === 'getMore') setCursorId(span, body['getMore'] as bigint | number);
    const most = this.#queryTextMaxLength;
    if (most > 0) span.setAttribute('db.query.text', truncatedJSON(withoutSession(facts.shown()), most));
  }

  commandSucceeded(trace: CommandTrace, cursorId: bigint | undefined): void {
    const span = trace as Span;
    if (cursorId !== undefined && span.isRecording()) setCursorId(span, cursorId);
    span.end();
  }

  commandFailed(trace: CommandTrace, failure: Error): void {
    const span = trace as Span;
    if (span.isRecording()) fail(span, failure);
    span.end();
  }

  // ── Transactions

  /** The span of the transaction that a call is part of; begun with its first call that sends something. */
  #transactionOf(call: Call): TransactionTrace | null {
    const { transaction } = call;
    if (transaction === null) return null;
    const known = this.#transactions.get(transaction);
    if (known?.number === null) return known;
    // What ends a transaction is part of it, also if it is tried again; another operation of the session is not, once the transaction is over.
    const isPart = transaction.isActive || ENDS_TRANSACTION.has(call.name);
    if (known !== undefined && known.number === transaction.number) return isPart ? known : null;
    return isPart ? this.#beginTransaction(call, transaction.number) : null;
  }

  #beginTransaction({ transaction }: Call, number: number | null): TransactionTrace | null {
    if (transaction === null) return null;
    const active = this.#api.context.active();
    const attributes = { 'db.system.name': 'mongodb' };
    const span = this.#tracer.startSpan('transaction', { kind: CLIENT_KIND, attributes }, active);
    const trace = { number, span, context: this.#api.trace.setSpan(active, span) };
    this.#transactions.set(transaction, trace);
    this.#openTransactions.add(span);
    return trace;
  }

  /** A client that was closed has aborted its transactions. */
  #endAllTransactions(): void {
    for (const span of this.#openTransactions) span.end();
    this.#openTransactions.clear();
  }

  #endTransaction(transaction: object, isWhole: boolean, failure: Failure | null): void {
    const trace = this.#transactions.get(transaction);
    // What commits or aborts in a `withTransaction` does not end it.
    if (trace === undefined || (trace.number === null) !== isWhole) return;
    if (isWhole) this.#transactions.delete(transaction);
    this.#openTransactions.delete(trace.span);
    if (!trace.span.isRecording()) return;
    if (failure !== null) fail(trace.span, failure.error);
    trace.span.end();
  }
}

/** Whether a provider is registered. An API that does not tell counts as if one were. */
function isRegistered({ trace }: TelemetryAPI, version: string): boolean {
  const provider = trace.getTracerProvider?.();
  return provider?.getDelegateTracer === undefined || provider.getDelegateTracer(TRACER, version) !== undefined;
}

const ENDS_TRANSACTION: ReadonlySet<string> = new Set([
  'withTransaction',
  'commitTransaction',
  'abortTransaction',
  'endSession',
]);

/** What a call failed with, which may be any value. */
interface Failure {
  readonly error: unknown;
}

/** A method of a database may be about a collection, which its command names. */
function fuller(ofCall: string, ofCommand: string): string {
  if (ofCall === ofCommand) return ofCall;
  const isCollection = ofCommand.startsWith(`${ofCall}.`) && !ofCommand.slice(ofCall.length + 1).startsWith('$cmd');
  return isCollection ? ofCommand : ofCall;
}

function endOperation(span: Span, startTime: number, { deadline }: Call, failure: Failure | null): void {
  const { timings, recordedMS } = deadline.ledger;
  if (span.isRecording()) {
    let at = startTime;
    // The stage in which it failed was not left.
    const left = failure === null ? timings.length : timings.length - 1;
    for (const [index, { stage, durationMS }] of timings.entries()) {
      if (index === left) break;
      at += durationMS;
      const name = durationMS < LEAST_WAIT_MS ? undefined : STAGE_EVENTS[stage];
      if (name !== undefined) span.addEvent(name, { 'mongodb.wait_ms': durationMS }, hrTime(at));
    }
    if (failure !== null) fail(span, failure.error, hrTime(startTime + recordedMS));
  }
  span.end(hrTime(startTime + recordedMS));
}

/** The form of a time that the SDK keeps as it is. Of a number it would look at the clock, to see which clock it is by. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / MS_PER_SECOND);
  return [seconds, Math.round((ms - seconds * MS_PER_SECOND) * NS_PER_MS)];
}

/** Source: OpenTelemetry, "Exceptions". */
function fail(span: Span, thrown: unknown, time?: HrTime): void {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { name, message, stack } = error;
  if (error instanceof MongoOperationTimeoutError) {
    span.addEvent('mongodb.timeout', { 'mongodb.timeout.phase': error.phase ?? 'unknown' }, time);
  }
  span.setAttributes({
    ...{ 'exception.type': name, 'exception.message': message, 'error.type': name },
    ...(stack !== undefined && { 'exception.stacktrace': stack }),
    ...(error instanceof MongoError && error.code !== undefined && { 'db.response.status_code': String(error.code) }),
  });
  span.recordException(stack === undefined ? { name, message } : { name, message, stack });
  span.setStatus({ code: ERROR_STATUS, message });
}

function setCursorId(span: Span, id: bigint | number): void {
  // Attributes have no 64-bit integers that are exact.
  span.setAttribute('db.mongodb.cursor_id', Number(id));
}

/** Source: OpenTelemetry, "db.query.text". */
function withoutSession(command: Document): Document {
  const { lsid: _lsid, $db: _db, $clusterTime: _clusterTime, signature: _signature, ...rest } = command;
  return rest;
}
