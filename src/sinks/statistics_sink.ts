import { MongoError, type OperationPhase } from '../errors/base.js';
import { isMaxTimeMSExpired, serverErrorCode } from '../errors/classify.js';
import { ServerErrorCode } from '../errors/codes.js';
import type { MonitoringEventName, MonitoringEvents } from '../events/event_map.js';
import type { Meter } from '../events/meter.js';
import type { EventSink } from '../events/publisher.js';
import { ClientCounters } from '../statistics/client_counters.js';

const NAMES_OF_CODES: ReadonlyMap<number, string> = new Map(
  Object.entries(ServerErrorCode).map(([name, code]) => [code, name]),
);

/** Classes of errors that say that a time was over, beside the one of `timeoutMS`. */
const TIMEOUTS: ReadonlySet<string> = new Set([
  'MongoOperationTimeoutError',
  'MongoServerSelectionError',
  'MongoWaitQueueTimeoutError',
  'MongoNetworkTimeoutError',
]);

type Handlers = { readonly [N in MonitoringEventName]?: (event: MonitoringEvents[N]) => void };

/**
 * Counts what happens in a client. What happens with each operation comes as numbers, by the methods of a {@link Meter}: an event for each would cost more than
 * all the counting. The sink wants only events that are rare.
 */
export class StatisticsSink implements EventSink, Meter {
  readonly #counters = new ClientCounters();
  readonly #handlers: Handlers = {
    operationRetried: ({ failure }) => this.#counters.retries.add(reasonOf(failure)),
    connectionReady: ({ address, durationMS }) =>
      this.#counters.server(address).connectionEstablishment.record(durationMS),
    connectionClosed: ({ address, reason }) => this.#counters.server(address).connectionsClosed.add(reason),
    connectionCheckOutFailed: ({ address, reason }) => this.#counters.server(address).checkOutsFailed.add(reason),
    connectionPoolCleared: ({ address }) => this.#counters.server(address).poolCleared++,
    serverHeartbeatFailed: ({ address, cancelled }) => {
      if (!cancelled) this.#counters.server(address).heartbeatsFailed++;
    },
    serverOpening: ({ address }) => this.#counters.serverJoined(address),
    serverClosed: ({ address }) => this.#counters.serverLeft(address),
  };

  /** What has been counted so far. */
  get counters(): ClientCounters {
    return this.#counters;
  }

  wants(name: MonitoringEventName): boolean {
    return this.#handlers[name] !== undefined;
  }

  deliver<N extends MonitoringEventName>(name: N, event: MonitoringEvents[N]): void {
    this.#handlers[name]?.(event);
  }

  start(): void {
    // It always wants the same.
  }

  operationEnded(name: string, address: string | null, durationMS: number, failure: unknown, aborted: boolean): void {
    const counter = this.#counters.operation(name, address);
    counter.durations.record(durationMS);
    if (failure === undefined) {
      counter.succeeded++;
      return;
    }
    counter.failed++;
    if (aborted) counter.aborted++;
    const phase = aborted ? null : timeoutPhaseOf(failure);
    if (phase !== null) {
      counter.timedOut++;
      this.#counters.timeouts.add(phase);
    }
    this.#counters.failures.add(aborted ? 'aborted' : reasonOf(failure));
  }

  checkedOut(address: string, waitedMS: number): void {
    this.#counters.server(address).checkOutWait.record(waitedMS);
  }

  roundTrip(address: string, durationMS: number): void {
    this.#counters.server(address).roundTrip.record(durationMS);
  }
}

/** The phase in which an operation ran out of time; null if that is not why it failed. */
export function timeoutPhaseOf(failure: unknown): OperationPhase | null {
  if (!(failure instanceof MongoError)) return null;
  if (TIMEOUTS.has(failure.name)) return failure.phase ?? 'serverSelection';
  return isMaxTimeMSExpired(failure) ? 'server' : null;
}

/** Why something failed, in a word that no server can choose: it may become the name of a time series. */
export function reasonOf(failure: unknown): string {
  if (!(failure instanceof MongoError)) return failure instanceof Error ? 'Error' : 'not an Error';
  const code = serverErrorCode(failure);
  return code === undefined ? failure.name : (NAMES_OF_CODES.get(code) ?? `code ${code}`);
}
