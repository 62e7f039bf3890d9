import type { Document } from '../bson/index.js';
import { MongoTopologyClosedError } from '../errors/driver.js';
import type { Timer } from '../runtime/clock.js';
import { HelloConnection, type HelloPorts } from './hello_connection.js';

/** So much of the heartbeat frequency after the last sample, a streamed heartbeat is taken as the time for the next. */
const EARLIEST = 0.5;
/** So much after the last sample, it is time for the next without a heartbeat. */
const LATEST = 1.5;

export interface PingerOptions {
  readonly heartbeatFrequencyMS: number;
  readonly minHeartbeatFrequencyMS: number;
}

interface Sample {
  readonly sampleMS: number;
  readonly hello: Document;
}

/**
 * Measures round trips while heartbeats are streamed, which say nothing of them, on a connection of its own.
 *
 * A sample is taken about once in `heartbeatFrequencyMS`. It goes out together with the heartbeat that has woken the process anyway; the
 * timer is for servers that let themselves be waited for. What fails here is no news of the server: the next sample connects anew.
 *
 * Source: Server Monitoring, "Measuring RTT".
 */
export class RoundTripPinger {
  readonly #ports: HelloPorts;
  readonly #options: PingerOptions;
  readonly #onSample: (sampleMS: number, hello: Document) => void;
  #connection: HelloConnection | null = null;
  #lastSampleAt: number;
  #isMeasuring = false;
  #isClosed = false;
  #timer: Timer | null = null;

  /** Begins at once. */
  constructor(ports: HelloPorts, options: PingerOptions, onSample: (sampleMS: number, hello: Document) => void) {
    this.#ports = ports;
    this.#options = options;
    this.#onSample = onSample;
    this.#lastSampleAt = ports.clock.now();
    void this.#measure();
  }

  /** A heartbeat was streamed. */
  onHeartbeat(): void {
    const elapsedMS = this.#ports.clock.now() - this.#lastSampleAt;
    if (!this.#isMeasuring && elapsedMS >= EARLIEST * this.#options.heartbeatFrequencyMS) void this.#measure();
  }

  /** Asks as soon as is allowed, for the sake of the answer. While a sample is being taken, that one is the answer. */
  request(): void {
    if (this.#isMeasuring) return;
    const { clock } = this.#ports;
    this.#measureIn(this.#lastSampleAt + this.#options.minHeartbeatFrequencyMS - clock.now());
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.clear();
    this.#connection?.close(new MongoTopologyClosedError());
  }

  async #measure(): Promise<void> {
    this.#timer?.clear();
    this.#isMeasuring = true;
    try {
      const { sampleMS, hello } = await this.#sample();
      this.#endSample();
      if (!this.#isClosed) this.#onSample(sampleMS, hello);
    } catch (error) {
      this.#connection?.close(error as Error);
      this.#endSample();
    }
  }

  #endSample(): void {
    this.#isMeasuring = false;
    this.#lastSampleAt = this.#ports.clock.now();
    if (!this.#isClosed) this.#measureIn(LATEST * this.#options.heartbeatFrequencyMS);
  }

  #measureIn(ms: number): void {
    this.#timer?.clear();
    this.#timer = this.#ports.clock.setTimer(Math.max(0, ms), () => void this.#measure());
  }

  async #sample(): Promise<Sample> {
    const { clock } = this.#ports;
    if (this.#connection?.error === null) {
      const startedAt = clock.now();
      const hello = await this.#connection.hello();
      return { sampleMS: clock.now() - startedAt, hello };
    }
    const connection = new HelloConnection(0, this.#ports);
    this.#connection = connection;
    const hello = await connection.open();
    return { sampleMS: connection.handshakeMS, hello };
  }
}
