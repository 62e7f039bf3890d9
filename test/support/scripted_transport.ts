import type { OpenTransport, Transport, TransportHandler } from '../../src/runtime/transport.js';
import type { ScriptedPeer, ScriptedWire } from './scripted_peer.js';

/** What a client reads into: one buffer for all, as the real transport has it, so that code which keeps a view of it is found out. */
const readBuffer = Buffer.alloc(64 * 1024);

/**
 * A transport without sockets: what is written reaches the peer, and what the peer sends reaches the client, when the test says so, in
 * the same turn of the event loop.
 */
class MemoryTransport implements Transport, ScriptedWire {
  readonly #handler: TransportHandler;
  readonly #peer: ScriptedPeer;
  #state: 'connecting' | 'open' | 'closed' = 'connecting';
  #unsent: Buffer[] = [];

  constructor(handler: TransportHandler, peer: (wire: ScriptedWire) => ScriptedPeer) {
    this.#handler = handler;
    this.#peer = peer(this);
  }

  // ── Transport: the client's end

  write(bytes: Uint8Array): boolean {
    if (this.#state !== 'open') return false;
    if (this.#peer.stalled) this.#unsent.push(bytes as Buffer);
    else this.#deliver(bytes);
    return this.flushed;
  }

  get flushed(): boolean {
    return this.#unsent.length === 0;
  }

  destroy(): void {
    this.end(null);
  }

  // ── ScriptedWire: the peer's end

  accept(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'open';
    this.#handler.onConnect();
  }

  send(bytes: Buffer): void {
    for (let offset = 0; offset < bytes.length && this.#state === 'open'; offset += readBuffer.length) {
      const length = bytes.copy(readBuffer, 0, offset);
      this.#handler.onData(readBuffer, length);
      readBuffer.fill(0xdd, 0, length);
    }
  }

  end(error: Error | null): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    // The end comes later than what caused it, as from a socket.
    queueMicrotask(() => {
      this.#peer.onEnd();
      this.#handler.onClose(error);
    });
  }

  resume(): void {
    for (const bytes of this.#unsent.splice(0)) this.#deliver(bytes);
  }

  /** A copy, since the client may use its memory again. Later, since no peer answers while the client still writes. */
  #deliver(bytes: Uint8Array): void {
    const copy = Buffer.from(bytes);
    queueMicrotask(() => this.#peer.onData(copy));
  }
}

/** Opens transports whose other end is what `peer` makes for them. */
export function memoryTransport(peer: (host: string, wire: ScriptedWire) => ScriptedPeer): OpenTransport {
  return (address, _options, handler) => {
    const host = 'socketPath' in address ? address.socketPath : `${address.host}:${address.port}`;
    return new MemoryTransport(handler, wire => peer(host, wire));
  };
}
