import { domainToASCII } from 'node:url';
import { HostAddress } from '../description/host_address.js';
import { MongoAPIError, MongoParseError } from '../errors/driver.js';
import type { SrvRecord } from '../runtime/dns.js';
import type { Random } from '../runtime/random.js';
import { refuseImpossibleDeployment } from './conflicts.js';
import { parseQuery } from './connection_string.js';
import { boolean, REFUSED } from './options/parsers.js';
import { type OptionName, optionOfUri } from './options/table.js';
import { frozenOptions, type ResolvedOptions } from './resolved_options.js';

/** The answer of DNS for an SRV connection string. */
export interface SrvAnswer {
  readonly hosts: readonly SrvRecord[];
  /** TXT records, each as its strings. Empty if there are none. */
  readonly txt: readonly (readonly string[])[];
}

/** Initial DNS Seedlist Discovery, "Default Connection String Options": the only options that DNS may set. */
const TXT_OPTIONS: readonly (OptionName | undefined)[] = ['authSource', 'replicaSet', 'loadBalanced'];

/** The DNS name of the SRV records of a connection string. */
export function srvQueryName({ srvHost, srvServiceName }: Pick<ResolvedOptions, 'srvHost' | 'srvServiceName'>): string {
  return `_${srvServiceName}._tcp.${String(srvHost)}`;
}

/**
 * Completes the options of an SRV connection string by the answer of DNS. An option of a TXT record counts only if neither the connection
 * string nor the program gave it.
 *
 * Source: Initial DNS Seedlist Discovery.
 */
export function applySrvRecords(options: ResolvedOptions, answer: SrvAnswer, random: Random): ResolvedOptions {
  if (options.srvHost === undefined) throw new MongoAPIError('Option "srvHost" must not be empty');
  if (answer.hosts.length === 0) throw new MongoAPIError(`No addresses found at host ${srvQueryName(options)}`);
  const hosts = withoutDuplicates(answer.hosts.map(record => checkedHost(record, options)));

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

/** Some mechanisms always have their users in `$external`. DNS cannot change that. */
function withSource(credentials: ResolvedOptions['credentials'], source: string): ResolvedOptions['credentials'] {
  const isExternal = credentials?.source === '$external' && credentials.mechanism !== 'PLAIN';
  return credentials === undefined || isExternal ? credentials : credentials.with({ source });
}

/** The options that decide which hosts of SRV records may be used. */
type HostRules = Pick<ResolvedOptions, 'srvHost' | 'srvAllowedHostsSuffix' | 'srvHostValidator'>;

/**
 * Why the host of an SRV record must not be used, or null if it may be used. A host outside of the domain of the connection string could
 * come from a forged answer.
 */
export function whyRefused(
  name: string,
  { srvHost, srvAllowedHostsSuffix, srvHostValidator }: HostRules,
): Refusal | null {
  const host = plain(name);
  if (srvHostValidator !== undefined) {
    return srvHostValidator(host) ? null : ['Server record was rejected by srvHostValidator', ''];
  }
  if (srvAllowedHostsSuffix !== undefined) {
    if (host.endsWith(srvAllowedHostsSuffix)) return null;
    return ['Server record does not end with srvAllowedHostsSuffix', ` does not end with ${srvAllowedHostsSuffix}`];
  }
  const parent = plain(srvHost ?? '');
  const labels = parent.split('.');
  // With fewer than three labels there is no parent domain to trust, so the host itself is the domain.
  const domain = labels.length < 3 ? parent : labels.slice(1).join('.');
  if (host.endsWith(`.${domain}`)) return null;
  if (labels.length < 3 && host.split('.').length <= labels.length) {
    return ['Server record does not have at least one more domain level than parent URI', ` is not below ${parent}`];
  }
  return ['Server record does not share hostname with parent URI', ` is not below the domain ${domain} of ${parent}`];
}

/** The official driver's words, which precede the record, and the words that follow it. */
type Refusal = readonly [string, string];

/**
 * The host of an SRV record.
 *
 * @throws MongoAPIError if the host must not be used, or `srvHostValidator` throws. MongoParseError if the record is malformed. Both name the
 * record
 */
function checkedHost({ name, port }: SrvRecord, options: ResolvedOptions): HostAddress {
  const host = plain(name);
  const record = `${printable(name)}:${String(port)}`;
  if (!isHostName(host)) {
    const why = host === '' ? 'names no host: the service is not offered there' : 'has no valid host name';
    throw new MongoParseError(`The SRV record ${record} of ${srvQueryName(options)} ${why}`);
  }
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new MongoParseError(
      `The SRV record ${record} of ${srvQueryName(options)} has no valid port: it must be from 1 to 65535`,
    );
  }
  const refusal = whyRefused(host, options);
  if (refusal !== null) throw new MongoAPIError(`${refusal[0]}: ${record}${refusal[1]}`);
  return HostAddress.fromSrvRecord({ name: host, port });
}

/**
 * The hosts of records that were polled. A host that must not be used is left out (Polling SRV Records, "Implementation").
 *
 * @param onRefused - gets an error for each record that is left out, which names the record
 */
export function allowedSrvHosts(
  records: readonly SrvRecord[],
  options: ResolvedOptions,
  onRefused: (error: Error) => void = () => undefined,
): HostAddress[] {
  const hosts: HostAddress[] = [];
  for (const record of records) {
    try {
      hosts.push(checkedHost(record, options));
    } catch (error) {
      onRefused(error as Error);
    }
  }
  return withoutDuplicates(hosts);
}

/** A host with two records is one seed, and has one chance in a sample. */
function withoutDuplicates(hosts: readonly HostAddress[]): HostAddress[] {
  return [...new Map(hosts.map(host => [host.toString(), host])).values()];
}

/** At most `max` of the hosts, each with the same chance. 0 is all of them. */
export function sampleSrvHosts(hosts: readonly HostAddress[], max: number, random: Random): HostAddress[] {
  const shuffled = [...hosts];
  if (max === 0 || max >= hosts.length) return shuffled;
  // Fisher–Yates, only as far as needed.
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
  // `domainToASCII` takes numbers for parts of an IPv4 address (1.2.3 becomes 1.2.0.3), so it gets names in other scripts only.
  if (/^\p{ASCII}*$/u.test(withoutRoot)) return withoutRoot.toLowerCase();
  return domainToASCII(withoutRoot) || withoutRoot.toLowerCase();
}

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
const LONGEST_NAME = 253;

/** @param host - a result of `plain` */
function isHostName(host: string): boolean {
  return host.length <= LONGEST_NAME && host.split('.').every(label => LABEL.test(label));
}

/** A name for a message. The DNS server chooses the name, so characters outside of printable ASCII are escaped. */
function printable(name: string): string {
  const cut = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
  return JSON.stringify(cut)
    .slice(1, -1)
    .replace(/[^\x20-\x7e…]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
