import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import type { Document } from '../../src/bson/index.js';
import type { OpenTransport, TransportAddress } from '../../src/runtime/transport.js';
import { Deferred } from './deferred.js';
import type { ReceivedCommand } from './scripted_peer.js';
import { ScriptedPeer, type ScriptedWire } from './scripted_peer.js';
import { memoryTransport } from './scripted_transport.js';

/** What a server answers to a command; null leaves it to the test (`peer.nextCommand()`). */
export type Answer = (command: ReceivedCommand) => Document | null;

/** hello of a server that stands alone. */
export const STANDALONE: Document = Object.freeze({
  ok: 1,
  helloOk: true,
  isWritablePrimary: true,
  minWireVersion: 0,
  maxWireVersion: 21,
  maxBsonObjectSize: 16 * 1024 * 1024,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  logicalSessionTimeoutMinutes: 30,
});

/**
 * Servers that do what a test tells them, step by step. Without sockets (`open`), all happens within the turns of the event loop that the
 * test itself makes; with a socket (`listen`) the same scripts run over the real transport.
 *
 * By default connections are accepted, hello is answered, and every other command waits for `peer.nextCommand()`.
 */
export class ScriptedServer {
  /** Whether connections are accepted without being asked; otherwise by `peer.accept()`, or refused by `peer.reset()`. */
  accepts = true;
  /** What hello is answered; null leaves it to the test. */
  hello: Answer = () => STANDALONE;
  /** What other commands are answered. */
  answer: Answer = () => null;
  /** Every connection made so far. */
  readonly peers: ScriptedPeer[] = [];
  readonly open: OpenTransport = memoryTransport((host, wire) => this.#connect(host, wire));
  readonly #arrivals: Deferred<ScriptedPeer>[] = [];
  #unseen = 0;
  #listener: Server | null = null;
  readonly #sockets = new Set<Socket>();

  /** Serves a socket of this system: a free TCP port, or a path. */
  static async listen(where: ListenOptions = { host: '127.0.0.1', port: 0 }): Promise<ScriptedServer> {
    const server = new ScriptedServer();
    const listener = createServer(socket => server.#attach(socket));
    const listening = new Deferred<undefined>();
    listener.once('error', error => listening.reject(error));
    listener.listen(where, () => listening.resolve(undefined));
    await listening.promise;
    server.#listener = listener;
    return server;
  }

  /** Where the socket is that it listens on. */
  get target(): TransportAddress {
    const address = this.#listener?.address();
    if (typeof address === 'string') return { socketPath: address };
    if (address === null || address === undefined) throw new Error('This server does not listen');
    return { host: address.address, port: address.port };
  }

  /** The connections that are open, in the order in which they were made. */
  get openPeers(): ScriptedPeer[] {
    return this.peers.filter(peer => !peer.closed);
  }

  /** The next connection that the test has not been given yet. */
  nextPeer(): Promise<ScriptedPeer> {
    const peer = this.peers[this.#unseen];
    if (peer !== undefined) {
      this.#unseen++;
      return Promise.resolve(peer);
    }
    const arrival = new Deferred<ScriptedPeer>();
    this.#arrivals.push(arrival);
    return arrival.promise;
  }

  /** Closes what listens and all connections. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = new Deferred<undefined>();
    if (this.#listener === null) return;
    this.#listener.close(() => closed.resolve(undefined));
    await closed.promise;
  }

  #connect(host: string, wire: ScriptedWire): ScriptedPeer {
    const peer = new ScriptedPeer(this.peers.length + 1, host, wire, command => this.#onCommand(command));
    this.peers.push(peer);
    const arrival = this.#arrivals.shift();
    if (arrival !== undefined) {
      this.#unseen++;
      arrival.resolve(peer);
    }
    if (this.accepts) queueMicrotask(() => peer.accept());
    return peer;
  }

  #onCommand(command: ReceivedCommand): boolean {
    const isHello = command.name === 'hello' || command.name === 'ismaster';
    const reply = isHello ? this.hello(command) : this.answer(command);
    if (reply === null) return false;
    command.reply(reply);
    return true;
  }

  #attach(socket: Socket): void {
    this.#sockets.add(socket);
    const peer = this.#connect('', {
      accept: () => undefined,
      send: bytes => void socket.write(bytes),
      end(error) {
        if (error === null) socket.end();
        else socket.resetAndDestroy();
      },
      resume: () => socket.resume(),
    });
    socket.on('data', bytes => peer.onData(bytes));
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      peer.onEnd();
    });
  }
}

/** Lets all run that does not wait for time or for a socket. */
export function quiet(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
