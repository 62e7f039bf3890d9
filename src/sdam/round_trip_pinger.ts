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
 * A sample can also be requested for the sake of its answer: at once, and then at most every `minHeartbeatFrequencyMS`.
 *
 * Source: Server Monitoring, "Measuring RTT".
 */
export class RoundTripPinger {
  readonly #ports: HelloPorts;
  readonly #options: PingerOptions;
  readonly #onSample: (sampleMS: number, answer: Document | null) => void;
  #connection: HelloConnection | null = null;
  #lastSampleAt: number;
  #lastRequestAt = -Infinity;
  #lastNewsAt = -Infinity;
  #isMeasuring = false;
  /** Whether the sample that is being taken, or the next one, is also the answer to a request. */
  #isRequested = false;
  /** The sample that is being taken was sent too early to be the answer. */
  #isOutdated = false;
  #isClosed = false;
  #timer: Timer | null = null;

  /**
   * Begins at once.
   *
   * @param onSample - told of each round trip, and of the server's hello if it was requested
   */
  constructor(
    ports: HelloPorts,
    options: PingerOptions,
    onSample: (sampleMS: number, answer: Document | null) => void,
  ) {
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
    if (this.#isRequested) return;
    this.#isRequested = true;
    if (!this.#isMeasuring) this.#measureForRequest();
  }

  /**
   * The same after something has happened: what is on its way already is no answer, and what was asked before does not keep from asking now.
   * Only another such request does.
   */
  requestAnew(): void {
    const now = this.#ports.clock.now();
    const isFirst = now - this.#lastNewsAt >= this.#options.minHeartbeatFrequencyMS;
    if (isFirst) {
      this.#lastNewsAt = now;
      this.#lastRequestAt = -Infinity;
    }
    this.#isOutdated = this.#isMeasuring;
    if (this.#isMeasuring || (this.#isRequested && !isFirst)) return;
    this.#isRequested = true;
    this.#measureForRequest();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.clear();
    this.#connection?.close(new MongoTopologyClosedError());
  }

  async #measure(): Promise<void> {
    this.#timer?.clear();
    this.#isMeasuring = true;
    const isReused = this.#connection?.error === null;
    try {
      const { sampleMS, hello } = await this.#sample();
      const isAnswer = this.#isRequested && !this.#isOutdated;
      if (isAnswer) this.#isRequested = false;
      this.#endSample();
      if (!this.#isClosed) this.#onSample(sampleMS, isAnswer ? hello : null);
    } catch (error) {
      this.#connection?.close(error as Error);
      // A connection that had broken unnoticed is replaced at once for a request that waits.
      if (isReused) this.#lastRequestAt = -Infinity;
      this.#endSample();
    }
  }

  #endSample(): void {
    this.#isMeasuring = false;
    this.#lastSampleAt = this.#ports.clock.now();
    if (this.#isClosed) return;
    if (this.#isOutdated) {
      this.#isOutdated = false;
      this.#isRequested = true;
    }
    if (this.#isRequested) this.#measureForRequest();
    else this.#measureIn(LATEST * this.#options.heartbeatFrequencyMS);
  }

  #measureForRequest(): void {
    const now = this.#ports.clock.now();
    const ms = this.#lastRequestAt + this.#options.minHeartbeatFrequencyMS - now;
    this.#lastRequestAt = Math.max(now, now + ms);
    if (ms > 0) this.#measureIn(ms);
    else void this.#measure();
  }

  #measureIn(ms: number): void {
    this.#timer?.clear();
    this.#timer = this.#ports.clock.setTimer(ms, () => void this.#measure());
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
