import type { Document } from '../bson/index.js';
import { parseHello } from '../description/hello.js';
import type { ServerDescription } from '../description/server_description.js';
import type { TopologyVersion } from '../description/types.js';
import { MongoError } from '../errors/base.js';
import { MongoTopologyClosedError } from '../errors/driver.js';
import { MongoNetworkError } from '../errors/network.js';
import type { EventPublisher } from '../events/publisher.js';
import type { Timer } from '../runtime/clock.js';
import { HelloConnection, type HelloPorts } from './hello_connection.js';
import { MonitorEvents } from './monitor_events.js';
import { RoundTripPinger } from './round_trip_pinger.js';
import { RoundTripTimes } from './rtt.js';

export interface MonitorOptions {
  readonly heartbeatFrequencyMS: number;
  readonly minHeartbeatFrequencyMS: number;
  /** Whether a server that can is asked to tell of changes by itself. */
  readonly streaming: boolean;
}

/** What a monitor needs from above. */
export interface MonitorPorts extends HelloPorts {
  readonly publisher: EventPublisher;
  onChecked(description: ServerDescription): void;
  /** Returns whether to check again at once (the server was known until now, and the network failed). */
  onCheckFailed(error: MongoError): boolean;
}

interface Check {
  readonly connectionId: number;
  startedAt: number;
  /** The server answers when its state changes, and not at once. */
  readonly awaited: boolean;
}

/**
 * Checks one server on a connection of its own: from time to time, and sooner when asked, never more often than every 500 ms.
 *
 *     handshake ──► pause ──► hello ──► pause ──► …                     polling
 *     handshake ──► awaitable hello ──► reply ──► reply ──► …            streaming
 *
 * It streams as soon as a reply has a `topologyVersion`. Then a check is always under way, and the server tells of a change at once.
 *
 * A check that is cancelled has told nothing: the 500 ms count from the last that did, and the server is asked again at once if they are over.
 * One that streamed is asked on the connection for round trips as well, which is there already.
 *
 * Source: Server Monitoring.
 */
export class Monitor {
  readonly #address: string;
  readonly #options: MonitorOptions;
  readonly #ports: MonitorPorts;
  readonly #events: MonitorEvents;
  #connection: HelloConnection | null = null;
  #lastConnectionId = 0;
  #roundTripTimes = RoundTripTimes.none;
  /** While heartbeats are streamed. */
  #pinger: RoundTripPinger | null = null;
  /** What the next check waits for a change of; null when it does not wait. */
  #awaits: TopologyVersion | null = null;
  #check: Check | null = null;
  /** A check that was cancelled counts from its begin. */
  #lastCheckEndedAt = -Infinity;
  #timer: Timer | null = null;
  #closed = false;
  /** The next check is not to wait for its regular time. */
  #isRequested = false;

  constructor(address: string, options: MonitorOptions, ports: MonitorPorts) {
    this.#address = address;
    this.#options = options;
    this.#ports = ports;
    this.#events = new MonitorEvents(ports.publisher, address);
  }

  /** @param lastCheckedAt - of a server that was known before under this address: it is not checked sooner than if it had stayed */
  start(lastCheckedAt = -Infinity): void {
    if (this.#closed) return;
    this.#lastCheckEndedAt = lastCheckedAt;
    this.#isRequested = true;
    if (this.#ports.clock.now() - lastCheckedAt >= this.#options.minHeartbeatFrequencyMS) void this.#run();
    else this.#waitForNext();
  }

  /**
   * Asks for a check as soon as one is allowed. While one runs, that one is the answer; a stream is not disturbed, the server is asked beside
   * it.
   */
  requestCheck(): void {
    if (this.#closed) return;
    if (this.#check !== null) {
      // What the stream tells later is newer than the answer beside it, or has the same topologyVersion.
      if (this.#check.awaited) this.#pinger?.request();
      return;
    }
    this.#isRequested = true;
    // Without a timer the end of a check is being dealt with; what arms the next one sees the request.
    if (this.#timer !== null) this.#waitForNext();
  }

  /**
   * Gives up the check that runs, and its connection, since an operation has just found the network broken.
   *
   * The connection for round trips is asked what the server is now: it is not the one that broke, and its answer takes one round trip. If it
   * broke too, the next check connects anew.
   */
  cancelCheck(): void {
    const pinger = this.#pinger;
    this.#pinger = null;
    this.#drop(new MongoNetworkError(`check of ${this.#address} cancelled`, { host: this.#address, phase: 'hello' }));
    if (this.#closed) {
      pinger?.close();
      return;
    }
    this.#pinger = pinger;
    pinger?.requestAnew();
  }

  /** What the check that runs waits for, and since when (monotonic milliseconds); null between two checks. */
  get waitsFor(): HelloConnection['waitsFor'] | null {
    return this.#check === null ? null : (this.#connection?.waitsFor ?? null);
  }

  /** Ends for good. A check that runs is reported as failed, so that every start has its end. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.clear();
    this.#timer = null;
    this.#drop(new MongoTopologyClosedError());
  }

  /** One check, or the first of many that are streamed. What follows from it arms the next. */
  async #run(): Promise<void> {
    // One that the server closed between two checks is replaced by a new one.
    if (this.#connection !== null && this.#connection.error !== null) this.#forgetConnection(this.#connection.error);
    const isNew = this.#connection === null;
    if (isNew) this.#lastConnectionId++;
    const check = this.#begin(this.#awaits !== null);
    // A listener may have closed the client.
    if (this.#check !== check) return;
    this.#connection ??= new HelloConnection(this.#lastConnectionId, this.#ports);
    const connection = this.#connection;
    if (this.#awaits !== null) {
      this.#follow(connection, this.#awaits);
      return;
    }
    let reply: Document;
    try {
      reply = await (isNew ? connection.open() : connection.hello());
    } catch (error) {
      if (this.#check === check) this.#onFailed(check, error);
      return;
    }
    if (this.#check !== check) return;
    const { clock } = this.#ports;
    this.#onSucceeded(check, reply, false, isNew ? connection.handshakeMS : clock.now() - check.startedAt);
  }

  #follow(connection: HelloConnection, topologyVersion: TopologyVersion): void {
    connection.follow(topologyVersion, this.#options.heartbeatFrequencyMS, {
      onHello: (reply, moreToCome) => {
        const check = this.#check;
        if (this.#connection !== connection || check === null) return;
        this.#onSucceeded(check, reply, moreToCome, this.#ports.clock.now() - check.startedAt);
      },
      onFailed: error => {
        if (this.#connection === connection && this.#check !== null) this.#onFailed(this.#check, error);
      },
    });
  }

  #begin(awaited: boolean): Check {
    const check: Check = { connectionId: this.#lastConnectionId, startedAt: this.#ports.clock.now(), awaited };
    this.#check = check;
    this.#isRequested = false;
    this.#events.started(check.connectionId, awaited);
    // What a listener takes is no time of the check.
    check.startedAt = this.#ports.clock.now();
    return check;
  }

  /**
   * @param moreToCome - the next check has begun on the side of the server
   * @param durationMS - from hello to its reply; what it took to connect is no part of it
   */
  #onSucceeded({ connectionId, awaited }: Check, reply: Document, moreToCome: boolean, durationMS: number): void {
    const now = this.#endCheck();
    // Server Monitoring, "Measuring RTT": an awaited reply says how long the server had nothing to tell.
    if (!awaited) this.#roundTripTimes = this.#roundTripTimes.add(durationMS);
    const description = this.#describe(reply, now);
    this.#awaits = this.#options.streaming ? description.topologyVersion : null;
    const connection = this.#connection;
    this.#events.succeeded(connectionId, awaited, durationMS, reply, description);
    this.#ports.onChecked(description);
    if (this.#closed) return;
    // Whoever was told may have given up the connection.
    const isDropped = this.#connection !== connection;
    if (!isDropped) this.#measureBeside(awaited);
    if (moreToCome && !isDropped) this.#begin(true);
    else if (this.#awaits !== null) void this.#run();
    else this.#waitForNext();
  }

  #describe(hello: Document, now: number): ServerDescription {
    return parseHello(this.#address, hello, {
      roundTripTime: this.#roundTripTimes.average,
      minRoundTripTime: this.#roundTripTimes.minimum,
      lastUpdateTime: now,
    });
  }

  #onFailed({ connectionId, startedAt, awaited }: Check, cause: unknown): void {
    const error = asMongoError(cause);
    const now = this.#endCheck();
    this.#forgetConnection(error);
    this.#events.failed(connectionId, awaited, now - startedAt, error, false);
    const again = this.#ports.onCheckFailed(error);
    if (this.#closed) return;
    if (again) void this.#run();
    else this.#waitForNext();
  }

  #endCheck(): number {
    this.#check = null;
    this.#lastCheckEndedAt = this.#ports.clock.now();
    return this.#lastCheckEndedAt;
  }

  readonly #onSample = (sampleMS: number, answer: Document | null): void => {
    this.#roundTripTimes = this.#roundTripTimes.add(sampleMS);
    if (answer !== null) this.#ports.onChecked(this.#describe(answer, this.#ports.clock.now()));
  };

  /** Round trips are measured on another connection for as long as this one streams. */
  #measureBeside(awaited: boolean): void {
    if (this.#awaits === null) {
      this.#pinger?.close();
      this.#pinger = null;
    } else if (this.#pinger === null) {
      this.#pinger = new RoundTripPinger(this.#ports, this.#options, this.#onSample);
    } else if (awaited) {
      this.#pinger.onHeartbeat();
    }
  }

  /** Waits for the time of the next check: the regular one, or the earliest that is allowed when one is requested. */
  #waitForNext(): void {
    const { heartbeatFrequencyMS, minHeartbeatFrequencyMS } = this.#options;
    const pause = this.#isRequested ? Math.min(heartbeatFrequencyMS, minHeartbeatFrequencyMS) : heartbeatFrequencyMS;
    this.#timer?.clear();
    const ms = Math.max(0, this.#lastCheckEndedAt + pause - this.#ports.clock.now());
    this.#timer = this.#ports.clock.setTimer(ms, () => {
      this.#timer = null;
      void this.#run();
    });
  }

  /** Closes the connection; a check that runs on it ends as cancelled. */
  #drop(error: MongoError): void {
    const check = this.#check;
    this.#check = null;
    this.#forgetConnection(error);
    if (check === null) return;
    const durationMS = this.#ports.clock.now() - check.startedAt;
    this.#lastCheckEndedAt = check.startedAt;
    this.#events.failed(check.connectionId, check.awaited, durationMS, error, true);
    this.#isRequested = true;
    if (!this.#closed) this.#waitForNext();
  }

  /** With the connection goes what was learned on it: the version to wait for, and how long a round trip takes. */
  #forgetConnection(error: Error): void {
    const connection = this.#connection;
    this.#connection = null;
    this.#awaits = null;
    this.#pinger?.close();
    this.#pinger = null;
    this.#roundTripTimes = RoundTripTimes.none;
    connection?.close(error);
  }
}

function asMongoError(error: unknown): MongoError {
  if (error instanceof MongoError) return error;
  return new MongoError(error instanceof Error ? error.message : String(error), { cause: error });
}
