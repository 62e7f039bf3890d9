import { MongoError } from '../errors/base.js';
import type { PoolCounts } from '../errors/pool_counts.js';
import type { MonitoringEventName, MonitoringEvents } from '../events/event_map.js';
import type { OperationFailedEvent, OperationSucceededEvent } from '../events/operation.js';
import type { EventSink } from '../events/publisher.js';
import type { LoadPackage } from '../runtime/optional_package.js';
import type { MetricsOptions } from './metrics_options.js';
import { addressAttributes, operationSpan, spanOperationOf } from './span_names.js';
import {
  type Attributes,
  loadTelemetryAPI,
  type Meter,
  type ObservableInstrument,
  type Observer,
} from './telemetry_api.js';

/** A pool as it is now. */
interface PoolNow extends PoolCounts {
  readonly address: string;
}

/** What the gauges show of a client. */
export interface ObservedClient {
  readonly options: { readonly maxPoolSize: number; readonly minPoolSize: number };
  poolStats(): readonly PoolNow[];
}

/** Semantic conventions of OpenTelemetry for databases, "Metric: db.client.operation.duration". */
const OPERATION_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

const MS_PER_SECOND = 1000;

/** Clients of this process that have had metrics. */
let clients = 0;

type Handlers = { readonly [N in MonitoringEventName]?: (event: MonitoringEvents[N]) => void };

/**
 * Metrics of OpenTelemetry with the names of its semantic conventions. Durations come from events; what a pool holds is read from the pool when the metrics
 * are collected, and never counted from events.
 */
export class MetricsSink implements EventSink {
  readonly #client: ObservedClient;
  readonly #meter: Meter;
  readonly #gauges: Gauges;
  readonly #number = ++clients;
  /** When connections were checked out, by pool and number. */
  readonly #checkedOutAt = new Map<string, number>();
  /** Pools that the last collection has shown. */
  readonly #shown = new Set<string>();
  /** Whether the client is open. */
  #isOpen = false;
  /** Whether metrics are collected from the pools; until the first collection after the client was closed. */
  #isWatched = false;
  readonly #handlers: Handlers;
  readonly #observe = (observer: Observer): void => this.#observePools(observer);

  /**
   * The sink; null if no metrics are asked for.
   *
   * @param version - of this package
   * @throws MongoMissingDependencyError if the package `@opentelemetry/api` is not installed
   */
  static of(
    client: ObservedClient,
    options: MetricsOptions | undefined,
    version: string,
    load?: LoadPackage,
  ): MetricsSink | null {
    if (options?.enabled !== true) return null;
    const provider = options.meterProvider ?? loadTelemetryAPI('The option metrics', load).metrics;
    return new MetricsSink(client, provider.getMeter('mongotempo', version) as Meter);
  }

  private constructor(client: ObservedClient, meter: Meter) {
    this.#client = client;
    this.#meter = meter;
    this.#gauges = gaugesOf(meter);
    this.#handlers = this.#handlersOf(meter);
  }

  start(): void {
    // What it wants does not change.
  }

  wants(name: MonitoringEventName): boolean {
    return this.#handlers[name] !== undefined;
  }

  deliver<N extends MonitoringEventName>(name: N, event: MonitoringEvents[N]): void {
    this.#handlers[name]?.(event);
  }

  #handlersOf(meter: Meter): Handlers {
    const seconds = { unit: 's' };
    const advice = { explicitBucketBoundaries: OPERATION_BUCKETS };
    const operations = meter.createHistogram('db.client.operation.duration', { ...seconds, advice });
    const create = meter.createHistogram('db.client.connection.create_time', seconds);
    const wait = meter.createHistogram('db.client.connection.wait_time', seconds);
    const use = meter.createHistogram('db.client.connection.use_time', seconds);
    const timeouts = meter.createCounter('db.client.connection.timeouts', { unit: '{timeout}' });
    const record = (event: OperationSucceededEvent | OperationFailedEvent): void => {
      const attributes = attributesOf(event);
      if (attributes !== null) operations.record(event.durationMS / MS_PER_SECOND, attributes);
    };
    return {
      operationSucceeded: record,
      operationFailed: record,
      connectionReady: ({ address, durationMS }) => create.record(durationMS / MS_PER_SECOND, this.#pool(address)),
      connectionCheckedOut: ({ address, connectionId, durationMS, monotonicTimeMS }) => {
        wait.record(durationMS / MS_PER_SECOND, this.#pool(address));
        this.#checkedOutAt.set(`${address} ${connectionId}`, monotonicTimeMS);
      },
      connectionCheckedIn: ({ address, connectionId, monotonicTimeMS }) => {
        const key = `${address} ${connectionId}`;
        const since = this.#checkedOutAt.get(key);
        this.#checkedOutAt.delete(key);
        if (since !== undefined) use.record((monotonicTimeMS - since) / MS_PER_SECOND, this.#pool(address));
      },
      connectionCheckOutFailed: ({ address, reason }) => {
        if (reason === 'timeout') timeouts.add(1, this.#pool(address));
      },
      topologyOpening: () => this.#watchPools(),
      topologyClosed: () => {
        this.#checkedOutAt.clear();
        this.#isOpen = false;
      },
    };
  }

  #watchPools(): void {
    this.#isOpen = true;
    if (this.#isWatched) return;
    this.#isWatched = true;
    this.#meter.addBatchObservableCallback(this.#observe, Object.values(this.#gauges));
  }

  #observePools(observer: Observer): void {
    const { max, idleMax, idleMin, pending } = this.#gauges;
    const { maxPoolSize, minPoolSize } = this.#client.options;
    const gone = new Set(this.#shown);
    for (const { address, idle, inUse, draining, waitQueueLength } of this.#client.poolStats()) {
      gone.delete(address);
      this.#shown.add(address);
      const pool = this.#pool(address);
      this.#observeCounts(observer, pool, idle, inUse + draining);
      observer.observe(pending, waitQueueLength, pool);
      observer.observe(idleMin, minPoolSize, pool);
      // 0 is no limit.
      if (maxPoolSize === 0) continue;
      observer.observe(max, maxPoolSize, pool);
      observer.observe(idleMax, maxPoolSize, pool);
    }
    for (const address of gone) {
      this.#shown.delete(address);
      // Readers keep what they were shown last.
      this.#observeCounts(observer, this.#pool(address), 0, 0);
      for (const gauge of [max, idleMax, idleMin, pending]) observer.observe(gauge, 0, this.#pool(address));
    }
    if (!this.#isOpen) queueMicrotask(() => this.#forgetPools());
  }

  #observeCounts(observer: Observer, pool: Attributes, idle: number, used: number): void {
    observer.observe(this.#gauges.count, idle, { ...pool, 'db.client.connection.state': 'idle' });
    observer.observe(this.#gauges.count, used, { ...pool, 'db.client.connection.state': 'used' });
  }

  /** A client that is closed, and whose end was shown, may be forgotten. */
  #forgetPools(): void {
    if (this.#isOpen || !this.#isWatched) return;
    this.#isWatched = false;
    this.#meter.removeBatchObservableCallback(this.#observe, Object.values(this.#gauges));
  }

  /** Clients of one process may have pools to the same server. */
  #pool(address: string): Attributes {
    return { 'db.client.connection.pool.name': this.#number === 1 ? address : `${address}#${this.#number}` };
  }
}

type Gauges = Readonly<Record<'count' | 'max' | 'idleMax' | 'idleMin' | 'pending', ObservableInstrument>>;

function gaugesOf(meter: Meter): Gauges {
  const gauge = (name: string, unit = '{connection}') =>
    meter.createObservableUpDownCounter(`db.client.connection.${name}`, { unit });
  return {
    count: gauge('count'),
    max: gauge('max'),
    idleMax: gauge('idle.max'),
    idleMin: gauge('idle.min'),
    pending: gauge('pending_requests', '{request}'),
  };
}

/** Null for a call that is no operation, or that sent nothing and did not fail. */
function attributesOf(event: OperationSucceededEvent | OperationFailedEvent): Attributes | null {
  const operation = spanOperationOf(event.operationName);
  const failure = event.name === 'operationFailed' ? event.failure : undefined;
  if (operation === null || (event.name === 'operationSucceeded' && event.attempts.length === 0)) return null;
  const { attributes } = operationSpan(operation, event.namespace);
  const host = event.attempts.at(-1)?.host;
  return {
    ...attributes,
    ...(host !== undefined && addressAttributes(host)),
    ...(event.name === 'operationFailed' && { 'error.type': failure instanceof Error ? failure.name : '_OTHER' }),
    ...(failure instanceof MongoError &&
      failure.code !== undefined && { 'db.response.status_code': String(failure.code) }),
  };
}
