import type { Socket } from 'node:net';
import { type LoadPackage, optionalPackage } from './optional_package.js';

/** A SOCKS5 proxy through which all connections go (RFC 1928; RFC 1929 when there is a user). */
export interface ProxySettings {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Milliseconds that the proxy has to reach the server; 0 is no limit. */
  readonly timeoutMS: number;
  readonly socks: Socks;
}

/** The part of the package `socks` that is used. */
export interface Socks {
  readonly SocksClient: {
    createConnection(options: {
      existing_socket: Socket;
      command: 'connect';
      destination: { host: string; port: number };
      proxy: { host: string; port: number; type: 5; userId?: string; password?: string };
      timeout: number;
    }): Promise<{ socket: Socket }>;
  };
}

/** A last resort: the caller that opens the connection has a deadline of its own. */
const LONGEST_TIMEOUT_MS = 120_000;
const MARGIN_MS = 1000;

/** @throws MongoMissingDependencyError if the package `socks` is not installed */
export function loadSocks(load?: LoadPackage): Socks {
  return optionalPackage('socks', 'proxyHost', load) as Socks;
}

/** Asks the proxy at the other end of a socket for a connection to a server. The proxy resolves the server's name. */
export async function throughProxy(
  socket: Socket,
  destination: { readonly host: string; readonly port: number },
  { host, port, username = '', password = '', timeoutMS, socks }: ProxySettings,
): Promise<void> {
  await socks.SocksClient.createConnection({
    existing_socket: socket,
    command: 'connect',
    destination: { host: destination.host, port: destination.port },
    proxy: { host, port, type: 5, ...(username !== '' && { userId: username, password }) },
    timeout: timeoutMS === 0 ? LONGEST_TIMEOUT_MS : timeoutMS + MARGIN_MS,
  });
}
