import { type Socket } from 'node:net';
import { type TimerGroup } from '../runtime/clock.js';
import { type Network, type ReplyFault } from './network.js';
import { Pipe } from './pipe.js';

/** Where the header of a message names the request that it answers. */
const responseToOffset = 8;

/** A client's socket, with what the network of the node does to its bytes. */
export class Channel {
  readonly #socket: Socket;
  /** Below TLS, if there is any: only that can be reset. */
  readonly #raw: Socket;
  readonly #network: Network;
  readonly #toServer: Pipe;
  readonly #toClient: Pipe;

  constructor(
    { socket, raw }: { socket: Socket; raw: Socket },
    network: Network,
    timers: TimerGroup,
    receive: (bytes: Buffer) => void,
  ) {
    this.#socket = socket;
    this.#raw = raw;
    this.#network = network;
    this.#toServer = new Pipe(network, timers, 'toServer', receive);
    this.#toClient = new Pipe(network, timers, 'toClient', bytes => {
      if (!socket.destroyed) socket.write(bytes);
    });
    raw.setNoDelay(true);
    socket.on('data', bytes => this.#toServer.push(bytes));
    // A reset by the client is no error of the server; 'close' follows.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#silence());
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  send(reply: Buffer, command: string): void {
    const fault = this.#network.takeReplyFault(command);
    if (fault === undefined) this.#toClient.push(reply);
    else this.#sendBroken(reply, fault);
  }

  /** Ends the connection as a shutdown does. */
  close(): void {
    this.#socket.destroy();
  }

  /** Ends the connection as a crash would: with a reset. */
  reset(): void {
    // libuv cannot reset a socket that is shutting down: Node 20 then never frees the handle and spins at exit.
    if (this.#raw.writableEnded) this.#socket.destroy();
    else this.#raw.resetAndDestroy();
  }

  #sendBroken(reply: Buffer, fault: ReplyFault): void {
    switch (fault.kind) {
      case 'garbage':
        this.#toClient.push(Buffer.alloc(64, 'this is not a message of the MongoDB wire protocol '));
        return;
      case 'wrongResponseTo': {
        const wrong = Buffer.from(reply);
        wrong.writeInt32LE((reply.readInt32LE(responseToOffset) + 1_000_003) & 0x7fffffff, responseToOffset);
        this.#toClient.push(wrong);
        return;
      }
      case 'cut':
        this.#cut(reply.subarray(0, fault.afterBytes), fault.then);
        return;
      default:
        fault satisfies never;
    }
  }

  #cut(part: Buffer, then: 'reset' | 'close' | 'silence'): void {
    const end = (): void => {
      if (then === 'reset') this.reset();
      else if (then === 'close') this.#socket.end();
    };
    this.#silence();
    // A reset throws away what the system has not yet sent.
    if (part.length > 0) this.#socket.write(part, end);
    else end();
  }

  #silence(): void {
    this.#toServer.close();
    this.#toClient.close();
  }
}
