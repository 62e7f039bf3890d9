import { MongoTopologyClosedError } from '../errors/driver.js';
import type { Timer } from '../runtime/clock.js';
import { HelloConnection, type HelloPorts } from './hello_connection.js';

/** So much of the heartbeat frequency after the last sample, a streamed heartbeat is taken as the time for the next. */
const EARLIEST = 0.5;
/** So much after the last sample, it is time for the next without a heartbeat. */
const LATEST = 1.5;

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
  readonly #heartbeatFrequencyMS: number;
  readonly #onSample: (sampleMS: number) => void;
  #connection: HelloConnection | null = null;
  #lastSampleAt: number;
  #isMeasuring = false;
  #isClosed = false;
  #timer: Timer | null = null;

  /** Begins at once. */
  constructor(ports: HelloPorts, heartbeatFrequencyMS: number, onSample: (sampleMS: number) => void) {
    this.#ports = ports;
    this.#heartbeatFrequencyMS = heartbeatFrequencyMS;
    this.#onSample = onSample;
    this.#lastSampleAt = ports.clock.now();
    void this.#measure();
  }

  /** A heartbeat was streamed. */
  onHeartbeat(): void {
    const elapsedMS = this.#ports.clock.now() - this.#lastSampleAt;
    if (!this.#isMeasuring && elapsedMS >= EARLIEST * this.#heartbeatFrequencyMS) void this.#measure();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.clear();
    this.#connection?.close(new MongoTopologyClosedError());
  }

  async #measure(): Promise<void> {
    const { clock } = this.#ports;
    this.#timer?.clear();
    this.#isMeasuring = true;
    try {
      const sampleMS = await this.#sample();
      if (!this.#isClosed) this.#onSample(sampleMS);
    } catch (error) {
      this.#connection?.close(error as Error);
    }
    this.#isMeasuring = false;
    if (this.#isClosed) return;
    this.#lastSampleAt = clock.now();
    this.#timer = clock.setTimer(LATEST * this.#heartbeatFrequencyMS, () => void this.#measure());
  }

  async #sample(): Promise<number> {
    const { clock } = this.#ports;
    if (this.#connection?.error === null) {
      const startedAt = clock.now();
      await this.#connection.hello();
      return clock.now() - startedAt;
    }
    const connection = new HelloConnection(0, this.#ports);
    this.#connection = connection;
    await connection.open();
    return connection.handshakeMS;
  }
}
