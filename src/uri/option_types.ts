import type { TcpNetConnectOpts } from 'node:net';
import type { arch, platform, release, type } from 'node:os';
import type { ConnectionOptions, TLSSocketOptions } from 'node:tls';

/** @public */
export interface Auth {
  username?: string;
  password?: string;
}

/** The entry of a library, built on the driver, in the metadata that servers see. @public */
export interface DriverInfo {
  name?: string;
  version?: string;
  platform?: string;
}

/** Makes the `_id` of documents that have none. @public */
export interface PkFactory {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  createPk(): any;
}

/** @public */
export type ServerMonitoringMode = 'auto' | 'poll' | 'stream';

/** The functions of `node:os` that the client's metadata are made from. @public */
export interface OsAdapter {
  release: typeof release;
  platform: typeof platform;
  arch: typeof arch;
  type: typeof type;
}

/** Stand-ins for parts of Node.js. @public */
export interface RuntimeAdapters {
  os?: OsAdapter;
}

/** A SOCKS5 proxy. @public */
export interface ProxyOptions {
  proxyHost?: string;
  proxyPort?: number;
  proxyUsername?: string;
  proxyPassword?: string;
}

/** Options that the client hands to `net.connect`. @public */
export interface SupportedSocketOptions
  extends Pick<TcpNetConnectOpts, 'family' | 'hints' | 'localAddress' | 'localPort' | 'lookup'> {
  /** Whether IPv6 and IPv4 are tried at the same time ("happy eyeballs"). Default: that of Node.js. */
  autoSelectFamily?: boolean;
  /** Milliseconds for each address that {@link SupportedSocketOptions.autoSelectFamily} tries. Default: that of Node.js. */
  autoSelectFamilyAttemptTimeout?: number;
  /** Milliseconds of silence before the first keep-alive probe. 0 or less leaves the time to the system. Default 120000. */
  keepAliveInitialDelay?: number;
}

/** Options that the client hands to `tls.connect`. @public */
export type SupportedTLSOptions = Pick<
  ConnectionOptions & TLSSocketOptions & { allowPartialTrustChain?: boolean },
  | 'allowPartialTrustChain'
  | 'ALPNProtocols'
  | 'ca'
  | 'cert'
  | 'checkServerIdentity'
  | 'ciphers'
  | 'crl'
  | 'ecdhCurve'
  | 'enableTrace'
  | 'key'
  | 'minDHSize'
  | 'passphrase'
  | 'pfx'
  | 'pskCallback'
  | 'rejectUnauthorized'
  | 'requestCert'
  | 'requestOCSP'
  | 'secureContext'
  | 'secureProtocol'
  | 'servername'
  | 'session'
  | 'SNICallback'
>;
