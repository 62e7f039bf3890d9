import type { Document } from '../bson/index.js';
import { parseHello } from '../description/hello.js';
import type { ServerDescription } from '../description/server_description.js';
import type { TopologyVersion } from '../description/types.js';
import { MongoError } from '../errors/base.js';
import { MongoTopologyClosedError } from '../errors/driver.js';
import { MongoNetworkError } from '../errors/network.js';
import type { EventPublisher } from '../events/publisher.js';
import { isFunctionService } from '../pool/client_metadata.js';
import type { Timer } from '../runtime/clock.js';
import type { HostEnvironment } from '../runtime/host.js';
import { HelloConnection, type HelloPorts } from './hello_connection.js';
import { MonitorEvents } from './monitor_events.js';
import { RoundTripPinger, type Sample } from './round_trip_pinger.js';
import { RoundTripTimes } from './rtt.js';

export interface MonitorOptions {
  readonly heartbeatFrequencyMS: number;
  readonly minHeartbeatFrequencyMS: number;
  /** Whether servers that support it stream their changes. */
  readonly streaming: boolean;
}

/** How servers are checked (URI options, "serverMonitoringMode"). */
type MonitoringMode = 'auto' | 'poll' | 'stream';

/**
 * Whether servers that support it stream their changes. With `auto` they do not where functions are run as a service: there a process
 * stands still between calls, and streamed replies would be old (Server Monitoring, "Streaming disabled").
 */
export function usesStreaming(mode: MonitoringMode, env: HostEnvironment['env']): boolean {
  return mode === 'stream' || (mode === 'auto' && !isFunctionService(env));
}

/** The port of a monitor to the topology. */
export interface MonitorPorts extends HelloPorts {
  readonly publisher: EventPublisher;
  /** The id of the topology, for events. */
  readonly topologyId: number;
  onChecked(description: ServerDescription): void;
  /** Returns whether to check again at once: the server was known until now, and the network failed. */
  onCheckFailed(error: MongoError): boolean;
}

/** `start` was not called yet. */
interface New {
  readonly name: 'new';
}

/** Between two checks. The connection stays open for the next; the pinger lives on only after a stream that was cancelled. */
interface Waiting {
  readonly name: 'waiting';
  readonly connection: HelloConnection | null;
  readonly pinger: RoundTripPinger | null;
  readonly timer: Timer;
}

/** The start of a check is published, and its connection is not open yet: listeners hear of the check first. */
interface Starting {
  readonly name: 'starting';
  readonly connectionId: number;
  readonly pinger: RoundTripPinger | null;
  startedAt: number;
}

/** A hello is under way that the server answers at once: that of the handshake, or a later one. */
interface Checking {
  readonly name: 'checking';
  readonly connection: HelloConnection;
  readonly pinger: RoundTripPinger | null;
  startedAt: number;
}

/** The server answers when its state changes, or after `heartbeatFrequencyMS`. The pinger measures round trips meanwhile. */
interface Streaming {
  readonly name: 'streaming';
  readonly connection: HelloConnection;
  readonly pinger: RoundTripPinger;
  startedAt: number;
}

/** The end of a check is being published. Listeners and the topology may request or cancel a check, and so change what follows. */
interface Reporting {
  readonly name: 'reporting';
  readonly connection: HelloConnection | null;
  readonly pinger: RoundTripPinger | null;
  /** The next check is due as soon as one is allowed. */
  readonly isRequested: boolean;
}

interface Closed {
  readonly name: 'closed';
}

/** A check from its start event to its end event. */
type Check = Starting | Checking | Streaming;
/** A check whose hello was sent. */
type SentCheck = Checking | Streaming;
type State = New | Waiting | Check | Reporting | Closed;

/**
 * Checks one server on a connection of its own: from time to time, and sooner when asked, never more often than every 500 ms.
 *
 *     new ──► starting ──► checking ──► reporting ──► waiting ──► checking       polling
 *                                       reporting ──► streaming                  as soon as a reply has a topologyVersion
 *                                       reporting ◄── streaming                  for each reply of the stream
 *
 * A check passes through `starting` only if it opens a new connection. `close` ends every state. While the monitor streams, a check is
 * always under way, and the server reports a change at once.
 *
 * A cancelled check has learned nothing: the 500 ms count from the last check that did. If they are over, the next check begins at once.
 * When a stream is cancelled, the server is asked on the connection for round trips as well, which is open already.
 *
 * Source: Server Monitoring.
 */
export class Monitor {
  readonly #address: string;
  readonly #options: MonitorOptions;
  readonly #ports: MonitorPorts;
  readonly #events: MonitorEvents;
  #state: State = { name: 'new' };
  #lastConnectionId = 0;
  #roundTripTimes = RoundTripTimes.none;
  /** The 500 ms count from here: the end of the last check, or the start of a cancelled one. */
  #lastCheckAt = -Infinity;

  constructor(address: string, options: MonitorOptions, ports: MonitorPorts) {
    this.#address = address;
    this.#options = options;
    this.#ports = ports;
    this.#events = new MonitorEvents(ports.publisher, ports.topologyId, address);
  }

  /** @param lastCheckedAt - of a server that was known before under this address: it is not checked sooner than if it had stayed */
  start(lastCheckedAt = -Infinity): void {
    if (this.#state.name !== 'new') return;
    this.#lastCheckAt = lastCheckedAt;
    if (this.#ports.clock.now() - lastCheckedAt >= this.#options.minHeartbeatFrequencyMS) this.#checkAnew(null);
    else this.#wait(null, null, true);
  }

  /**
   * Asks for a check as soon as one is allowed. While a check runs, that check is the answer. A stream is not disturbed: the server is asked
   * on the connection for round trips.
   */
  requestCheck(): void {
    const state = this.#state;
    if (state.name === 'waiting') {
      state.timer.clear();
      this.#wait(state.connection, state.pinger, true);
    } else if (state.name === 'reporting') {
      this.#state = { ...state, isRequested: true };
    } else if (state.name === 'streaming') {
      // What the stream tells later is newer than this answer, or has the same topologyVersion.
      state.pinger.request();
    }
  }

  /**
   * Cancels the check that runs, and closes its connection, since an operation has just found the network broken.
   *
   * The connection for round trips is asked what the server is now: it is not the one that broke, and its answer takes one round trip. If it
   * broke too, the next check connects anew.
   */
  cancelCheck(): void {
    const state = this.#state;
    if (state.name === 'new' || state.name === 'closed') return;
    const error = new MongoNetworkError(`check of ${this.#address} cancelled`, { host: this.#address, phase: 'hello' });
    const { pinger } = state;
    this.#roundTripTimes = RoundTripTimes.none;
    if (state.name === 'waiting' || state.name === 'reporting') {
      this.#state = { ...state, connection: null };
      state.connection?.close(error);
    } else {
      this.#state = { name: 'reporting', connection: null, pinger: null, isRequested: true };
      this.#endCancelled(state, error);
      this.#waitAfterReport(pinger);
    }
    if (!this.#isClosed) pinger?.requestAnew();
  }

  /** What the check that runs waits for, and since when (monotonic milliseconds); null between two checks. */
  get waitsFor(): HelloConnection['waitsFor'] | null {
    const state = this.#state;
    return state.name === 'checking' || state.name === 'streaming' ? state.connection.waitsFor : null;
  }

  /** Ends for good. A check that runs is reported as failed, so that every start has its end. */
  close(): void {
    const state = this.#state;
    if (state.name === 'closed') return;
    this.#state = { name: 'closed' };
    if (state.name === 'new') return;
    const error = new MongoTopologyClosedError();
    state.pinger?.close();
    if (state.name === 'waiting') state.timer.clear();
    if (state.name === 'waiting' || state.name === 'reporting') state.connection?.close(error);
    else this.#endCancelled(state, error);
  }

  get #isClosed(): boolean {
    return this.#state.name === 'closed';
  }

  // ── Checks

  /** Checks on the open connection, or on a new one if there is none, or the server closed it between two checks. */
  #checkNext({ connection, pinger }: Waiting): void {
    if (connection === null) {
      this.#checkAnew(pinger);
    } else if (connection.error !== null) {
      this.#replaceBroken(pinger);
    } else {
      const { clock } = this.#ports;
      const check: Checking = { name: 'checking', connection, pinger, startedAt: clock.now() };
      if (this.#begin(check)) void this.#finish(check, connection.hello(), () => clock.now() - check.startedAt);
    }
  }

  /** Checks on a new connection: its handshake is the check. */
  #checkAnew(pinger: RoundTripPinger | null): void {
    const { clock } = this.#ports;
    const connectionId = ++this.#lastConnectionId;
    if (!this.#begin({ name: 'starting', connectionId, pinger, startedAt: clock.now() })) return;
    const connection = new HelloConnection(connectionId, this.#ports);
    const check: Checking = { name: 'checking', connection, pinger, startedAt: clock.now() };
    this.#state = check;
    void this.#finish(check, connection.open(), () => connection.handshakeMS);
  }

  /** With the broken connection goes what was learned on it: the round trip times. */
  #replaceBroken(pinger: RoundTripPinger | null): void {
    pinger?.close();
    this.#roundTripTimes = RoundTripTimes.none;
    this.#checkAnew(null);
  }

  /** Sends an awaitable hello. The server replies when its state is another than `topologyVersion`, and again after each change. */
  #stream(connection: HelloConnection, pinger: RoundTripPinger, topologyVersion: TopologyVersion): void {
    if (connection.error !== null) {
      this.#replaceBroken(pinger);
      return;
    }
    if (!this.#begin({ name: 'streaming', connection, pinger, startedAt: this.#ports.clock.now() })) return;
    const currentCheck = (): Streaming | null => {
      const state = this.#state;
      return state.name === 'streaming' && state.connection === connection ? state : null;
    };
    connection.follow(topologyVersion, this.#options.heartbeatFrequencyMS, {
      onHello: (reply, moreToCome) => {
        const check = currentCheck();
        if (check !== null) this.#onSucceeded(check, reply, moreToCome, this.#ports.clock.now() - check.startedAt, 0);
      },
      onFailed: error => {
        const check = currentCheck();
        if (check !== null) this.#onFailed(check, error);
      },
    });
  }

  /** Publishes the start of a check. Returns whether the check goes on: a listener may have cancelled it, or closed the client. */
  #begin(check: Check): boolean {
    this.#state = check;
    this.#events.started(connectionIdOf(check), check.name === 'streaming');
    if (this.#state !== check) return false;
    // The time that listeners take is not part of the check.
    check.startedAt = this.#ports.clock.now();
    return true;
  }

  async #finish(check: Checking, hello: Promise<Document>, durationMS: () => number): Promise<void> {
    const { clock } = this.#ports;
    const busyBefore = clock.busyMS();
    let reply: Document;
    try {
      reply = await hello;
    } catch (error) {
      if (this.#state === check) this.#onFailed(check, error);
      return;
    }
    if (this.#state === check) this.#onSucceeded(check, reply, false, durationMS(), clock.busyMS() - busyBefore);
  }

  // ── Ends of checks

  /**
   * @param moreToCome - the next check has begun on the side of the server
   * @param durationMS - from hello to its reply; the time to connect is not part of it
   * @param busyMS - for how long the event loop was busy meanwhile
   */
  #onSucceeded(check: SentCheck, reply: Document, moreToCome: boolean, durationMS: number, busyMS: number): void {
    const { connection, pinger } = check;
    const awaited = check.name === 'streaming';
    const now = this.#ports.clock.now();
    this.#report(connection, pinger, now);
    // Server Monitoring, "Measuring RTT": an awaited reply says how long the server had nothing to tell.
    if (!awaited) this.#addRoundTrip(durationMS, busyMS);
    const description = this.#describe(reply, now);
    this.#events.succeeded(connection.id, awaited, durationMS, reply, description);
    this.#ports.onChecked(description);
    this.#continue(awaited, moreToCome, this.#options.streaming ? description.topologyVersion : null);
  }

  /** Begins what follows a successful check, unless a listener has closed the monitor. */
  #continue(awaited: boolean, moreToCome: boolean, topologyVersion: TopologyVersion | null): void {
    const state = this.#state;
    if (state.name !== 'reporting') return;
    const { connection, pinger, isRequested } = state;
    if (connection === null) {
      // A listener cancelled the stream whose reply this was.
      this.#wait(null, pinger, isRequested);
    } else if (moreToCome) {
      const startedAt = this.#ports.clock.now();
      this.#begin({ name: 'streaming', connection, pinger: this.#pingerBeside(pinger, awaited), startedAt });
    } else if (topologyVersion !== null) {
      this.#stream(connection, this.#pingerBeside(pinger, awaited), topologyVersion);
    } else {
      pinger?.close();
      this.#wait(connection, null, isRequested);
    }
  }

  #onFailed(check: SentCheck, cause: unknown): void {
    const error = asMongoError(cause);
    const now = this.#ports.clock.now();
    this.#report(null, null, now);
    this.#roundTripTimes = RoundTripTimes.none;
    check.pinger?.close();
    check.connection.close(error);
    this.#events.failed(check.connection.id, check.name === 'streaming', now - check.startedAt, error, false);
    const isCheckedAtOnce = this.#ports.onCheckFailed(error);
    if (isCheckedAtOnce && !this.#isClosed) this.#checkAnew(null);
    else this.#waitAfterReport(null);
  }

  /** A cancelled check counts from its start. */
  #endCancelled(check: Check, error: MongoError): void {
    const durationMS = this.#ports.clock.now() - check.startedAt;
    this.#lastCheckAt = check.startedAt;
    if (check.name !== 'starting') check.connection.close(error);
    this.#events.failed(connectionIdOf(check), check.name === 'streaming', durationMS, error, true);
  }

  #report(connection: HelloConnection | null, pinger: RoundTripPinger | null, now: number): void {
    this.#lastCheckAt = now;
    this.#state = { name: 'reporting', connection, pinger, isRequested: false };
  }

  /** Goes on without a connection, unless a listener has closed the monitor. */
  #waitAfterReport(pinger: RoundTripPinger | null): void {
    const state = this.#state;
    if (state.name === 'reporting') this.#wait(null, pinger, state.isRequested);
    else pinger?.close();
  }

  /** Waits for the time of the next check: the regular one, or the earliest that is allowed when one is requested. */
  #wait(connection: HelloConnection | null, pinger: RoundTripPinger | null, isRequested: boolean): void {
    const { heartbeatFrequencyMS, minHeartbeatFrequencyMS } = this.#options;
    const pauseMS = isRequested ? Math.min(heartbeatFrequencyMS, minHeartbeatFrequencyMS) : heartbeatFrequencyMS;
    const ms = Math.max(0, this.#lastCheckAt + pauseMS - this.#ports.clock.now());
    const timer = this.#ports.clock.setTimer(ms, () => {
      if (this.#state.name === 'waiting') this.#checkNext(this.#state);
    });
    this.#state = { name: 'waiting', connection, pinger, timer };
  }

  // ── Round trips

  /** Round trips are measured on another connection for as long as this one streams. */
  #pingerBeside(pinger: RoundTripPinger | null, awaited: boolean): RoundTripPinger {
    if (pinger === null) return new RoundTripPinger(this.#ports, this.#options, this.#onSample);
    if (awaited) pinger.onHeartbeat();
    return pinger;
  }

  readonly #onSample = ({ sampleMS, busyMS }: Sample, answer: Document | null): void => {
    this.#addRoundTrip(sampleMS, busyMS);
    if (answer !== null) this.#ports.onChecked(this.#describe(answer, this.#ports.clock.now()));
  };

  #addRoundTrip(durationMS: number, busyMS: number): void {
    this.#roundTripTimes = this.#roundTripTimes.add(durationMS, busyMS);
    this.#ports.publisher.meter?.roundTrip(this.#address, durationMS);
  }

  #describe(hello: Document, now: number): ServerDescription {
    return parseHello(this.#address, hello, {
      roundTripTime: this.#roundTripTimes.average,
      minRoundTripTime: this.#roundTripTimes.minimum,
      lastUpdateTime: now,
    });
  }
}

function connectionIdOf(check: Check): number {
  return check.name === 'starting' ? check.connectionId : check.connection.id;
}

function asMongoError(error: unknown): MongoError {
  if (error instanceof MongoError) return error;
  return new MongoError(error instanceof Error ? error.message : String(error), { cause: error });
}
