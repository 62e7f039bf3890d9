import type { Document } from '../bson/index.js';
import { MongoTopologyClosedError } from '../errors/driver.js';
import type { Timer } from '../runtime/clock.js';
import { HelloConnection, type HelloPorts } from './hello_connection.js';

/** A streamed heartbeat causes a sample if the last sample is older than this part of `heartbeatFrequencyMS`. */
const EARLIEST = 0.5;
/** Without a heartbeat, the next sample is taken after this part of `heartbeatFrequencyMS`. */
const LATEST = 1.5;

export interface PingerOptions {
  readonly heartbeatFrequencyMS: number;
  readonly minHeartbeatFrequencyMS: number;
}

/** One round trip. */
export interface Sample {
  readonly sampleMS: number;
  /** For how long the event loop of this process was busy meanwhile. */
  readonly busyMS: number;
  readonly hello: Document;
}

/** Between two samples. */
interface Waiting {
  readonly name: 'waiting';
  readonly timer: Timer;
  /** Whether the next sample is also the answer to a request. */
  readonly isRequested: boolean;
}

/** A sample is being taken. */
interface Measuring {
  readonly name: 'measuring';
  /** What the sample is for besides its time: an answer; or nothing, because it was sent too early to be the answer that is requested. */
  readonly purpose: 'time' | 'answer' | 'outdated';
}

interface Closed {
  readonly name: 'closed';
}

/**
 * Measures round trips on a connection of its own while heartbeats are streamed: awaited replies say nothing about round trips.
 *
 * A sample is taken about once in `heartbeatFrequencyMS`. It is sent together with the heartbeat that has woken the process anyway; the
 * timer is for servers that send no heartbeats for long. A sample that fails says nothing about the server: the next one connects anew.
 *
 * A sample can also be requested for its answer: it is taken at once, and then at most every `minHeartbeatFrequencyMS`.
 *
 * Source: Server Monitoring, "Measuring RTT".
 */
export class RoundTripPinger {
  readonly #ports: HelloPorts;
  readonly #options: PingerOptions;
  readonly #onSample: (sample: Sample, answer: Document | null) => void;
  #state: Waiting | Measuring | Closed = { name: 'measuring', purpose: 'time' };
  #connection: HelloConnection | null = null;
  #lastSampleAt: number;
  #lastRequestAt = -Infinity;
  #lastNewsAt = -Infinity;

  /**
   * Begins at once.
   *
   * @param onSample - called with each round trip, and with the server's hello if it was requested
   */
  constructor(ports: HelloPorts, options: PingerOptions, onSample: (sample: Sample, answer: Document | null) => void) {
    this.#ports = ports;
    this.#options = options;
    this.#onSample = onSample;
    this.#lastSampleAt = ports.clock.now();
    void this.#measure(false);
  }

  /** A heartbeat was streamed. */
  onHeartbeat(): void {
    const state = this.#state;
    if (state.name !== 'waiting') return;
    const elapsedMS = this.#ports.clock.now() - this.#lastSampleAt;
    if (elapsedMS >= EARLIEST * this.#options.heartbeatFrequencyMS) void this.#measure(state.isRequested);
  }

  /** Requests the server's hello as soon as is allowed. The sample that is being taken is the answer. */
  request(): void {
    const state = this.#state;
    if (state.name === 'waiting') {
      if (!state.isRequested) this.#measureForRequest();
    } else if (state.name === 'measuring' && state.purpose === 'time') {
      this.#state = { name: 'measuring', purpose: 'answer' };
    }
  }

  /**
   * The same after an error: a sample that was sent before the error is no answer, and a request from before it does not delay this one.
   * Only another request after an error does.
   */
  requestAnew(): void {
    const now = this.#ports.clock.now();
    const isFirst = now - this.#lastNewsAt >= this.#options.minHeartbeatFrequencyMS;
    if (isFirst) {
      this.#lastNewsAt = now;
      this.#lastRequestAt = -Infinity;
    }
    const state = this.#state;
    if (state.name === 'measuring') this.#state = { name: 'measuring', purpose: 'outdated' };
    else if (state.name === 'waiting' && (isFirst || !state.isRequested)) this.#measureForRequest();
  }

  close(): void {
    this.#clearTimer();
    this.#state = { name: 'closed' };
    this.#connection?.close(new MongoTopologyClosedError());
  }

  async #measure(isRequested: boolean): Promise<void> {
    this.#clearTimer();
    this.#state = { name: 'measuring', purpose: isRequested ? 'answer' : 'time' };
    const isReused = this.#connection?.error === null;
    let sample: Sample;
    try {
      sample = await this.#sample();
    } catch (error) {
      this.#connection?.close(error as Error);
      // If an open connection had broken unnoticed, the request is sent on a new one at once.
      if (isReused) this.#lastRequestAt = -Infinity;
      this.#onMeasured(null);
      return;
    }
    this.#onMeasured(sample);
  }

  /** @param sample - null if it failed: then a request is still to be answered */
  #onMeasured(sample: Sample | null): void {
    const state = this.#state;
    if (state.name !== 'measuring') return;
    const { purpose } = state;
    this.#lastSampleAt = this.#ports.clock.now();
    if (purpose === 'outdated' || (purpose === 'answer' && sample === null)) this.#measureForRequest();
    else this.#measureIn(LATEST * this.#options.heartbeatFrequencyMS, false);
    if (sample !== null) this.#onSample(sample, purpose === 'answer' ? sample.hello : null);
  }

  #measureForRequest(): void {
    const now = this.#ports.clock.now();
    const ms = this.#lastRequestAt + this.#options.minHeartbeatFrequencyMS - now;
    this.#lastRequestAt = Math.max(now, now + ms);
    if (ms > 0) this.#measureIn(ms, true);
    else void this.#measure(true);
  }

  #measureIn(ms: number, isRequested: boolean): void {
    this.#clearTimer();
    const timer = this.#ports.clock.setTimer(ms, () => void this.#measure(isRequested));
    this.#state = { name: 'waiting', timer, isRequested };
  }

  #clearTimer(): void {
    if (this.#state.name === 'waiting') this.#state.timer.clear();
  }

  async #sample(): Promise<Sample> {
    const { clock } = this.#ports;
    const busyBefore = clock.busyMS();
    if (this.#connection?.error === null) {
      const startedAt = clock.now();
      const hello = await this.#connection.hello();
      return { sampleMS: clock.now() - startedAt, busyMS: clock.busyMS() - busyBefore, hello };
    }
    const connection = new HelloConnection(0, this.#ports);
    this.#connection = connection;
    const hello = await connection.open();
    return { sampleMS: connection.handshakeMS, busyMS: clock.busyMS() - busyBefore, hello };
  }
}
