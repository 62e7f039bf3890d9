import { isIPv4 } from 'node:net';
import type { HostAddress } from '../../../src/description/host_address.js';
import type { ResolvedOptions } from '../../../src/uri/resolved_options.js';

/** Where the value of an option of a connection string is found once it is resolved. Names are in lower case. */
const RESOLVED: Readonly<Record<string, (options: ResolvedOptions) => unknown>> = {
  authmechanism: options => options.credentials?.mechanism,
  authmechanismproperties: options => options.credentials?.mechanismProperties,
  authsource: options => options.credentials?.source,
  journal: options => options.writeConcern?.journal,
  maxstalenessseconds: options => options.readPreference.maxStalenessSeconds,
  proxyhost: options => options.proxy?.host,
  proxypassword: options => options.proxy?.password,
  proxyport: options => options.proxy?.port,
  proxyusername: options => options.proxy?.username,
  readconcernlevel: options => options.readConcern?.level,
  readpreference: options => options.readPreference.mode,
  readpreferencetags: options => options.readPreference.tags,
  // A driver with many connections has no such option: it accepts the name, and its server selection always waits.
  serverselectiontryonce: () => false,
  ssl: options => options.tls.enabled,
  tls: options => options.tls.enabled,
  tlsallowinvalidcertificates: options => options.tls.allowInvalidCertificates,
  tlsallowinvalidhostnames: options => options.tls.allowInvalidHostnames,
  tlscafile: options => options.tls.caFile,
  tlscertificatekeyfile: options => options.tls.certificateKeyFile,
  tlscertificatekeyfilepassword: options => options.tls.certificateKeyFilePassword,
  tlsdisablecertificaterevocationcheck: options => options.tls.disableCertificateRevocationCheck,
  tlsdisableocspendpointcheck: options => options.tls.disableOCSPEndpointCheck,
  tlsinsecure: options => options.tls.insecure,
  w: options => options.writeConcern?.w,
  wtimeoutms: options => options.writeConcern?.wtimeoutMS,
};

/** The resolved value of an option, by its name in a connection string; for most options it lies under the same name. */
export function resolvedValue(options: ResolvedOptions, name: string): unknown {
  const key = name.toLowerCase();
  const read = RESOLVED[key];
  if (read !== undefined) return read(options);
  const own = Object.entries(options).find(([field]) => field.toLowerCase() === key);
  if (own === undefined) throw new Error(`The test does not know where the option ${name} is found`);
  return own[1];
}

export interface DescribedHost {
  readonly type: string;
  readonly host: string;
  readonly port: number | null;
}

/** A host as the files of connection-string describe it. */
export function describeHost(address: HostAddress): DescribedHost {
  if (address.socketPath !== undefined) return { type: 'unix', host: address.socketPath, port: null };
  const host = address.host ?? '';
  return { type: hostType(address, host), host, port: address.port ?? null };
}

function hostType(address: HostAddress, host: string): string {
  if (address.isIPv6) return 'ip_literal';
  return isIPv4(host) ? 'ipv4' : 'hostname';
}
