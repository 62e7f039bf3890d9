import type { LookupFunction } from 'node:net';
import type { ProxySettings } from './socks_proxy.js';
import type { TLSMaterial } from './tls_material.js';

/** The target of a transport: a TCP port, or the path of a Unix socket. */
export type TransportAddress = { readonly host: string; readonly port: number } | { readonly socketPath: string };

/** Socket options of a client, by their names in Node. */
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

/** Socket options, TLS and proxy of a client. */
export interface TransportOptions extends SocketOptions {
  /** Present if the transport uses TLS. */
  readonly tls?: TLSMaterial;
  /** Present if the transport goes through a SOCKS5 proxy. */
  readonly proxy?: ProxySettings;
}

/** The steps of a transport until it is connected, in this order. A transport may skip steps. */
export type TransportStep = 'proxy' | 'resolve' | 'connect' | 'tls';

/** Receives the events of a transport. `onClose` is called exactly once, last, and also if the transport never connected. */
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
   * @returns true if the system took all bytes, so that the caller may reuse their memory; otherwise the memory belongs to the transport
   */
  write(bytes: Uint8Array): boolean;
  /** Whether the system has taken all written bytes. */
  readonly flushed: boolean;
  /** Closes at once, and drops unsent bytes. */
  destroy(): void;
}

/** Opens a transport. Errors of opening come through `onClose`. */
export type OpenTransport = (
  address: TransportAddress,
  options: TransportOptions,
  handler: TransportHandler,
) => Transport;
