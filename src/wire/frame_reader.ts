import { ForeignProtocolError, foreignProtocol } from './foreign_protocol.js';
import { HEADER_SIZE, protocolError } from './header.js';

/** Receives each frame (a whole message with its header) as soon as it is complete. */
export interface FrameSink {
  onFrame(frame: Buffer): void;
}

const LENGTH_SIZE = 4;
/** Bytes allocated for a message when no more than its length has arrived. */
const FIRST_ALLOCATION = 64 * 1024;

/**
 * Cuts a stream of bytes into messages. Any way of chunking the same bytes gives the same frames.
 *
 * A frame is a copy: the chunk may be reused as soon as `push` returns. Memory grows with what has arrived, never with what a
 * message's length claims.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  #maxMessageSize: number;
  /** Start of a message that is not complete yet. */
  #partial: Buffer | null = null;
  #received = 0;
  /** Length of that message, 0 while its first four bytes have not all arrived. */
  #expected = 0;

  constructor(sink: FrameSink, maxMessageSize: number) {
    this.#sink = sink;
    this.#maxMessageSize = maxMessageSize;
  }

  /** The server's `maxMessageSizeBytes`, known after its hello. */
  set maxMessageSize(bytes: number) {
    this.#maxMessageSize = bytes;
  }

  /** Bytes that are still to come of a message that is not complete; 0 while its length is not known. */
  get missingBytes(): number {
    return Math.max(0, this.#expected - this.#received);
  }

  /** The protocol to which the bytes of an incomplete message belong if it is not ours; undefined if they may begin a message. */
  get foreignProtocol(): string | undefined {
    return this.#partial === null ? undefined : foreignProtocol(this.#partial.subarray(0, this.#received));
  }

  /**
   * Takes the first `length` bytes of a chunk.
   *
   * @throws MongoUnexpectedServerResponseError if a message claims an impossible length
   */
  push(chunk: Buffer, length: number = chunk.length): void {
    let offset = this.#partial === null ? 0 : this.#resume(chunk, length);
    while (length - offset >= LENGTH_SIZE) {
      const size = this.#checkedLength(chunk, offset, length);
      if (length - offset < size) break;
      const frame = Buffer.allocUnsafe(size);
      chunk.copy(frame, 0, offset, offset + size);
      offset += size;
      this.#sink.onFrame(frame);
    }
    if (offset < length) this.#keep(chunk, offset, length);
  }

  /** Continues the partial message; returns how far into the chunk it reached. */
  #resume(chunk: Buffer, length: number): number {
    let offset = 0;
    if (this.#expected === 0) {
      offset = Math.min(LENGTH_SIZE - this.#received, length);
      this.#append(chunk, 0, offset);
      if (this.#received < LENGTH_SIZE) return offset;
      this.#expected = this.#checkedLength(this.#partial as Buffer, 0, LENGTH_SIZE);
    }
    const take = Math.min(this.#expected - this.#received, length - offset);
    this.#append(chunk, offset, offset + take);
    if (this.#received === this.#expected) this.#complete();
    return offset + take;
  }

  #complete(): void {
    const whole = this.#partial?.subarray(0, this.#expected);
    this.#partial = null;
    this.#received = 0;
    this.#expected = 0;
    if (whole !== undefined) this.#sink.onFrame(whole);
  }

  #keep(chunk: Buffer, from: number, to: number): void {
    if (to - from >= LENGTH_SIZE) this.#expected = this.#checkedLength(chunk, from, to);
    this.#append(chunk, from, to);
  }

  #append(chunk: Buffer, from: number, to: number): void {
    const needed = this.#received + to - from;
    let partial = this.#partial;
    if (partial === null || partial.length < needed) {
      const grown = Buffer.allocUnsafeSlow(this.#roomFor(needed, partial?.length ?? 0));
      partial?.copy(grown, 0, 0, this.#received);
      partial = grown;
      this.#partial = partial;
    }
    chunk.copy(partial, this.#received, from, to);
    this.#received = needed;
  }

  /** Doubled each time, and never more than the message claims: its length alone costs little. */
  #roomFor(needed: number, present: number): number {
    if (this.#expected === 0) return LENGTH_SIZE;
    return Math.max(needed, Math.min(this.#expected, Math.max(FIRST_ALLOCATION, present * 2)));
  }

  /** The length of the message that begins there. */
  #checkedLength(bytes: Buffer, from: number, to: number): number {
    const length = bytes.readInt32LE(from);
    if (length >= HEADER_SIZE && length <= this.#maxMessageSize) return length;
    const foreign = foreignProtocol(bytes.subarray(from, to));
    if (foreign !== undefined) throw new ForeignProtocolError(foreign);
    if (length < HEADER_SIZE) protocolError(`a message length of ${length} bytes, at least ${HEADER_SIZE} are needed`);
    protocolError(`a message length of ${length} bytes, at most ${this.#maxMessageSize} are allowed`);
  }
}
