import type { BSONSerializeOptions, Document } from '../bson/index.js';
import { clientBulkWrite } from '../bulk/client_bulk_write.js';
import type { ClientBulkWriteResult } from '../bulk/client_result.js';
import { budgetAt } from '../call/budget.js';
import type { Call, StageLimits } from '../call/call.js';
import { Lifetime } from '../call/lifetime.js';
import type { SharedDeadline } from '../call/shared_deadline.js';
import { checkOptionNames } from '../commands/check_options.js';
import type { ClientBulkWriteOptions } from '../commands/client_bulk_write.js';
import { endTransaction } from '../commands/end_transaction.js';
import { withId } from '../commands/insert.js';
import type { Abortable, OperationOptions } from '../commands/options.js';
import type { ReadConcern } from '../concern/read_concern.js';
import type { ReadPreference } from '../concern/read_preference.js';
import type { ServerApi } from '../concern/server_api.js';
import type { WriteConcern } from '../concern/write_concern.js';
import type { TopologyDescription } from '../description/topology_description.js';
import { MongoAPIError, MongoInvalidArgumentError } from '../errors/driver.js';
import type { MonitoringEventListeners } from '../events/event_map.js';
import { EventPublisher, OperationIds } from '../events/publisher.js';
import { TypedEventEmitter } from '../events/typed_event_emitter.js';
import type { Engine } from '../executor/engine.js';
import { appendMetadata, clientMetadata, DRIVER_VERSION } from '../pool/client_metadata.js';
import type { PoolStats } from '../pool/pool.js';
import { type Clock, systemClock } from '../runtime/clock.js';
import { type DNSResolver, systemResolver } from '../runtime/dns.js';
import { systemEnvironment } from '../runtime/host.js';
import { isGiven, ownOptions } from '../runtime/own_options.js';
import { systemRandom } from '../runtime/random.js';
import { openSocket } from '../runtime/socket_transport.js';
import { ClientSession, type SessionClient } from '../sessions/client_session.js';
import { ServerSessionPool } from '../sessions/server_session_pool.js';
import { type ClientSessionOptions, sessionSettings } from '../sessions/session_options.js';
import { SessionState } from '../sessions/session_state.js';
import { ChannelSink } from '../sinks/channel_sink.js';
import { EmitterSink } from '../sinks/emitter_sink.js';
import { ListenerGuard } from '../sinks/listener_guard.js';
import { SeverityLevel } from '../sinks/log_options.js';
import { logSettings, logsAnything } from '../sinks/log_settings.js';
import { LogSink } from '../sinks/log_sink.js';
import { MetricsSink } from '../sinks/metrics_sink.js';
import { MonitorSink } from '../sinks/monitor_sink.js';
import { PatchedSink } from '../sinks/patched_sink.js';
import { SpanTracer } from '../sinks/span_tracer.js';
import { StatisticsSink } from '../sinks/statistics_sink.js';
import { tracingSettings } from '../sinks/tracing_options.js';
import type { ChangeStreamDocument } from '../types/change_stream.js';
import type { MongoClientOptions } from '../uri/client_options.js';
import { refuseTLSInTheClear } from '../uri/conflicts.js';
import { type MongoOptions, mongoOptions } from '../uri/mongo_options.js';
import type { DriverInfo } from '../uri/option_types.js';
import { resolveOptions } from '../uri/resolve.js';
import type { ResolvedOptions } from '../uri/resolved_options.js';
import type { ClientBulkWriteModel } from './bulk_write_models.js';
import type { ClientStatistics } from './client_statistics.js';
import type { Collection } from './collection.js';
import { noteOnService } from './compatible_service.js';
import { ChangeStream, type ChangeStreamOptions } from './cursors/change_stream.js';
import { Db, type DbOptions } from './db.js';
import { beginTidyUp, enter, type Place, runSteps } from './door.js';
import type { Effects } from './engine.js';
import { warnOfForeignInstrumentation } from './foreign_instrumentation.js';
import { adminContext, clientContext, type Inherited } from './inherit.js';
import { CLOSE_TIMEOUT_MS, ClientLifecycle } from './lifecycle.js';
import { refuseUnsupported } from './unsupported.js';

/** @public */
export type MongoClientEvents = MonitoringEventListeners & {
  /** The client is connected: `connect` succeeded, or the first operation has a connection. Once, until the client is closed. */
  open(client: MongoClient): void;
  close(): void;
  error(error: Error): void;
  timeout(): void;
};

/** @public */
export type WithSessionCallback<T = unknown> = (session: ClientSession) => Promise<T>;

/** @public */
export interface ConnectOptions extends Abortable {
  /**
   * Milliseconds until the client is connected. Default: `timeoutMS` of the client; without one, `serverSelectionTimeoutMS` limits the wait for a
   * server, `connectTimeoutMS` each step of connecting, and `waitQueueTimeoutMS` the wait for the connection.
   */
  timeoutMS?: number;
  /** A deadline that the call shares with others. */
  deadline?: SharedDeadline;
  /** Which servers will do. Default: that of the client. */
  readPreference?: ReadPreference;
}

/** @public */
export interface CloseOptions extends Abortable {
  /**
   * Milliseconds that all of `close` may take; 0 is no limit for aborting transactions. Default: `timeoutMS` of the client, and at most
   * 5 seconds.
   */
  timeoutMS?: number;
  /** Whose whole time `close` has, if no `timeoutMS` is given: also if it is over. */
  deadline?: SharedDeadline;
}

/** What it works with; tests pass their own. */
export interface ClientEffects extends Effects {
  readonly resolver: DNSResolver;
}

/** How many warnings about its options a client prints. */
const MOST_WARNINGS = 10;

const SYSTEM: ClientEffects = Object.freeze({
  clock: systemClock,
  random: systemRandom,
  open: openSocket,
  resolver: systemResolver,
});

// Here and not there, since those files cannot import this one: that would be a cycle.
declare module './db.js' {
  interface Db {
    readonly client: MongoClient;
  }
}

declare module './cursors/change_stream.js' {
  interface ChangeStreamParents {
    client: MongoClient;
    database: Db;
    collection: Collection;
  }
}

declare module '../sinks/channel_messages.js' {
  interface MongoMessageOrigin {
    readonly client: MongoClient;
  }
}

/**
 * A client of one MongoDB deployment, with its pools of connections. Make one for a process and close it at the end.
 *
 * @example
 * ```ts
 * await using client = new MongoClient('mongodb://db1:27017', { timeoutMS: 500 });
 * client.on('commandFailed', event => console.error(event.commandName, event.failure.message));
 * await client.db('shop').collection('orders').insertOne({ item: 'tea', quantity: 2 });
 * ```
 *
 * @public
 */
export class MongoClient extends TypedEventEmitter<MongoClientEvents> {
  /** What databases and operations inherit. @internal */
  readonly context: Inherited;
  readonly #emitterSink: EmitterSink;
  /** @internal */
  readonly publisher: EventPublisher;
  /** Counts for `stats`; null without the option. */
  readonly #statistics: StatisticsSink | null;
  readonly #madeAt: Date;
  readonly #effects: ClientEffects;
  /** @internal */
  readonly operationIds = new OperationIds();
  /** This client's own, and what libraries that wrap it have added. */
  #driverInfo: readonly DriverInfo[];
  #metadata: Document;
  readonly #sessions: ServerSessionPool;
  /** Those that a user has started and not ended. */
  readonly #activeSessions = new Set<ClientSession>();
  /** As given; of an SRV connection string without what DNS knows. */
  readonly #givenOptions: ResolvedOptions;
  /** As users see them; of an SRV connection string with what DNS has said. */
  #options: MongoOptions;
  readonly #lifecycle: ClientLifecycle;
  readonly #url: string;

  /**
   * @throws MongoParseError, MongoInvalidArgumentError, MongoAPIError if the connection string or an option is wrong
   */
  constructor(url: string, options?: MongoClientOptions);
  /** @internal */
  constructor(url: string, options: MongoClientOptions | undefined, effects: ClientEffects);
  constructor(url: string, options?: MongoClientOptions, effects: ClientEffects = SYSTEM) {
    super();
    this.#givenOptions = resolveOptions(url, options);
    this.#url = url;
    this.#options = this.#shownOptions(this.#givenOptions);
    refuseTLSInTheClear(this.#givenOptions);
    refuseUnsupported(this.#givenOptions);
    this.#effects = effects;
    this.#driverInfo = [this.options.driverInfo];
    this.#metadata = this.#metadataWith(this.#driverInfo);
    this.#madeAt = new Date(effects.clock.wallTime());
    this.#statistics = this.#givenOptions.statistics ? new StatisticsSink() : null;
    const guard = new ListenerGuard(this.#givenOptions.onListenerError);
    this.#emitterSink = new EmitterSink(this, { monitorCommands: this.#givenOptions.monitorCommands }, guard);
    const monitorSink = MonitorSink.of(this.#givenOptions, guard);
    const log = logSettings(this.#givenOptions.log, systemEnvironment().env);
    const logSink = logsAnything(log) ? new LogSink(log, effects.clock) : null;
    const tracing = tracingSettings(this.#givenOptions.tracing, systemEnvironment().env);
    const tracer = SpanTracer.of(tracing, DRIVER_VERSION, effects.clock, effects.loadPackage);
    const patchedSink = tracer === null ? PatchedSink.of(this.#givenOptions.dbName) : null;
    this.publisher = new EventPublisher(
      [
        this.#emitterSink,
        monitorSink,
        logSink,
        this.#statistics,
        patchedSink,
        MetricsSink.of(this, this.#givenOptions.metrics, DRIVER_VERSION, effects.loadPackage),
      ].filter(sink => sink !== null),
      effects.clock,
      this.#givenOptions.redact,
      this.#statistics,
      new ChannelSink(this),
      tracer,
    );
    this.#sessions = new ServerSessionPool(effects.clock, effects.random);
    this.context = clientContext(this.#givenOptions);
    this.#lifecycle = new ClientLifecycle(this.#givenOptions, {
      effects,
      publisher: this.publisher,
      sessions: this.#sessions,
      activeSessions: this.#activeSessions,
      metadata: () => this.#metadata,
      onResolved: options => {
        this.#options = this.#shownOptions(options);
      },
      onConnected: () => this.#emitterSink.announce('open', this),
      onClosed: () => this.#emitterSink.announce('close'),
    });
    warnOfForeignInstrumentation(tracing.isDecided || patchedSink !== null);
    warnOf([...this.options.warnings, ...log.warnings, ...tracing.warnings]);
    const note = logSink === null ? null : noteOnService(this.#givenOptions);
    if (note !== null) logSink?.note(SeverityLevel.INFORMATIONAL, note);
  }

  static async connect(url: string, options?: MongoClientOptions): Promise<MongoClient> {
    // A subclass that inherits it makes its own.
    return new this(url, options).connect();
  }

  /**
   * The connection string, the options and the defaults in one frozen value. Of an SRV connection string it has no `hosts`, and nothing of what
   * else DNS may say, until the client is connected.
   */
  get options(): MongoOptions {
    return this.#options;
  }

  #shownOptions(resolved: ResolvedOptions): MongoOptions {
    return mongoOptions(resolved, () => this.#metadata);
  }

  /** The connection string as it was given, with its password. @internal */
  get connectionString(): string {
    return this.#url;
  }

  /** What operations work with; null before the first and after `close`. @internal */
  get currentEngine(): Engine | null {
    return this.#lifecycle.current;
  }

  /** Whether the program has closed the client. @internal */
  get isClosed(): boolean {
    return this.#lifecycle.isClosed;
  }

  /** @internal */
  get stageLimits(): StageLimits {
    return this.#options;
  }

  /** @internal */
  get clock(): Clock {
    return this.#effects.clock;
  }

  get readConcern(): ReadConcern | undefined {
    return this.options.readConcern;
  }

  get writeConcern(): WriteConcern | undefined {
    return this.options.writeConcern;
  }

  get readPreference(): ReadPreference {
    return this.options.readPreference;
  }

  get serverApi(): Readonly<ServerApi> | undefined {
    return this.options.serverApi;
  }

  get bsonOptions(): BSONSerializeOptions {
    return this.options.bsonOptions;
  }

  /** Milliseconds for each operation; undefined when not in use. */
  get timeoutMS(): number | undefined {
    return this.options.timeoutMS;
  }

  /** What is known of the deployment now; null before the first use and after `close`. */
  get topologyDescription(): TopologyDescription | null {
    return this.#lifecycle.current?.topology.description ?? null;
  }

  /**
   * Connects: waits for a server that suits the read preference, and for a connection to it that is ready for use, credentials included. Behind a
   * load balancer too. Not needed: the first operation connects. Does nothing when the client is connected. If it fails, the client is closed.
   *
   * Emits `open` when it succeeds for the first time.
   *
   * @throws MongoServerSelectionError if no server suits in time; MongoNetworkError if the server takes no connection; MongoServerError if it
   * refuses the credentials; MongoOperationTimeoutError under `timeoutMS`
   */
  connect(options?: ConnectOptions): Promise<this> {
    return enter(this.#place, 'connect', options, async (call, { readPreference }) => {
      await this.#lifecycle.connect(readPreference ?? this.options.readPreference, call);
      return this;
    });
  }

  /** Where the methods that concern the whole deployment are called. */
  get #place(): Place {
    return { client: this, context: adminContext(this.context) };
  }

  /**
   * The changes of all databases, those of the server itself left out, as they happen. Nothing is sent before the stream is read.
   *
   * @param pipeline - stages that change or drop what is told; they must leave `_id` as it is. May be left out
   * @throws MongoInvalidArgumentError if an option is wrong
   */
  watch<TSchema extends Document = Document, TChange extends Document = ChangeStreamDocument<TSchema>>(
    pipeline?: Document[],
    options?: ChangeStreamOptions,
  ): ChangeStream<TSchema, TChange> {
    return new ChangeStream(this.#place, 'cluster', this, pipeline, options);
  }

  /**
   * Writes to any collections, in as few messages as possible. For servers from 8.0 on.
   *
   * @throws MongoClientBulkWriteError if some were refused; its `partialResult` tells of the others
   */
  bulkWrite<SchemaMap extends Record<string, Document> = Record<string, Document>>(
    models: readonly ClientBulkWriteModel<SchemaMap>[],
    options?: ClientBulkWriteOptions,
  ): Promise<ClientBulkWriteResult> {
    return runSteps(this.#place, 'bulkWrite', options, (context, own) => {
      const prepare = (document: unknown) => withId(document, () => this.options.pkFactory.createPk() as unknown);
      return (engine, call) => clientBulkWrite(engine, context, models, own, prepare, call);
    });
  }

  /**
   * Starts a session, for causally consistent reads, snapshot reads and transactions. Nothing is sent. The program that starts a session ends it.
   *
   * @throws MongoInvalidArgumentError if options contradict one another
   */
  startSession(options?: ClientSessionOptions): ClientSession {
    const given = ownOptions(options);
    checkOptionNames(given);
    const state = new SessionState(this.#sessions, sessionSettings(given, this.options));
    const session = new ClientSession(this.#sessionClient(), state, given);
    this.#activeSessions.add(session);
    session.once('ended', () => this.#activeSessions.delete(session));
    return session;
  }

  /** Runs a function with a session of its own, which is ended when the function's promise settles. */
  // As in the official driver, the result of a function without a type is of any type.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  withSession<T = any>(executor: WithSessionCallback<T>): Promise<T>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  withSession<T = any>(options: ClientSessionOptions, executor: WithSessionCallback<T>): Promise<T>;
  async withSession<T = unknown>(
    optionsOrExecutor: ClientSessionOptions | WithSessionCallback<T>,
    executor?: WithSessionCallback<T>,
  ): Promise<T> {
    const callback: unknown = typeof optionsOrExecutor === 'function' ? optionsOrExecutor : executor;
    if (typeof callback !== 'function') {
      throw new MongoInvalidArgumentError('Argument "executor" of withSession must be a function');
    }
    const session = this.startSession(typeof optionsOrExecutor === 'function' ? undefined : optionsOrExecutor);
    try {
      return await (callback as WithSessionCallback<T>)(session);
    } finally {
      await session.endSession();
    }
  }

  #sessionClient(): SessionClient {
    const topologyDescription = () => this.topologyDescription;
    return {
      client: this,
      options: this.options,
      clock: this.clock,
      random: this.#effects.random,
      get sessionTimeoutMinutes() {
        return topologyDescription()?.logicalSessionTimeoutMinutes ?? null;
      },
      enter: (session, method, given, work, kind) => {
        // The other options of `withTransaction` are those of the transaction.
        const { timeoutMS, signal, deadline } = ownOptions(given);
        const own = ownOptions({ session, timeoutMS, signal, deadline }) as OperationOptions;
        const { client, context } = this.#place;
        // Once the transaction is over, its end may be tried again, with the whole of its time.
        const ofTransaction = method === 'withTransaction' ? null : (session.state.ownDeadline?.budget ?? null);
        const budget = ofTransaction ?? budgetAt('the session', session.timeoutMS, context.budget);
        return enter(
          { client, context: { ...context, budget } },
          method,
          own,
          work,
          kind === 'tidiesUp' ? beginTidyUp : undefined,
        );
      },
      endTransaction: async (state, name, call) =>
        endTransaction(this.#lifecycle.lastCommands ?? (await this.engine(call)), state, name, call),
      pause: (ms, deadline) => (this.#lifecycle.current?.lifetime ?? new Lifetime()).pause(ms, deadline),
    };
  }

  /**
   * Adds what a library that wraps this client says of itself to what the server is told by connections from now on.
   *
   * Source: MongoDB Handshake, "Metadata updates after MongoClient initialization".
   *
   * @throws MongoInvalidArgumentError if a value is no string, holds `|`, or leaves no room
   */
  appendMetadata(driverInfo: DriverInfo): void {
    const all = appendMetadata(this.#driverInfo, driverInfo);
    this.#metadata = this.#metadataWith(all);
    this.#driverInfo = all;
  }

  #metadataWith(driverInfo: readonly DriverInfo[]): Document {
    const { appName } = this.options;
    return clientMetadata({ appName, driverInfo, environment: systemEnvironment() });
  }

  /** The pools of connections as they are now, one for each server that is known of. Empty before the first use and after `close`. */
  poolStats(): PoolStats[] {
    return [...(this.#lifecycle.current?.topology.servers.values() ?? [])].map(({ pool }) => pool.stats());
  }

  /**
   * What the client has counted since it was made, and what its pools and the deployment are now. Memory and cost do not grow with what is counted; the call itself
   * takes about a millisecond, so call it every few seconds, not for each request.
   *
   * @throws MongoAPIError without the client option `statistics: true`
   */
  stats(): ClientStatistics {
    if (this.#statistics === null) {
      throw new MongoAPIError('client.stats() needs the client option statistics: true; without it nothing is counted');
    }
    const { clock } = this.#effects;
    return Object.freeze({
      since: this.#madeAt,
      time: new Date(clock.wallTime()),
      monotonicTimeMS: clock.now(),
      ...this.#statistics.counters.snapshot(),
      pools: Object.freeze(this.poolStats()),
      topology: this.topologyDescription,
    });
  }

  /** A database. Default: that of the connection string, else `test`. */
  db(name?: string, options?: DbOptions): Db {
    return new Db(this, name ?? this.options.dbName, options);
  }

  /**
   * Closes the client: operations that run or wait are rejected with MongoClientClosedError at once, open transactions are aborted, cursors
   * and sessions are ended on the servers, and all connections are closed. A closed client may be connected again.
   *
   * A server that does not answer is waited for at most `timeoutMS`, by default 5 seconds, and only 1 second where no transaction is open.
   *
   * @param options - a boolean is accepted and has no effect
   * @throws MongoInvalidArgumentError if `timeoutMS` is invalid; the reason of the signal, once all connections are closed; nothing else
   */
  close(options?: boolean | CloseOptions): Promise<void> {
    const own = typeof options === 'object' ? options : null;
    const work = async (call: Call, { timeoutMS }: CloseOptions): Promise<void> => {
      const { deadline } = call;
      await this.#lifecycle.close(isGiven(timeoutMS) ? call : call.until(deadline.within('read', CLOSE_TIMEOUT_MS)));
      deadline.throwIfAborted();
    };
    return enter(this.#place, 'close', own, work, beginTidyUp);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * What operations work with; made, and its discovery begun, at the first call.
   *
   * @throws MongoNotConnectedError after `close`
   * @internal
   */
  engine(call: Call): Engine | Promise<Engine> {
    return this.#lifecycle.engine(call);
  }
}

function warnOf(warnings: readonly string[]): void {
  const shown = warnings.slice(0, MOST_WARNINGS);
  const more = warnings.length - shown.length;
  if (more > 0) shown.push(`${more} more warnings about the options of this client are in client.options.warnings`);
  for (const warning of shown) process.emitWarning(warning, 'MongoOptionWarning');
}
