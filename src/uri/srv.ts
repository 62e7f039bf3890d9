import { domainToASCII } from 'node:url';
import { MongoAPIError, MongoParseError } from '../errors/driver.js';
import type { SrvRecord } from '../runtime/dns.js';
import type { Random } from '../runtime/random.js';
import { HostAddress } from '../sdam/description/host_address.js';
import { refuseImpossibleDeployment } from './conflicts.js';
import { parseQuery } from './connection_string.js';
import { boolean, REFUSED } from './options/parsers.js';
import { type OptionName, optionOfUri } from './options/table.js';
import { frozenOptions, type ResolvedOptions } from './resolved_options.js';

/** What DNS answered for an SRV connection string. */
export interface SrvAnswer {
  readonly hosts: readonly SrvRecord[];
  /** TXT records, each as its strings; empty when there are none. */
  readonly txt: readonly (readonly string[])[];
}

/** Initial DNS Seedlist Discovery, "Default Connection String Options": all that DNS may decide. */
const TXT_OPTIONS: readonly (OptionName | undefined)[] = ['authSource', 'replicaSet', 'loadBalanced'];

/** The name under which the SRV records of a connection string lie. */
export function srvQueryName({ srvHost, srvServiceName }: Pick<ResolvedOptions, 'srvHost' | 'srvServiceName'>): string {
  return `_${srvServiceName}._tcp.${String(srvHost)}`;
}

/**
 * Completes the options of an SRV connection string by what DNS answered. Options of TXT records count only where neither the
 * connection string nor the program gave them.
 *
 * Source: Initial DNS Seedlist Discovery.
 */
export function applySrvRecords(options: ResolvedOptions, answer: SrvAnswer, random: Random): ResolvedOptions {
  if (options.srvHost === undefined) throw new MongoAPIError('Option "srvHost" must not be empty');
  if (answer.hosts.length === 0) throw new MongoAPIError(`No addresses found at host ${srvQueryName(options)}`);
  const hosts = answer.hosts.map(record => {
    if (isAllowedSrvHost(record.name, options))
      return HostAddress.fromSrvRecord({ ...record, name: plain(record.name) });
    throw new MongoAPIError(
      `Server record does not share hostname with parent URI: ${plain(record.name)} is not below the domain of ${String(options.srvHost)}`,
    );
  });

  const txt = parseTxt(answer.txt);
  const isFree = (name: OptionName) => !options.specified.includes(name);
  const deployment = {
    hosts,
    srvHost: options.srvHost,
    srvMaxHosts: options.srvMaxHosts,
    directConnection: options.directConnection,
    replicaSet: isFree('replicaSet') ? txt.replicaSet : options.replicaSet,
    loadBalanced: isFree('loadBalanced') ? (txt.loadBalanced ?? options.loadBalanced) : options.loadBalanced,
  };
  refuseImpossibleDeployment(deployment);
  return frozenOptions({
    ...options,
    ...deployment,
    hosts: Object.freeze(sampleSrvHosts(hosts, options.srvMaxHosts, random)),
    credentials:
      txt.authSource !== undefined && isFree('authSource')
        ? withSource(options.credentials, txt.authSource)
        : options.credentials,
  });
}

/** `$external` is where some mechanisms keep their users, whatever DNS says. */
function withSource(credentials: ResolvedOptions['credentials'], source: string): ResolvedOptions['credentials'] {
  const isExternal = credentials?.source === '$external' && credentials.mechanism !== 'PLAIN';
  return credentials === undefined || isExternal ? credentials : credentials.with({ source });
}

/**
 * Whether a host that an SRV record names may be used. A host that is not below the domain of the connection string is one that a
 * forged answer could have put there.
 */
export function isAllowedSrvHost(
  name: string,
  options: Pick<ResolvedOptions, 'srvHost' | 'srvAllowedHostsSuffix' | 'srvHostValidator'>,
): boolean {
  const host = plain(name);
  if (options.srvHostValidator !== undefined) return options.srvHostValidator(host);
  if (options.srvAllowedHostsSuffix !== undefined) return host.endsWith(options.srvAllowedHostsSuffix);
  const srvHost = plain(options.srvHost ?? '');
  const labels = srvHost.split('.');
  // With fewer than three labels there is no parent domain to be trusted, and so the host itself is the domain.
  const domain = labels.length < 3 ? srvHost : labels.slice(1).join('.');
  return host.endsWith(`.${domain}`);
}

/** The hosts of records read again; those that may not be used are left out (Polling SRV Records, "Implementation"). */
export function allowedSrvHosts(records: readonly SrvRecord[], options: ResolvedOptions): HostAddress[] {
  return records
    .filter(({ name }) => isAllowedSrvHost(name, options))
    .map(record => HostAddress.fromSrvRecord({ ...record, name: plain(record.name) }));
}

/** At most `max` of the hosts, each with the same chance; all of them for 0. */
export function sampleSrvHosts(hosts: readonly HostAddress[], max: number, random: Random): HostAddress[] {
  const shuffled = [...hosts];
  if (max === 0 || max >= hosts.length) return shuffled;
  // Fisher–Yates, and only as far as it is needed.
  for (let i = 0; i < max; i++) {
    const j = i + Math.floor(random.next() * (shuffled.length - i));
    const taken = shuffled[j] as HostAddress;
    shuffled[j] = shuffled[i] as HostAddress;
    shuffled[i] = taken;
  }
  return shuffled.slice(0, max);
}

interface TxtOptions {
  readonly authSource?: string;
  readonly replicaSet?: string;
  readonly loadBalanced?: boolean;
}

function parseTxt(records: SrvAnswer['txt']): TxtOptions {
  if (records.length > 1) throw new MongoParseError(`Multiple text records not allowed, got ${records.length}`);
  const [strings] = records;
  if (strings === undefined) return {};
  const options: Record<string, string | boolean> = {};
  for (const { key, values } of parseQuery(strings.join(''), true, []).values()) {
    const name = optionOfUri(key);
    const value = values.at(-1) ?? '';
    if (name === undefined || !TXT_OPTIONS.includes(name)) {
      throw new MongoParseError(`Text record may only set any of: ${TXT_OPTIONS.join(', ')}`);
    }
    if (value === '') throw new MongoParseError(`Cannot have empty URI params in DNS TXT Record: ${name}`);
    options[name] = name === 'loadBalanced' ? txtBoolean(value) : value;
  }
  return options;
}

function txtBoolean(value: string): boolean {
  const parsed = boolean.parse(value, () => undefined);
  if (parsed !== REFUSED) return parsed;
  throw new MongoParseError('Text record has a wrong value for loadBalanced; allowed is true or false');
}

/** A DNS name in ASCII and lower case, without the dot of the root. */
function plain(name: string): string {
  const withoutRoot = name.endsWith('.') ? name.slice(0, -1) : name;
  return domainToASCII(withoutRoot) || withoutRoot.toLowerCase();
}
