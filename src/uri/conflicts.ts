import { MongoAPIError, MongoParseError } from '../errors/driver.js';
import type { UriOption } from './connection_string.js';
import { boolean, REFUSED } from './options/parsers.js';
import type { GivenValues, OptionName, OptionValues } from './options/table.js';
import type { ResolvedOptions } from './resolved_options.js';

/** URI Options, "tls...": each says by itself what to accept; with another value or the same, two of them contradict each other. */
const EXCLUSIVE_TLS_OPTIONS: readonly (readonly [OptionName, OptionName])[] = [
  ['tlsInsecure', 'tlsAllowInvalidCertificates'],
  ['tlsInsecure', 'tlsAllowInvalidHostnames'],
  ['tlsInsecure', 'tlsDisableOCSPEndpointCheck'],
  ['tlsInsecure', 'tlsDisableCertificateRevocationCheck'],
  ['tlsAllowInvalidCertificates', 'tlsDisableOCSPEndpointCheck'],
  ['tlsAllowInvalidCertificates', 'tlsDisableCertificateRevocationCheck'],
  ['tlsDisableOCSPEndpointCheck', 'tlsDisableCertificateRevocationCheck'],
];

const SRV_OPTIONS: readonly OptionName[] = [
  'srvMaxHosts',
  'srvServiceName',
  'srvAllowedHostsSuffix',
  'srvHostValidator',
];

const PROXY_OPTIONS: readonly OptionName[] = ['proxyHost', 'proxyPort', 'proxyUsername', 'proxyPassword'];

/** Throws when two of the options that were given cannot stand together, whatever the others are. */
export function refuseConflicts(given: GivenValues, srv: boolean): void {
  for (const [one, other] of EXCLUSIVE_TLS_OPTIONS) {
    if (given[one] !== undefined && given[other] !== undefined) {
      throw new MongoAPIError(`The '${one}' option cannot be used with the '${other}' option`);
    }
  }
  refuseSrvOptions(given, srv);
  refuseIncompleteProxy(given);
  if (given.useBigInt64 === true && (given.promoteLongs === false || given.promoteValues === false)) {
    throw new MongoAPIError(
      'Must request either bigint or Long for int64 deserialization: useBigInt64 excludes promoteLongs=false and promoteValues=false',
    );
  }
}

function refuseSrvOptions(given: GivenValues, srv: boolean): void {
  const used = SRV_OPTIONS.filter(name => given[name] !== undefined);
  if (!srv && used.length > 0) {
    throw new MongoParseError(`Cannot use ${used.join(', ')} with a non-srv connection string`);
  }
  if (given.srvAllowedHostsSuffix !== undefined && given.srvHostValidator !== undefined) {
    throw new MongoParseError('Cannot use srvAllowedHostsSuffix together with srvHostValidator');
  }
}

/** SOCKS5, "MongoClient Configuration". */
function refuseIncompleteProxy(given: GivenValues): void {
  const [used] = PROXY_OPTIONS.filter(name => given[name] !== undefined);
  if (used !== undefined && given.proxyHost === undefined) {
    throw new MongoParseError(`Must specify proxyHost if other proxy options are passed (${used} is given)`);
  }
  if ((given.proxyUsername === undefined) !== (given.proxyPassword === undefined)) {
    throw new MongoParseError('Can only specify both of proxyUsername and proxyPassword or neither');
  }
}

/** SOCKS5: which proxy to use must not depend on the order of options. */
export function refuseRepeatedProxyOptions(options: ReadonlyMap<string, UriOption>): void {
  for (const name of PROXY_OPTIONS) {
    if ((options.get(name.toLowerCase())?.values.length ?? 0) > 1) {
      throw new MongoParseError(`Proxy options cannot be specified multiple times in the connection string: ${name}`);
    }
  }
}

/** URI Options, "tls": `tls` and `ssl` mean the same, so all their values must be the same, wherever they are given. */
export function refuseDifferentTLSValues(options: ReadonlyMap<string, UriOption>, program: GivenValues): void {
  const texts = ['tls', 'ssl'].flatMap(name => options.get(name)?.values ?? []);
  const values = new Set<unknown>(texts.map(text => boolean.parse(text, () => undefined)));
  for (const value of [program.tls, program.ssl]) if (value !== undefined) values.add(value);
  values.delete(REFUSED);
  if (values.size > 1) throw new MongoParseError('All values of tls/ssl must be the same.');
}

/** Throws when the deployment is described in two ways at once. Run again when DNS has added hosts and options. */
export function refuseImpossibleDeployment(
  options: Pick<
    ResolvedOptions,
    'hosts' | 'srvHost' | 'directConnection' | 'loadBalanced' | 'replicaSet' | 'srvMaxHosts'
  >,
): void {
  const { hosts, srvHost, directConnection, loadBalanced, replicaSet, srvMaxHosts } = options;
  if (directConnection && srvHost !== undefined) throw new MongoAPIError('SRV URI does not support directConnection');
  if (directConnection && hosts.length !== 1) {
    throw new MongoParseError(`directConnection option requires exactly one host, got ${hosts.length}`);
  }
  if (srvMaxHosts > 0 && replicaSet !== undefined) {
    throw new MongoParseError('Cannot use srvMaxHosts option with replicaSet');
  }
  if (!loadBalanced) return;
  if (hosts.length > 1) {
    throw new MongoParseError(`loadBalanced option only supported with a single host in the URI, got ${hosts.length}`);
  }
  if (replicaSet !== undefined) throw new MongoParseError('loadBalanced option not supported with a replicaSet option');
  if (directConnection) {
    throw new MongoParseError('loadBalanced option not supported when directConnection is provided');
  }
  if (srvMaxHosts > 0) throw new MongoParseError('Cannot limit srv hosts with loadBalanced enabled: srvMaxHosts > 0');
}

/** What works, and most likely not as it was meant. */
export function doubtsAbout(values: Pick<OptionValues, 'maxPoolSize' | 'minPoolSize'>): string[] {
  const { maxPoolSize, minPoolSize } = values;
  return maxPoolSize > 0 && minPoolSize > maxPoolSize
    ? [
        `minPoolSize=${minPoolSize} is more than maxPoolSize=${maxPoolSize}; a pool holds at most ${maxPoolSize} connections`,
      ]
    : [];
}
