import { headerSize, maxMessageSizeBytes, ProtocolError } from './header.js';

/** Cuts a stream of bytes into messages. A message may be a view into a chunk: copy what is kept. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #size = 0;

  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const messages: Buffer[] = [];
    for (;;) {
      const length = this.#nextLength();
      if (length === undefined || this.#size < length) return messages;
      const bytes = this.#joined();
      messages.push(bytes.subarray(0, length));
      this.#chunks = length < bytes.length ? [bytes.subarray(length)] : [];
      this.#size -= length;
    }
  }

  #nextLength(): number | undefined {
    if (this.#size < 4) return undefined;
    const [first] = this.#chunks;
    const length = (first !== undefined && first.length >= 4 ? first : this.#joined()).readInt32LE(0);
    if (length < headerSize || length > maxMessageSizeBytes) {
      throw new ProtocolError(
        `recv(): message msgLen ${length} is invalid. Min ${headerSize} Max: ${maxMessageSizeBytes}`,
      );
    }
    return length;
  }

  #joined(): Buffer {
    const [first = Buffer.alloc(0), ...others] = this.#chunks;
    if (others.length === 0) return first;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }
}
