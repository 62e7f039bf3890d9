import type { LookupFunction } from 'node:net';
import type { ProxySettings } from './socks_proxy.js';
import type { TLSMaterial } from './tls_material.js';

/** Where a transport leads: a TCP port, or the path of a Unix socket. */
export type TransportAddress = { readonly host: string; readonly port: number } | { readonly socketPath: string };

/** Socket options of a client, as Node names them. */
export interface SocketOptions {
  readonly noDelay?: boolean;
  readonly keepAlive?: boolean;
  readonly keepAliveInitialDelay?: number;
  readonly family?: number;
  readonly localAddress?: string;
  readonly localPort?: number;
  readonly autoSelectFamily?: boolean;
  readonly autoSelectFamilyAttemptTimeout?: number;
  readonly lookup?: LookupFunction;
}

/** How a client reaches its servers. */
export interface TransportOptions extends SocketOptions {
  /** Speaks TLS. */
  readonly tls?: TLSMaterial;
  /** Goes through a SOCKS5 proxy. */
  readonly proxy?: ProxySettings;
}

/** What a transport does until it is connected, in this order; not every one has every step. */
export type TransportStep = 'proxy' | 'resolve' | 'connect' | 'tls';

/** What becomes of a transport. `onClose` comes exactly once, last, and also when it never connected. */
export interface TransportHandler {
  /** A step of opening begins. */
  onStep(step: TransportStep): void;
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
