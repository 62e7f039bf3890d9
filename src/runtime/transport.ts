import { connect as connectSocket, Socket, type TcpNetConnectOpts } from 'node:net';

/** Where a transport leads: a TCP port, or the path of a Unix socket. */
export type TransportAddress = { readonly host: string; readonly port: number } | { readonly socketPath: string };

/** Socket options of a client, as Node names them. */
export interface TransportOptions {
  readonly noDelay?: boolean;
  readonly keepAlive?: boolean;
  readonly keepAliveInitialDelay?: number;
  readonly family?: number;
  readonly localAddress?: string;
  readonly localPort?: number;
  readonly autoSelectFamily?: boolean;
  readonly autoSelectFamilyAttemptTimeout?: number;
  readonly lookup?: TcpNetConnectOpts['lookup'];
}

/** What becomes of a transport. `onClose` comes exactly once, last, and also when it never connected. */
export interface TransportHandler {
  onConnect(): void;
  /** The first `length` bytes of `chunk` have arrived. The chunk is reused once this returns. */
  onData(chunk: Buffer, length: number): void;
  onClose(error: Error | null): void;
}

/**
 * A stream of bytes to a server and back.
 */
export interface Transport {
  /**
   * Sends bytes.
   *
   * @returns true if the system took all of them, so that the caller may reuse their memory; otherwise it belongs to the transport
   */
  write(bytes: Uint8Array): boolean;
  /** Whether everything written has been taken by the system. */
  readonly flushed: boolean;
  /** Closes at once, whatever is still unsent. */
  destroy(): void;
}

/** Opens a transport. Errors of opening come through `onClose`. */
export type OpenTransport = (
  address: TransportAddress,
  options: TransportOptions,
  handler: TransportHandler,
) => Transport;

const READ_BUFFER_SIZE = 64 * 1024;

/**
 * Reads go into one buffer for all sockets: on Unix libuv asks for memory, reads and calls back in one step, so the buffer is free again
 * when the handler returns. On Windows reads are pending in the kernel, and each socket needs its own.
 */
const sharedReadBuffer = process.platform === 'win32' ? null : Buffer.allocUnsafeSlow(READ_BUFFER_SIZE);

class SocketTransport implements Transport {
  readonly #socket: Socket;
  #error: Error | null = null;

  constructor(address: TransportAddress, options: TransportOptions, handler: TransportHandler) {
    this.#socket = socketTo({
      ...('socketPath' in address ? { path: address.socketPath } : { host: address.host, port: address.port }),
      ...options,
      onread: {
        buffer: sharedReadBuffer ?? Buffer.allocUnsafeSlow(READ_BUFFER_SIZE),
        callback(length, buffer) {
          handler.onData(buffer as Buffer, length);
          return true;
        },
      },
    } as TcpNetConnectOpts);
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
function socketTo(options: TcpNetConnectOpts): Socket {
  try {
    return connectSocket(options);
  } catch (error) {
    return new Socket().destroy(error as Error);
  }
}

/** Opens a socket of this system. */
export const openSocket: OpenTransport = (address, options, handler) => new SocketTransport(address, options, handler);
