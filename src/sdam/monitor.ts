import type { Document } from '../bson/index.js';
import { Deadline } from '../csot/deadline.js';
import { MongoError } from '../errors/base.js';
import { MongoTopologyClosedError } from '../errors/driver.js';
import { MongoNetworkError } from '../errors/network.js';
import type { EventPublisher } from '../events/publisher.js';
import { Connection, type ConnectionParts } from '../pool/connection.js';
import { type EstablishSettings, establish, runHello } from '../pool/establish.js';
import { helloCommand } from '../pool/handshake.js';
import type { Clock, Timer } from '../runtime/clock.js';
import { parseHello } from './description/hello.js';
import type { ServerDescription } from './description/server_description.js';
import { MonitorEvents } from './monitor_events.js';
import { RoundTripTimes } from './rtt.js';

export interface MonitorOptions {
  readonly heartbeatFrequencyMS: number;
  readonly minHeartbeatFrequencyMS: number;
}

/** What a monitor needs from above. */
export interface MonitorPorts {
  readonly clock: Clock;
  readonly publisher: EventPublisher;
  readonly connection: ConnectionParts;
  readonly establish: EstablishSettings;
  onChecked(description: ServerDescription): void;
  /** Returns whether to check again at once (the server was known until now, and the network failed). */
  onCheckFailed(error: MongoError): boolean;
}

interface Check {
  readonly connectionId: number;
  readonly startedAt: number;
}

/**
 * Checks one server from time to time, on a connection of its own, and sooner when asked; never more often than every 500 ms.
 *
 * Source: Server Monitoring.
 */
export class Monitor {
  readonly #address: string;
  readonly #options: MonitorOptions;
  readonly #ports: MonitorPorts;
  readonly #events: MonitorEvents;
  #connection: Connection | null = null;
  #lastConnectionId = 0;
  #helloOk = false;
  #roundTripTimes = RoundTripTimes.none;
  #check: Check | null = null;
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

  start(): void {
    if (!this.#closed) void this.#run();
  }

  /** Asks for a check as soon as one is allowed. While one runs, that one is the answer. */
  requestCheck(): void {
    if (this.#closed || this.#check !== null) return;
    this.#isRequested = true;
    // Without a timer the end of a check is being dealt with; what arms the next one sees the request.
    if (this.#timer !== null) this.#waitForNext();
  }

  /** Gives up the check that runs, since an operation has just found the network broken. */
  cancelCheck(): void {
    this.#drop(new MongoNetworkError(`check of ${this.#address} cancelled`, { host: this.#address, phase: 'hello' }));
  }

  /** Ends for good. A check that runs is reported as failed, so that every start has its end. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.clear();
    this.#timer = null;
    this.#drop(new MongoTopologyClosedError());
  }

  /** One check and what follows from it. Each round arms the next. */
  async #run(): Promise<void> {
    const { clock } = this.#ports;
    // One that the server closed between two checks is replaced by a new one.
    if (this.#connection !== null && this.#connection.error !== null) this.#connection = null;
    const connectionId = this.#connection === null ? ++this.#lastConnectionId : this.#connection.id;
    const check = { connectionId, startedAt: clock.now() };
    this.#check = check;
    this.#isRequested = false;
    this.#events.started(connectionId, false);
    // A listener may have closed the client.
    if (this.#closed) return;
    let reply: Document;
    try {
      reply = await this.#hello(connectionId);
    } catch (error) {
      if (this.#check === check) this.#onFailed(check, asMongoError(error));
      return;
    }
    if (this.#check === check) this.#onSucceeded(check, reply);
  }

  async #hello(connectionId: number): Promise<Document> {
    const { establish: settings, connection: parts, clock } = this.#ports;
    const deadline = Deadline.background(clock);
    if (this.#connection === null) {
      const connection = new Connection(parts, connectionId);
      this.#connection = connection;
      const reply = await establish(connection, settings, deadline);
      this.#helloOk = reply['helloOk'] === true;
      return reply;
    }
    const command = helloCommand(settings.handshake, this.#helloOk);
    const limit = deadline.within('hello', settings.connectTimeoutMS);
    const reply = await runHello(this.#connection, command, settings.encoder, limit);
    const failure = reply.error({ host: this.#address, phase: 'hello' });
    if (failure !== null) throw failure;
    return reply.document;
  }

  #onSucceeded({ connectionId, startedAt }: Check, reply: Document): void {
    const now = this.#endCheck();
    const durationMS = now - startedAt;
    this.#roundTripTimes = this.#roundTripTimes.add(durationMS);
    const description = parseHello(this.#address, reply, {
      roundTripTime: this.#roundTripTimes.average,
      minRoundTripTime: this.#roundTripTimes.minimum,
      lastUpdateTime: now,
    });
    this.#events.succeeded(connectionId, false, durationMS, reply, description);
    this.#ports.onChecked(description);
    if (!this.#closed) this.#waitForNext();
  }

  #onFailed({ connectionId, startedAt }: Check, error: MongoError): void {
    const now = this.#endCheck();
    this.#connection?.close(error);
    this.#connection = null;
    this.#roundTripTimes = RoundTripTimes.none;
    this.#events.failed(connectionId, false, now - startedAt, error, false);
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
    this.#connection?.close(error);
    this.#connection = null;
    this.#roundTripTimes = RoundTripTimes.none;
    if (check === null) return;
    const now = this.#ports.clock.now();
    this.#lastCheckEndedAt = now;
    this.#events.failed(check.connectionId, false, now - check.startedAt, error, true);
    this.#isRequested = true;
    if (!this.#closed) this.#waitForNext();
  }
}

function asMongoError(error: unknown): MongoError {
  if (error instanceof MongoError) return error;
  return new MongoError(error instanceof Error ? error.message : String(error), { cause: error });
}
