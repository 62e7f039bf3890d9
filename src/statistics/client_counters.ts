import { BoundedMap, Counts, OTHER, recordOf } from './bounded_map.js';
import { type DurationHistogram, HistogramRecorder } from './histogram.js';

/** Servers with counters of their own; the others share one. */
const MOST_SERVERS = 64;
/** Pairs of a server and a method with a histogram of their own; the others share one for each server. */
const MOST_PAIRS = 256;

/** The key of operations that reached no server. */
const NO_SERVER = 'none';

/** How operations ended, and how long they took. @public */
export interface OperationStatistics {
  readonly succeeded: number;
  /** All that failed: those that timed out and those that were aborted among them. */
  readonly failed: number;
  /** Those that ran out of time: of their `timeoutMS`, or of the limit of a stage or of the server. */
  readonly timedOut: number;
  /** Those that the program itself aborted by a signal. */
  readonly aborted: number;
  /** From the call of the method to its end, also of those that failed. */
  readonly durations: DurationHistogram;
}

/** What has been counted at one server since its client was made. @public */
export interface ServerStatistics {
  /** Operations whose last command went to the server. */
  readonly operations: OperationStatistics;
  /** The same for each method. */
  readonly operationsByName: Readonly<Record<string, OperationStatistics>>;
  /** The waits of operations for a connection; 0 for those that found one idle. */
  readonly checkOutWait: DurationHistogram;
  /** Operations that got no connection, by the reason. */
  readonly checkOutsFailed: Readonly<Record<string, number>>;
  /** The time that new connections of the pool took to be established and authenticated. */
  readonly connectionEstablishment: DurationHistogram;
  /** Closed connections of the pool, by the reason. */
  readonly connectionsClosed: Readonly<Record<string, number>>;
  /** How often an error made all connections of the pool stale. */
  readonly poolCleared: number;
  /** Round trips that the monitor measured. */
  readonly roundTrip: DurationHistogram;
  /** Checks that failed, without those that the driver cancelled. */
  readonly heartbeatsFailed: number;
}

/** Counts the operations of one kind. */
class OperationCounter {
  succeeded = 0;
  failed = 0;
  timedOut = 0;
  aborted = 0;
  readonly durations = new HistogramRecorder();

  add(other: OperationCounter): void {
    this.succeeded += other.succeeded;
    this.failed += other.failed;
    this.timedOut += other.timedOut;
    this.aborted += other.aborted;
    this.durations.add(other.durations);
  }

  snapshot(): OperationStatistics {
    const { succeeded, failed, timedOut, aborted } = this;
    return Object.freeze({ succeeded, failed, timedOut, aborted, durations: this.durations.snapshot() });
  }
}

/** Counts what happens at one server. */
class ServerCounter {
  /** By the name of the method. */
  readonly operations = new Map<string, OperationCounter>();
  readonly checkOutWait = new HistogramRecorder();
  readonly checkOutsFailed = new Counts();
  readonly connectionEstablishment = new HistogramRecorder();
  readonly connectionsClosed = new Counts();
  poolCleared = 0;
  readonly roundTrip = new HistogramRecorder();
  heartbeatsFailed = 0;

  operation(name: string): OperationCounter {
    let counter = this.operations.get(name);
    if (counter === undefined) this.operations.set(name, (counter = new OperationCounter()));
    return counter;
  }

  /** Takes over what another one has counted. */
  add(other: ServerCounter): void {
    this.operation(OTHER).add(sumOf(other.operations.values()));
    this.checkOutWait.add(other.checkOutWait);
    this.checkOutsFailed.addAll(other.checkOutsFailed);
    this.connectionEstablishment.add(other.connectionEstablishment);
    this.connectionsClosed.addAll(other.connectionsClosed);
    this.poolCleared += other.poolCleared;
    this.roundTrip.add(other.roundTrip);
    this.heartbeatsFailed += other.heartbeatsFailed;
  }

  snapshot(): ServerStatistics {
    return Object.freeze({
      operations: sumOf(this.operations.values()).snapshot(),
      operationsByName: recordOf(this.operations, counter => counter.snapshot()),
      checkOutWait: this.checkOutWait.snapshot(),
      checkOutsFailed: this.checkOutsFailed.snapshot(),
      connectionEstablishment: this.connectionEstablishment.snapshot(),
      connectionsClosed: this.connectionsClosed.snapshot(),
      poolCleared: this.poolCleared,
      roundTrip: this.roundTrip.snapshot(),
      heartbeatsFailed: this.heartbeatsFailed,
    });
  }
}

function sumOf(counters: Iterable<OperationCounter>): OperationCounter {
  const sum = new OperationCounter();
  for (const counter of counters) sum.add(counter);
  return sum;
}

/** What has been counted since a client was made. @public */
export interface CountedStatistics {
  /** All operations: calls of public methods that may wait. */
  readonly operations: OperationStatistics;
  /** The same for each method: `insertOne`; of a cursor `find.toArray`. */
  readonly operationsByName: Readonly<Record<string, OperationStatistics>>;
  /**
   * By `host:port`. Operations that reached no server are under `none`. Of more than 64 servers, those that have left the deployment are counted together under
   * `other`, and those that find no room.
   */
  readonly servers: Readonly<Record<string, ServerStatistics>>;
  /** Operations that ran out of time, by the phase in which they were. */
  readonly timeouts: Readonly<Record<string, number>>;
  /** Operations that failed, by the name of the server's error code (`DuplicateKey`, `code 123` for one that has no name here), else by the class of the error. */
  readonly failures: Readonly<Record<string, number>>;
  /** Attempts that were followed by another one, by what they met, as in `failures`. */
  readonly retries: Readonly<Record<string, number>>;
}

/**
 * The counters of one client. Their memory has a limit: 7 KB for each of at most 256 pairs of a server and a method, and 22 KB for each of at most 64 servers.
 */
export class ClientCounters {
  readonly timeouts = new Counts();
  readonly failures = new Counts();
  readonly retries = new Counts();
  readonly #servers = new BoundedMap(MOST_SERVERS, () => new ServerCounter());
  /** Servers that have left the deployment: their counters make room for those of others. */
  readonly #left = new Set<string>();
  #pairs = 0;

  server(address: string): ServerCounter {
    return this.#servers.find(address) ?? this.#newServer(address);
  }

  operation(name: string, address: string | null): OperationCounter {
    const server = this.server(address ?? NO_SERVER);
    return server.operations.get(name) ?? this.#newPair(server, name);
  }

  serverJoined(address: string): void {
    this.#left.delete(address);
  }

  serverLeft(address: string): void {
    if (this.#servers.find(address) !== undefined) this.#left.add(address);
  }

  snapshot(): CountedStatistics {
    const all = new OperationCounter();
    const byName = new Map<string, OperationCounter>();
    for (const [, server] of this.#servers.entries()) {
      for (const [name, counter] of server.operations) {
        const sum = byName.get(name) ?? new OperationCounter();
        sum.add(counter);
        byName.set(name, sum);
        all.add(counter);
      }
    }
    return {
      operations: all.snapshot(),
      operationsByName: recordOf(byName, counter => counter.snapshot()),
      servers: recordOf(this.#servers.entries(), server => server.snapshot()),
      timeouts: this.timeouts.snapshot(),
      failures: this.failures.snapshot(),
      retries: this.retries.snapshot(),
    };
  }

  #newPair(server: ServerCounter, name: string): OperationCounter {
    if (this.#pairs >= MOST_PAIRS) return server.operation(OTHER);
    this.#pairs++;
    return server.operation(name);
  }

  #newServer(address: string): ServerCounter {
    if (this.#servers.isFull) this.#makeRoom();
    return this.#servers.get(address);
  }

  #makeRoom(): void {
    const [address] = this.#left;
    if (address === undefined) return;
    this.#left.delete(address);
    const counter = this.#servers.take(address);
    if (counter === undefined) return;
    for (const name of counter.operations.keys()) if (name !== OTHER) this.#pairs--;
    this.#servers.get(OTHER).add(counter);
  }
}
