import type {
  MongoClient,
  MonitoringEvent,
  MonitoringEventName,
  OperationFailedEvent,
  OperationSucceededEvent,
  ServerHeartbeatFailedEvent,
  ServerHeartbeatSucceededEvent,
} from 'mongotempo';
import { EventRing } from './event_ring.js';
import { HeartbeatLog } from './heartbeat_log.js';
import { History, type Point, shownMethods } from './history.js';
import { OperationLog } from './operation_log.js';
import { shownError } from './shown_error.js';

/** Events that come with every operation: they are listened to only while the page is open. */
const FREQUENT: readonly MonitoringEventName[] = [
  'operationStarted',
  'operationSucceeded',
  'operationFailed',
  'operationRetried',
  'serverSelectionStarted',
  'serverSelectionSucceeded',
  'serverSelectionFailed',
  'waitingForSuitableServer',
  'connectionCheckOutStarted',
  'connectionCheckedOut',
  'connectionCheckOutFailed',
  'connectionCheckedIn',
  'commandStarted',
  'commandSucceeded',
  'commandFailed',
];

const RARE: readonly MonitoringEventName[] = [
  'connectionPoolCreated',
  'connectionPoolReady',
  'connectionPoolCleared',
  'connectionPoolClosed',
  'connectionCreated',
  'connectionReady',
  'connectionClosed',
  'connectionPendingResponseStarted',
  'connectionPendingResponseSucceeded',
  'connectionPendingResponseFailed',
  'serverOpening',
  'serverClosed',
  'serverDescriptionChanged',
  'serverHeartbeatStarted',
  'serverHeartbeatSucceeded',
  'serverHeartbeatFailed',
  'topologyOpening',
  'topologyClosed',
  'topologyDescriptionChanged',
  'srvRecordDiscovery',
];

/** Collects from a client what the page shows. Changes nothing in the client. */
export class Recorder {
  readonly #client: MongoClient;
  readonly #history = new History();
  readonly #operations = new OperationLog();
  readonly #heartbeats = new HeartbeatLog();
  readonly #events = new EventRing();
  #isWatched = false;
  constructor(client: MongoClient) {
    this.#client = client;
    client.on('operationSucceeded', this.#operationEnded).on('operationFailed', this.#operationEnded);
    client.on('serverHeartbeatSucceeded', this.#heartbeatEnded).on('serverHeartbeatFailed', this.#heartbeatEnded);
    for (const name of RARE) client.on(name, this.#keep);
  }

  /** Says whether the page is open. */
  watched(isWatched: boolean): void {
    if (isWatched === this.#isWatched) return;
    this.#isWatched = isWatched;
    for (const name of FREQUENT) {
      if (isWatched) this.#client.on(name, this.#keep);
      else this.#client.off(name, this.#keep);
    }
    this.#events.clear();
  }

  get history(): readonly Point[] {
    return this.#history.points;
  }

  /** What is to be shown now; the events are those since the last tick. Called once a second. */
  tick(now: number) {
    const client = this.#client;
    const statistics = client.options.statistics ? client.stats() : null;
    const pools = client.poolStats();
    return {
      point: this.#history.add(now / 1000, pools, statistics),
      counts: statistics !== null,
      since: statistics?.since.getTime() ?? null,
      topology: this.#topology(),
      pools,
      operations: statistics === null ? null : totalsOf(statistics.operations),
      methods: statistics === null ? [] : shownMethods(statistics.operationsByName),
      servers: statistics === null ? {} : mapValues(statistics.servers, serverFigures),
      timeouts: statistics?.timeouts ?? {},
      retries: statistics?.retries ?? {},
      failures: statistics?.failures ?? {},
      slowest: this.#operations.slowest(now),
      failed: this.#operations.failed,
      heartbeats: this.#heartbeats.snapshot(),
      ...this.#events.tick(),
    };
  }

  close(): void {
    this.watched(false);
    const client = this.#client;
    client.off('operationSucceeded', this.#operationEnded).off('operationFailed', this.#operationEnded);
    client.off('serverHeartbeatSucceeded', this.#heartbeatEnded).off('serverHeartbeatFailed', this.#heartbeatEnded);
    for (const name of RARE) client.off(name, this.#keep);
  }

  #topology() {
    const description = this.#client.topologyDescription;
    if (description === null) return null;
    const servers = [...description.servers.values()].map(
      ({ address, type, roundTripTime, minRoundTripTime, error }) => {
        const roundTripMS = roundTripTime < 0 ? null : roundTripTime;
        return { address, type, roundTripMS, minRoundTripTime, error: error === null ? null : shownError(error) };
      },
    );
    return { type: description.type, setName: description.setName, servers };
  }

  readonly #operationEnded = (event: OperationSucceededEvent | OperationFailedEvent): void =>
    this.#operations.ended(event, id => this.#events.ofOperation(id));

  readonly #heartbeatEnded = (event: ServerHeartbeatSucceededEvent | ServerHeartbeatFailedEvent): void =>
    this.#heartbeats.ended(event);

  readonly #keep = (event: MonitoringEvent): void => {
    if (this.#isWatched) this.#events.add(event);
  };
}

function totalsOf({
  succeeded,
  failed,
  timedOut,
  aborted,
}: Readonly<Record<'succeeded' | 'failed' | 'timedOut' | 'aborted', number>>) {
  return { succeeded, failed, timedOut, aborted };
}

interface Figures {
  readonly p50MS: number;
  readonly p99MS: number;
  readonly maxMS: number;
  readonly count: number;
}

interface CountedAtServer {
  readonly checkOutWait: Figures;
  readonly connectionEstablishment: Figures;
  readonly roundTrip: Figures;
  readonly poolCleared: number;
}

function serverFigures({ checkOutWait, connectionEstablishment, roundTrip, poolCleared }: CountedAtServer) {
  return {
    checkOutWait: figuresOf(checkOutWait),
    connectionEstablishment: figuresOf(connectionEstablishment),
    roundTrip: figuresOf(roundTrip),
    poolCleared,
  };
}

function figuresOf({ p50MS, p99MS, maxMS, count }: Figures): Figures {
  return { p50MS, p99MS, maxMS, count };
}

function mapValues<V, R>(record: Readonly<Record<string, V>>, map: (value: V) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
