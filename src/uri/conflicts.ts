import { MongoAPIError, MongoParseError } from '../errors/driver.js';
import type { UriOption } from './connection_string.js';
import { boolean, REFUSED, TRUE_OR_FALSE } from './options/parsers.js';
import {
  type GivenValues,
  OPTION_NAMES,
  type OptionName,
  type OptionValues,
  optionNamed,
  optionOfUri,
} from './options/table.js';
import type { ResolvedOptions } from './resolved_options.js';
import { suggestName } from './suggest.js';

/** URI Options, "tls...": two of these options together are an error, whatever their values are. */
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

/** Throws if two given options exclude each other. Other options do not matter. */
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

/** SOCKS5: the order of options must not decide which proxy is used. */
export function refuseRepeatedProxyOptions(options: ReadonlyMap<string, UriOption>): void {
  for (const name of PROXY_OPTIONS) {
    if ((options.get(name.toLowerCase())?.values.length ?? 0) > 1) {
      throw new MongoParseError(`Proxy options cannot be specified multiple times in the connection string: ${name}`);
    }
  }
}

/**
 * Refuses certificates and keys without TLS: the caller believes that the connection is encrypted, and it would not be. With `tls=false` the
 * caller asks for a connection in the clear.
 *
 * @throws MongoParseError that names the option
 */
export function refuseTLSInTheClear({ specified, tls }: Pick<ResolvedOptions, 'specified' | 'tls'>): void {
  const { caFile, crlFile, certificateKeyFile } = tls;
  const files: Partial<Record<OptionName, unknown>> = {
    tlsCAFile: caFile,
    tlsCRLFile: crlFile,
    tlsCertificateKeyFile: certificateKeyFile,
  };
  // An unset environment variable gives an empty file name.
  const material = OPTION_NAMES.filter(name => optionNamed(name).needsTLS === true && specified.includes(name));
  const empty = material.find(name => files[name] === '');
  const used = material.find(name => files[name] !== '');
  if (tls.enabled) {
    // The official driver tries to read the file with the empty name, and fails to connect.
    if (empty !== undefined) throw new MongoParseError(`Option ${empty} cannot be ""; allowed is the path of a file`);
  } else if (used !== undefined && !specified.includes('tls') && !specified.includes('ssl')) {
    throw inTheClear(`Option ${used} is given`);
  }
}

/**
 * Refuses an unknown option that looks like a misspelt option of TLS (`sslCA=…`, `tsl=true`) if TLS is not in use. Other unknown options
 * are a warning; here a warning would let the client go on in the clear.
 */
export function refuseMisspeltTLS(uri: ReadonlyMap<string, UriOption>, given: GivenValues, srv: boolean): void {
  if (given.tls !== undefined || given.ssl !== undefined || srv) return;
  for (const option of uri.values()) {
    if (optionOfUri(option.key) === undefined && meansTLS(option)) {
      throw inTheClear('The connection string contains an option that looks like one of TLS and does not exist');
    }
  }
}

function inTheClear(problem: string): MongoParseError {
  return new MongoParseError(
    `${problem}, and TLS is not switched on: the connection would not be encrypted. Add tls=true, or tls=false if that is meant`,
  );
}

function meansTLS({ key, values }: UriOption): boolean {
  if (/^(?:tls|ssl)/i.test(key)) return true;
  return suggestName(key, ['tls', 'ssl']) !== undefined && values.some(value => TRUE_OR_FALSE.test(value));
}

/** URI Options, "tls": `tls` and `ssl` mean the same, so their values in the connection string and the program must all be equal. */
export function refuseDifferentTLSValues(options: ReadonlyMap<string, UriOption>, program: GivenValues): void {
  const texts = ['tls', 'ssl'].flatMap(name => options.get(name)?.values ?? []);
  const values = new Set<unknown>(texts.map(text => boolean.parse(text, () => undefined)));
  for (const value of [program.tls, program.ssl]) if (value !== undefined) values.add(value);
  values.delete(REFUSED);
  if (values.size > 1) throw new MongoParseError('All values of tls/ssl must be the same.');
}

/** Throws if options contradict each other about the deployment. Runs again after DNS has added hosts and options. */
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

/** Warnings about options that work, but most likely not as they were meant. */
export function doubtsAbout(values: Pick<OptionValues, 'maxPoolSize' | 'minPoolSize'>): string[] {
  const { maxPoolSize, minPoolSize } = values;
  return maxPoolSize > 0 && minPoolSize > maxPoolSize
    ? [
        `minPoolSize=${minPoolSize} is more than maxPoolSize=${maxPoolSize}; a pool holds at most ${maxPoolSize} connections`,
      ]
    : [];
}
