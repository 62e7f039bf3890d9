import { connect, type Socket } from 'node:net';

interface Request {
  readonly message: Buffer;
  readonly resolve: (reply: Buffer) => void;
}

/** Sockets that each carry one request at a time, as a driver's pool does, and nothing else of a driver. */
export class FramePool {
  readonly #idle: FrameSocket[] = [];
  readonly #waiting: Request[] = [];

  async open(uri: string, size: number): Promise<void> {
    const { hostname, port } = new URL(uri);
    for (let index = 0; index < size; index++) {
      this.#idle.push(await FrameSocket.open(hostname, Number(port), socket => this.#release(socket)));
    }
  }

  /** Sends a message; its reply is a whole frame. */
  request(message: Buffer): Promise<Buffer> {
    return new Promise(resolve => {
      const socket = this.#idle.pop();
      if (socket === undefined) this.#waiting.push({ message, resolve });
      else socket.send(message, resolve);
    });
  }

  /** To be called when nothing is in flight. */
  close(): void {
    for (const socket of this.#idle) socket.close();
  }

  #release(socket: FrameSocket): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(socket);
    else socket.send(next.message, next.resolve);
  }
}

class FrameSocket {
  readonly #socket: Socket;
  readonly #release: (socket: FrameSocket) => void;
  #resolve: ((reply: Buffer) => void) | null = null;
  #chunks: Buffer[] = [];
  #missing = 0;

  constructor(socket: Socket, release: (socket: FrameSocket) => void) {
    this.#socket = socket;
    this.#release = release;
    socket.setNoDelay(true);
    socket.on('data', chunk => this.#onData(chunk));
  }

  static open(host: string, port: number, release: (socket: FrameSocket) => void): Promise<FrameSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, host, () => resolve(new FrameSocket(socket, release)));
      socket.once('error', reject);
    });
  }

  send(message: Buffer, resolve: (reply: Buffer) => void): void {
    this.#resolve = resolve;
    this.#socket.write(message);
  }

  close(): void {
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    if (this.#chunks.length === 0) {
      // A header in two pieces does not happen on a loopback; if it does, the run should stop and say so.
      if (chunk.length < 4) throw new Error('The first bytes of a reply came one by one');
      this.#missing = chunk.readInt32LE(0);
    }
    this.#missing -= chunk.length;
    this.#chunks.push(chunk);
    if (this.#missing > 0) return;
    const reply = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    this.#chunks = [];
    const resolve = this.#resolve;
    this.#resolve = null;
    this.#release(this);
    resolve?.(reply);
  }
}
