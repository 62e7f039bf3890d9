import { isIPv6 } from 'node:net';
import { MongoParseError, MongoRuntimeError } from '../errors/driver.js';
import { ownOptions } from '../runtime/own_options.js';

/** The port of a MongoDB server when none is given. */
export const DEFAULT_PORT = 27017;

/** Delimiters of the grammar, white space and control characters: never part of a host name. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_IN_A_HOST_NAME = /[\s\u0000-\u001f\u007f/\\?#[\]@:,"<>^`{|}]/u;

/** What needs no further look: a server that names its thousand members names them so. */
const CANONICAL_ADDRESS = /^[a-z0-9_][a-z0-9_.-]*:([1-9][0-9]{0,4})$/;

/** Where a server listens: a host and a port, or the path of a Unix socket. */
interface Location {
  readonly host?: string;
  readonly port?: number;
  readonly socketPath?: string;
  readonly isIPv6?: boolean;
}

/**
 * The address of a server: a host name or IP address with a port, or the path of a Unix socket. Immutable.
 *
 * @public
 */
export class HostAddress {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly socketPath: string | undefined;
  readonly isIPv6: boolean;

  /** Parses `host`, `host:port`, `[ipv6]:port` or a percent-encoded path that ends in `.sock`. */
  constructor(hostString: string) {
    const location = ownOptions(parseLocation(hostString));
    this.host = location.host;
    this.port = location.port;
    this.socketPath = location.socketPath;
    this.isIPv6 = location.isIPv6 ?? false;
    Object.freeze(this);
  }

  static fromString(hostString: string): HostAddress {
    return new HostAddress(hostString);
  }

  /** Takes an IPv6 address without brackets. */
  static fromHostPort(host: string, port: number): HostAddress {
    return new HostAddress(host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`);
  }

  static fromSrvRecord({ name, port }: { readonly name: string; readonly port: number }): HostAddress {
    return HostAddress.fromHostPort(name, port);
  }

  /** `host:port`, `[ipv6]:port`, or the path of the socket: the address under which topologies know the server. */
  toString(): string {
    if (this.socketPath !== undefined) return this.socketPath;
    return this.isIPv6 ? `[${String(this.host)}]:${String(this.port)}` : `${String(this.host)}:${String(this.port)}`;
  }

  inspect(): string {
    return `new HostAddress('${this.toString()}')`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.inspect();
  }

  /** For code that can only name TCP servers; a socket path stands in for the host then. */
  toHostPort(): { host: string; port: number } {
    if (this.socketPath !== undefined) return { host: this.socketPath, port: 0 };
    if (this.host === undefined || this.port === undefined) throw new MongoRuntimeError('Invalid host address');
    return { host: this.host, port: this.port };
  }
}

function parseLocation(text: string): Location {
  if (text === '') throw new MongoParseError('A host of the connection string is empty');
  if (text.startsWith('[')) return parseBracketed(text);
  const colon = text.indexOf(':');
  const name = decoded(colon === -1 ? text : text.slice(0, colon));
  if (name.includes('/')) return parseSocketPath(name, colon !== -1);
  if (name === '') throw new MongoParseError('A host of the connection string has a port and no name');
  if (NOT_IN_A_HOST_NAME.test(name)) {
    throw new MongoParseError('A host name of the connection string contains a character that must be percent-encoded');
  }
  return { host: name.toLowerCase(), port: colon === -1 ? DEFAULT_PORT : parsePort(text.slice(colon + 1)) };
}

function parseBracketed(text: string): Location {
  const end = text.indexOf(']');
  const host = end === -1 ? '' : decoded(text.slice(1, end));
  const rest = text.slice(end + 1);
  if (!isIPv6(host) || (rest !== '' && !rest.startsWith(':'))) {
    throw new MongoParseError('A host in square brackets must be an IPv6 address, such as [::1] or [::1]:27017');
  }
  return {
    host: host.toLowerCase(),
    port: rest === '' ? DEFAULT_PORT : parsePort(rest.slice(1)),
    isIPv6: true,
  };
}

/** Connection String, "Host Information": a Unix socket is known by its suffix. */
function parseSocketPath(path: string, hasPort: boolean): Location {
  if (!path.endsWith('.sock')) {
    throw new MongoParseError('The path of a Unix socket in the connection string must end in .sock');
  }
  if (path.includes('\0')) throw new MongoParseError('The path of a Unix socket cannot contain a null character');
  if (hasPort) throw new MongoParseError('A Unix socket in the connection string cannot have a port');
  return { socketPath: path };
}

/** What was given is not shown: where userinfo is badly escaped, or the host is forgotten, it is a part of the password. */
function parsePort(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65535) return port;
  throw new MongoParseError('The port of a host in the connection string must be a number from 1 to 65535');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new MongoParseError('A host of the connection string contains a percent sign that starts no valid escape');
  }
}

/**
 * The key of a server in a topology: SDAM asks for lower-case names; a missing port is the default one. Null for what a server calls an
 * address and is none.
 */
export function canonicalAddress(address: string): string | null {
  const port = CANONICAL_ADDRESS.exec(address)?.[1];
  if (port !== undefined && Number(port) <= 65535) return address;
  // The path of a socket is its own key; it is not percent-encoded here.
  if (address.includes('/')) return address;
  try {
    return new HostAddress(isIPv6(address) ? `[${address}]` : address).toString();
  } catch {
    return null;
  }
}

/** Those of a list that are addresses. */
export function canonicalAddresses(addresses: readonly string[]): string[] {
  return addresses.map(canonicalAddress).filter(address => address !== null);
}
