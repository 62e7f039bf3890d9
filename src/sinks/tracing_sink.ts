import type { Document } from '../bson/index.js';
import type { CallContext } from '../call/call_context.js';
import { MongoError } from '../errors/base.js';
import { MongoMissingDependencyError } from '../errors/driver.js';
import { MongoOperationTimeoutError, type StageTiming } from '../errors/timeout.js';
import type { CommandFailedEvent, CommandStartedEvent, CommandSucceededEvent } from '../events/command.js';
import type { CommandFacts, EventCause } from '../events/event.js';
import type { MonitoringEventName, MonitoringEvents } from '../events/event_map.js';
import type {
  OperationFailedEvent,
  OperationRetriedEvent,
  OperationStartedEvent,
  OperationSucceededEvent,
} from '../events/operation.js';
import type { EventSink } from '../events/publisher.js';
import type { LoadPackage } from '../runtime/optional_package.js';
import { commandSpan, type NamedSpan, operationSpan, spanOperationOf } from './span_names.js';
import {
  CLIENT_KIND,
  ERROR_STATUS,
  loadTelemetryAPI,
  type Span,
  type TelemetryAPI,
  type TelemetryContext,
  type Tracer,
} from './telemetry_api.js';
import type { TracingSettings } from './tracing_options.js';
import { truncatedJSON } from './truncated_json.js';

const WANTED: ReadonlySet<MonitoringEventName> = new Set([
  'operationStarted',
  'operationSucceeded',
  'operationFailed',
  'operationRetried',
  'commandStarted',
  'commandSucceeded',
  'commandFailed',
]);

/** Of a stage that took less, the span of the operation says nothing. */
const LEAST_WAIT_MS = 1;

/** The span event at the end of a stage for which an operation waited. */
const STAGE_EVENTS: Readonly<Partial<Record<StageTiming['stage'], string>>> = {
  serverSelection: 'mongodb.server_selected',
  checkOut: 'mongodb.connection_checked_out',
};

/** More names of spans than programs have; of databases with random names, those are kept that came last. */
const MOST_NAMES = 1000;

/** What is known of a call that runs. */
class CallTrace {
  readonly operation: string;
  readonly startTime: Date;
  /** What was current where the call was made. */
  readonly parent: TelemetryContext;
  /** Null until the call has something to show: a call that sends nothing, such as a `next` that finds its document in a batch, has no span. */
  span: Span | null = null;
  /** That of the span. */
  context: TelemetryContext | null = null;
  /** It sends credentials, and is not shown at all. */
  isHidden = false;

  constructor(operation: string, startTime: Date, parent: TelemetryContext) {
    this.operation = operation;
    this.startTime = startTime;
    this.parent = parent;
  }
}

function traceOf({ trace }: CallContext): CallTrace | undefined {
  return (trace ?? undefined) as CallTrace | undefined;
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
export class TracingSink implements EventSink {
  readonly #api: TelemetryAPI;
  readonly #tracer: Tracer;
  readonly #queryTextMaxLength: number;
  /** Spans of commands that run, by the number of the request. */
  readonly #commands = new Map<number, Span>();
  /** By the session. */
  readonly #transactions = new WeakMap<object, TransactionTrace>();
  readonly #names = new Map<string, NamedSpan>();

  /**
   * The sink for these settings; null if they ask for no spans. If only the environment asks for them and the package is missing, that is a warning.
   *
   * @param version - of this package
   * @throws MongoMissingDependencyError if the program asks for spans, and the package `@opentelemetry/api` is not installed
   */
  static of(settings: TracingSettings, version: string, load?: LoadPackage): TracingSink | null {
    if (!settings.enabled) return null;
    try {
      return new TracingSink(loadTelemetryAPI('The option tracing', load), settings, version);
    } catch (error) {
      if (settings.isAskedFor || !(error instanceof MongoMissingDependencyError)) throw error;
      process.emitWarning(`${error.message}. The client goes on without spans`, 'MongoOptionWarning');
      return null;
    }
  }

  constructor(api: TelemetryAPI, { queryTextMaxLength, tracerProvider }: TracingSettings, version: string) {
    this.#api = api;
    this.#tracer = (tracerProvider ?? api.trace).getTracer('mongotempo', version) as Tracer;
    this.#queryTextMaxLength = queryTextMaxLength;
  }

  start(): void {
    // What it wants does not change.
  }

  wants(name: MonitoringEventName): boolean {
    return WANTED.has(name);
  }

  deliver<N extends MonitoringEventName>(name: N, event: MonitoringEvents[N], cause: EventCause | null): void {
    const context = cause?.context ?? null;
    if (cause === null || context === null) return;
    switch (name) {
      case 'operationStarted': {
        this.#callStarted(event as OperationStartedEvent, context);
        return;
      }
      case 'operationSucceeded':
      case 'operationFailed': {
        this.#callEnded(event as OperationSucceededEvent | OperationFailedEvent, context);
        return;
      }
      case 'operationRetried': {
        this.#retried(event as OperationRetriedEvent, context);
        return;
      }
      case 'commandStarted': {
        this.#commandStarted(event as CommandStartedEvent, context, cause.command);
        return;
      }
      case 'commandSucceeded':
      case 'commandFailed': {
        this.#commandEnded(event as CommandSucceededEvent | CommandFailedEvent);
        return;
      }
      default:
    }
  }

  // ── Operations

  #callStarted({ operationName, time }: OperationStartedEvent, context: CallContext): void {
    const operation = spanOperationOf(operationName);
    if (operation === null) {
      if (operationName === 'withTransaction') this.#beginTransaction(context, null);
      return;
    }
    const parent = this.#api.context.active();
    context.trace = new CallTrace(operation, time, parent);
  }

  #callEnded(event: OperationSucceededEvent | OperationFailedEvent, context: CallContext): void {
    const failure = event.name === 'operationFailed' ? { error: event.failure } : null;
    const trace = traceOf(context);
    if (trace !== undefined) {
      context.trace = null;
      if (failure !== null) this.#spanOf(trace, context, context.namespace);
      if (trace.span !== null) endOperation(trace.span, trace.startTime.getTime(), event, failure);
    }
    const { operationName, transaction } = context;
    if (transaction !== null && ENDS_TRANSACTION.has(operationName)) {
      this.#endTransaction(transaction, operationName === 'withTransaction', failure);
    }
  }

  /** The span of a call, which begins when there is something to show; null if it must not be shown. */
  #spanOf(trace: CallTrace, context: CallContext, namespace: string): Span | null {
    if (trace.isHidden || trace.span !== null) return trace.span;
    const { name, attributes } = this.#named(`${trace.operation} ${namespace}`, () =>
      operationSpan(trace.operation, namespace),
    );
    const parent = this.#transactionOf(context)?.context ?? trace.parent;
    const { startTime } = trace;
    trace.span = this.#tracer.startSpan(name, { kind: CLIENT_KIND, attributes, startTime }, parent);
    // By this a span is joined with events, the log and errors.
    trace.span.setAttribute('mongodb.operation_id', context.operationId);
    trace.context = this.#api.trace.setSpan(parent, trace.span);
    return trace.span;
  }

  #retried({ commandName, attempt, address, failure, backoffMS }: OperationRetriedEvent, context: CallContext): void {
    const trace = traceOf(context);
    if (trace === undefined) return;
    this.#spanOf(trace, context, context.namespace)?.addEvent('mongodb.retry', {
      ...{ 'db.command.name': commandName, 'mongodb.attempt': attempt, 'error.type': failure.name },
      ...(address !== undefined && { 'mongodb.address': address }),
      'mongodb.backoff_ms': backoffMS,
    });
  }

  // ── Commands

  #commandStarted(event: CommandStartedEvent, context: CallContext, facts: CommandFacts | undefined): void {
    const trace = traceOf(context);
    if (event.redacted) {
      if (trace !== undefined) trace.isHidden ||= trace.span === null;
      return;
    }
    const namespace = facts?.namespace ?? event.databaseName;
    const operation = trace === undefined ? null : this.#spanOf(trace, context, fuller(context.namespace, namespace));
    if (operation !== null && !operation.isRecording()) return;
    const parent = trace?.context ?? this.#transactionOf(context)?.context ?? this.#api.context.active();
    const { commandName, address } = event;
    const { name, attributes } = this.#named(`${commandName} ${namespace} ${address}`, () =>
      commandSpan(commandName, namespace, address),
    );
    const span = this.#tracer.startSpan(name, { kind: CLIENT_KIND, attributes }, parent);
    if (span.isRecording()) this.#describe(span, event, facts);
    this.#commands.set(event.requestId, span);
  }

  #describe(span: Span, event: CommandStartedEvent, facts: CommandFacts | undefined): void {
    span.setAttribute('db.mongodb.driver_connection_id', event.connectionId);
    if (event.serverConnectionId !== null) {
      span.setAttribute('db.mongodb.server_connection_id', Number(event.serverConnectionId));
    }
    const lsid = facts?.sessionId;
    if (lsid !== undefined) span.setAttribute('db.mongodb.lsid', lsid);
    if (facts !== undefined && facts.txnNumber > 0) span.setAttribute('db.mongodb.txn_number', facts.txnNumber);
    if (event.commandName === 'getMore') setCursorId(span, event.command['getMore'] as bigint | number);
    const most = this.#queryTextMaxLength;
    if (most > 0) span.setAttribute('db.query.text', truncatedJSON(withoutSession(event.command), most));
  }

  #commandEnded(event: CommandSucceededEvent | CommandFailedEvent): void {
    const span = this.#commands.get(event.requestId);
    if (span === undefined) return;
    this.#commands.delete(event.requestId);
    if (span.isRecording()) {
      if (event.name === 'commandFailed') fail(span, event.failure);
      else if (event.cursorId !== undefined) setCursorId(span, event.cursorId);
    }
    span.end();
  }

  // ── Transactions

  /** The span of the transaction that a call is part of; begun with its first call that sends something. */
  #transactionOf(context: CallContext): TransactionTrace | null {
    const { transaction } = context;
    if (transaction === null) return null;
    const known = this.#transactions.get(transaction);
    if (known?.number === null) return known;
    // What ends a transaction is part of it, also if it is tried again; another operation of the session is not, once the transaction is over.
    const isPart = transaction.isActive || ENDS_TRANSACTION.has(context.operationName);
    if (known !== undefined && known.number === transaction.number) return isPart ? known : null;
    return isPart ? this.#beginTransaction(context, transaction.number) : null;
  }

  #beginTransaction({ transaction }: CallContext, number: number | null): TransactionTrace | null {
    if (transaction === null) return null;
    const active = this.#api.context.active();
    const attributes = { 'db.system.name': 'mongodb' };
    const span = this.#tracer.startSpan('transaction', { kind: CLIENT_KIND, attributes }, active);
    const trace = { number, span, context: this.#api.trace.setSpan(active, span) };
    this.#transactions.set(transaction, trace);
    return trace;
  }

  #endTransaction(transaction: object, isWhole: boolean, failure: Failure | null): void {
    const trace = this.#transactions.get(transaction);
    // What commits or aborts in a `withTransaction` does not end it.
    if (trace === undefined || (trace.number === null) !== isWhole) return;
    if (isWhole) this.#transactions.delete(transaction);
    if (!trace.span.isRecording()) return;
    if (failure !== null) fail(trace.span, failure.error);
    trace.span.end();
  }

  /** Spans of the same name have the same attributes, which are made once. */
  #named(key: string, make: () => NamedSpan): NamedSpan {
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    if (this.#names.size >= MOST_NAMES) this.#names.clear();
    const made = make();
    this.#names.set(key, made);
    return made;
  }
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
  const isCollection = ofCommand.startsWith(`${ofCall}.`) && !ofCommand.slice(ofCall.length + 1).startsWith('$cmd');
  return isCollection ? ofCommand : ofCall;
}

function endOperation(
  span: Span,
  startTime: number,
  { timings, durationMS }: OperationSucceededEvent | OperationFailedEvent,
  failure: Failure | null,
): void {
  if (span.isRecording()) {
    let at = startTime;
    // The stage in which it failed was not left.
    for (const { stage, durationMS: waitedMS } of failure === null ? timings : timings.slice(0, -1)) {
      at += waitedMS;
      const name = waitedMS < LEAST_WAIT_MS ? undefined : STAGE_EVENTS[stage];
      if (name !== undefined) span.addEvent(name, { 'mongodb.wait_ms': waitedMS }, at);
    }
    if (failure !== null) fail(span, failure.error, startTime + durationMS);
  }
  span.end(startTime + durationMS);
}

/** Source: OpenTelemetry, "Exceptions". */
function fail(span: Span, thrown: unknown, time?: number): void {
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
