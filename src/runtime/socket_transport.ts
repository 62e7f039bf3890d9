import { connect as connectSocket, isIP, Socket, type TcpNetConnectOpts } from 'node:net';
import { LayeredTransport } from './layered_transport.js';
import { announcedLookup, forNode, readIntoSharedBuffer, targetOf } from './node_options.js';
import type { OpenTransport, SocketOptions, Transport, TransportAddress, TransportHandler } from './transport.js';

/** A plain socket, without TLS and proxy. */
class SocketTransport implements Transport {
  readonly #socket: Socket;
  #error: Error | null = null;

  constructor(address: TransportAddress, options: SocketOptions, handler: TransportHandler) {
    const target = targetOf(address);
    const isName = target.host !== undefined && isIP(target.host) === 0;
    handler.onStep(isName ? 'resolve' : 'connect');
    this.#socket = socketTo({
      ...options,
      ...target,
      ...(isName && { lookup: announcedLookup(options.lookup, handler) }),
      onread: readIntoSharedBuffer(handler),
    });
    this.#socket.once('connect', () => {
      handler.onConnect();
    });
    this.#socket.on('error', (error: Error) => {
      this.#error ??= error;
    });
    this.#socket.once('close', () => {
      handler.onClose(this.#error);
    });
  }

  write(bytes: Uint8Array): boolean {
    this.#socket.write(bytes);
    return this.#socket.writableLength === 0;
  }

  get flushed(): boolean {
    return this.#socket.writableLength === 0;
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** Options that Node refuses (`localAddress: 'nonsense'`) fail in the same way as a connection that is refused. */
function socketTo(options: object): Socket {
  try {
    return connectSocket(forNode(options) as TcpNetConnectOpts);
  } catch (error) {
    return new Socket().destroy(error as Error);
  }
}

/** Opens a socket, with TLS and a proxy if the options ask for them. */
export const openSocket: OpenTransport = (address, { tls, proxy, ...options }, handler) =>
  tls === undefined && proxy === undefined
    ? new SocketTransport(address, options, handler)
    : new LayeredTransport(address, options, tls, proxy, handler);
