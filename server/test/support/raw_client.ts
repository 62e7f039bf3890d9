import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Document, deserialize, serialize } from 'bson';

/** A reply as it came over the wire. */
export interface RawReply {
  readonly requestId: number;
  readonly responseTo: number;
  readonly opCode: number;
  /** Everything after the header. */
  readonly payload: Buffer;
}

/** A socket that speaks the protocol byte by byte, for what no driver would send. */
export class RawClient {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #wake: () => void = () => undefined;
  #isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** The next message, or undefined when the server closed the connection. */
  async receive(): Promise<RawReply | undefined> {
    for (;;) {
      const length = this.#received.length >= 4 ? this.#received.readInt32LE(0) : Number.POSITIVE_INFINITY;
      if (this.#received.length >= length) {
        const message = this.#received.subarray(0, length);
        this.#received = this.#received.subarray(length);
        return {
          requestId: message.readInt32LE(4),
          responseTo: message.readInt32LE(8),
          opCode: message.readInt32LE(12),
          payload: message.subarray(16),
        };
      }
      if (this.#isClosed) return undefined;
      await new Promise<void>(resolve => (this.#wake = resolve));
    }
  }

  /** Sends a command as it is and returns the body of its reply. */
  async command(body: Document): Promise<Record<string, unknown>> {
    this.send(opMsg(body));
    return bodyOf(await this.receive());
  }

  close(): void {
    this.#socket.destroy();
  }
}

export function message(opCode: number, requestId: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(16);
  header.writeInt32LE(16 + payload.length, 0);
  header.writeInt32LE(requestId, 4);
  header.writeInt32LE(opCode, 12);
  return Buffer.concat([header, payload]);
}

export function opMsg(
  body: Document,
  options: { flags?: number; requestId?: number; sequence?: Uint8Array } = {},
): Buffer {
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(options.flags ?? 0);
  const sequence = options.sequence ?? Buffer.alloc(0);
  const payload = Buffer.concat([flags, Buffer.from([0]), serialize(body), sequence]);
  return message(2013, options.requestId ?? 1, payload);
}

/** A kind-1 section. */
export function documentSequence(name: string, documents: readonly Document[]): Buffer {
  const content = Buffer.concat([Buffer.from(`${name}\0`), ...documents.map(document => serialize(document))]);
  const head = Buffer.alloc(5);
  head.writeUInt8(1, 0);
  head.writeInt32LE(content.length + 4, 1);
  return Buffer.concat([head, content]);
}

/** The document of an OP_MSG reply, after the flags and the section kind. */
export function bodyOf(reply: RawReply | undefined): Record<string, unknown> {
  if (reply === undefined) throw new Error('The server closed the connection');
  return deserialize(reply.payload.subarray(5));
}

export function flagsOf(reply: RawReply | undefined): number {
  return reply?.payload.readUInt32LE(0) ?? -1;
}
