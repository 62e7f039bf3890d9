const DEFAULT_PORT = 27017;

/**
 * Where a server listens, taken apart.
 *
 * @public
 */
export class HostAddress {
  /** Name or IP address, without the brackets of an IPv6 address. Absent for a Unix socket. */
  declare readonly host?: string;
  /** Absent for a Unix socket. */
  declare readonly port?: number;
  /** Path of a Unix socket. */
  declare readonly socketPath?: string;
  readonly isIPv6: boolean;

  /** @param address - `host`, `host:port`, `[v6]:port`, or the path of a socket (ends in `.sock` or begins with `/`) */
  constructor(address: string) {
    this.isIPv6 = false;
    if (isSocketPath(address)) {
      this.socketPath = address;
      return;
    }
    const [host, port] = splitPort(address.toLowerCase());
    this.isIPv6 = host.includes(':');
    this.host = host;
    this.port = port;
  }

  static fromString(address: string): HostAddress {
    return new HostAddress(address);
  }

  static fromHostPort(host: string, port: number): HostAddress {
    return new HostAddress(host.includes(':') ? `[${host}]:${String(port)}` : `${host}:${String(port)}`);
  }

  /** The canonical text: lower case, always with a port; a socket's path as it is. */
  toString(): string {
    if (this.socketPath !== undefined) return this.socketPath;
    const host = this.host ?? '';
    return `${this.isIPv6 ? `[${host}]` : host}:${String(this.port)}`;
  }

  toHostPort(): { host: string; port: number } {
    return { host: this.socketPath ?? this.host ?? '', port: this.port ?? 0 };
  }
}

/** The key of a server in a topology: SDAM asks for lower-case names; a missing port is the default one. */
export function canonicalAddress(address: string): string {
  return new HostAddress(address).toString();
}

function isSocketPath(address: string): boolean {
  return address.startsWith('/') || address.endsWith('.sock');
}

function splitPort(address: string): [host: string, port: number] {
  if (address.startsWith('[')) {
    const end = address.indexOf(']');
    return [address.slice(1, end), parsePort(address.slice(end + 2))];
  }
  const colon = address.lastIndexOf(':');
  // More than one colon and no brackets: a bare IPv6 address has no port.
  if (colon === -1 || address.indexOf(':') !== colon) return [address, DEFAULT_PORT];
  return [address.slice(0, colon), parsePort(address.slice(colon + 1))];
}

function parsePort(text: string): number {
  return text === '' ? DEFAULT_PORT : Number.parseInt(text, 10);
}
