import { connect as connectSocket, isIP, type Socket, type TcpNetConnectOpts } from 'node:net';
import { type ConnectionOptions, connect as connectTLS } from 'node:tls';
import { announcedLookup, forNode, readIntoSharedBuffer, targetOf } from './node_options.js';
import { type ProxySettings, throughProxy } from './socks_proxy.js';
import type { TLSMaterial } from './tls_material.js';
import type { SocketOptions, Transport, TransportAddress, TransportHandler } from './transport.js';

/**
 * A socket that speaks TLS, goes through a proxy, or both:
 *
 *     read certificates ─► connect to the proxy, or the server ─► ask the proxy for the server ─► TLS
 */
export class LayeredTransport implements Transport {
  readonly #handler: TransportHandler;
  readonly #options: SocketOptions;
  /** The outermost socket so far. */
  #socket: Socket | null = null;
  readonly #encrypts: boolean;
  #destroyed = false;
  #error: Error | null = null;

  constructor(
    address: TransportAddress,
    options: SocketOptions,
    tls: TLSMaterial | undefined,
    proxy: ProxySettings | undefined,
    handler: TransportHandler,
  ) {
    this.#handler = handler;
    this.#options = options;
    this.#encrypts = tls !== undefined;
    this.#open(address, tls, proxy).catch((error: unknown) => {
      this.destroy();
      handler.onClose(error as Error);
    });
  }

  async #open(
    address: TransportAddress,
    tls: TLSMaterial | undefined,
    proxy: ProxySettings | undefined,
  ): Promise<void> {
    if (tls !== undefined) this.#handler.onStep('tls');
    const secure = await tls?.connectOptions();
    const tunnel = proxy === undefined ? undefined : await this.#throughProxy(address, proxy);
    if (this.#destroyed || tunnel?.destroyed === true) throw this.#error ?? new Error('closed before it was connected');
    if (secure !== undefined) this.#connectTLS(address, secure, tunnel);
    else if (tunnel !== undefined) this.#use(tunnel);
  }

  async #throughProxy(address: TransportAddress, proxy: ProxySettings): Promise<Socket | undefined> {
    this.#handler.onStep('proxy');
    const { host, port } = targetOf(address);
    if (host === undefined || port === undefined)
      throw new Error('a proxy leads to TCP ports only, not to a Unix socket');
    if (this.#destroyed) return undefined;
    const options = forNode({ ...this.#options, host: proxy.host, port: proxy.port });
    const socket = connectSocket(options as TcpNetConnectOpts);
    this.#socket = socket;
    await connected(socket);
    await throughProxy(socket, { host, port }, proxy);
    return socket;
  }

  #connectTLS(address: TransportAddress, secure: ConnectionOptions, tunnel: Socket | undefined): void {
    const target = targetOf(address);
    const { host } = target;
    const { noDelay = true, keepAliveInitialDelay = 0 } = this.#options;
    const isName = host !== undefined && isIP(host) === 0;
    this.#handler.onStep(tunnel !== undefined ? 'tls' : isName ? 'resolve' : 'connect');
    const options = forNode({
      ...this.#options,
      ...target,
      // SNI: the name for which the server must have a certificate.
      ...(isName && { servername: host, lookup: announcedLookup(this.#options.lookup, this.#handler) }),
      ...secure,
      ...(tunnel === undefined ? { onread: readIntoSharedBuffer(this.#handler) } : { socket: tunnel }),
    });
    const socket = connectTLS(options as ConnectionOptions);
    socket.disableRenegotiation();
    // tls.connect ignores these two options.
    socket.setNoDelay(noDelay);
    socket.setKeepAlive(true, keepAliveInitialDelay);
    if (tunnel === undefined) {
      socket.once('connect', () => this.#handler.onStep('tls'));
    } else {
      tunnel.on('error', (error: Error) => {
        this.#error ??= error;
      });
      socket.on('data', (chunk: Buffer) => this.#handler.onData(chunk, chunk.length));
    }
    socket.once('secureConnect', () => this.#handler.onConnect());
    this.#watch(socket);
  }

  /** A tunnel through a proxy is a connection to the server. */
  #use(tunnel: Socket): void {
    tunnel.on('data', chunk => this.#handler.onData(chunk, chunk.length));
    this.#watch(tunnel);
    this.#handler.onConnect();
    tunnel.resume();
  }

  #watch(socket: Socket): void {
    this.#socket = socket;
    socket.on('error', (error: Error) => {
      this.#error ??= error;
    });
    socket.once('close', () => this.#handler.onClose(this.#error));
  }

  /** TLS reports later that it has written. But bytes that need not wait for an earlier write are encrypted before `write` returns. */
  write(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    if (socket === null) return false;
    const waits = socket.writableLength > 0;
    socket.write(bytes);
    return this.#encrypts ? !waits : this.flushed;
  }

  get flushed(): boolean {
    return this.#socket?.writableLength === 0;
  }

  destroy(): void {
    this.#destroyed = true;
    this.#socket?.destroy();
  }
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: Error | null = null;
    const onError = (error: Error) => {
      failure ??= error;
    };
    const onClose = () => reject(failure ?? new Error('closed before it was connected'));
    socket.on('error', onError);
    socket.once('close', onClose);
    socket.once('connect', () => {
      socket.off('close', onClose);
      resolve();
    });
  });
}
