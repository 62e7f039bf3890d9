import { parseServerApi } from '../../concern/server_api.js';
import type { CustomServerSelector } from '../../description/custom_selector.js';
import type { CompressorName } from '../../wire/compressor.js';
import type { DriverInfo, RuntimeAdapters } from '../client_options.js';
import { srvAllowedHostsSuffix, srvHostValidator } from '../srv_hosts.js';
import { option } from './option.js';
import { boolean, func, integer, oneOf, type Parser, REFUSED, record, text } from './parsers.js';

type UsedCompressor = Exclude<CompressorName, 'none'>;

const COMPRESSORS: readonly string[] = ['none', 'snappy', 'zlib', 'zstd'];

/** Handshake, "client.application.name": a longer name makes the server refuse the connection. */
const LONGEST_APP_NAME_BYTES = 128;

const compressors: Parser<readonly UsedCompressor[]> = {
  allowed: `a list of ${COMPRESSORS.join(', ')}`,
  parse(given, leaveOut) {
    const names: unknown = typeof given === 'string' ? given.split(',') : given;
    if (!Array.isArray(names)) return REFUSED;
    const known = new Set<UsedCompressor>();
    for (const name of names as unknown[]) {
      if (typeof name !== 'string' || !COMPRESSORS.includes(name)) {
        leaveOut(`${typeof name === 'string' ? JSON.stringify(name) : typeof name}, which is not a compressor`);
      } else if (name !== 'none') known.add(name as UsedCompressor);
    }
    return [...known];
  },
};

const appName: Parser<string> = {
  allowed: `a string of at most ${LONGEST_APP_NAME_BYTES} bytes of UTF-8`,
  parse: given =>
    typeof given === 'string' && given !== '' && Buffer.byteLength(given) <= LONGEST_APP_NAME_BYTES ? given : REFUSED,
};

/** Connection String, "Database": the same rule for a name given by the program. */
const databaseName: Parser<string> = {
  allowed: 'a non-empty string without any of / \\ " $ and space',
  parse: given => (typeof given === 'string' && /^[^/\\ "$\0]+$/.test(given) ? given : REFUSED),
};

const milliseconds = integer();

/** Where to connect, how long to wait, how many connections. */
export const connectionOptions = {
  dbName: option('Database of client.db() without a name', databaseName, { where: 'client', emptyIsUnset: true }),
  replicaSet: option('Name of the replica set', text, { emptyIsUnset: true }),
  directConnection: option('Use only the one given server', boolean, { default: false }),
  loadBalanced: option('The one given host is a load balancer', boolean, { default: false }),
  srvMaxHosts: option('Greatest number of hosts used of an SRV record; 0 is all', integer(), { default: 0 }),
  srvServiceName: option('Service in the name of the SRV record', text, { default: 'mongodb' }),
  srvAllowedHostsSuffix: option('Suffix that hosts of an SRV record must have', srvAllowedHostsSuffix, {
    guards: 'trust',
  }),
  srvHostValidator: option('Decides about each host of an SRV record', srvHostValidator, { where: 'client' }),
  appName: option('Name of the application', appName, { spellings: ['appname'], emptyIsUnset: true }),
  driverInfo: option('Metadata of a library built on the driver', record<DriverInfo>(), {
    where: 'client',
    default: {},
  }),
  serverApi: option(
    'Stable API',
    { allowed: 'a version, or an object with a version', parse: parseServerApi },
    { where: 'client' },
  ),

  // Settled: the specification (a missing row of its table, but tested) leaves a negative value out with a warning, CSOT makes it an
  // error. A connection string gets the warning, a program the error.
  timeoutMS: option('Time for a whole operation; 0 is no limit', milliseconds),
  serverSelectionTimeoutMS: option('Time for the search for a server', milliseconds, { default: 30_000 }),
  // URI Options says 10000. The official driver has 30000, and what connects with it must connect here.
  connectTimeoutMS: option('Time for making a connection', milliseconds, { default: 30_000 }),
  socketTimeoutMS: option('Time of silence on a socket; 0 is no limit', milliseconds, { default: 0 }),
  waitQueueTimeoutMS: option('Time for waiting for a connection; 0 is no limit', milliseconds, { default: 0 }),
  pendingResponseTimeoutMS: option('Time for a reply after its operation timed out; 0 closes at once', milliseconds, {
    default: 1000,
  }),

  // Less than 500 is taken for 500, with a warning (`leastHeartbeatFrequency`).
  heartbeatFrequencyMS: option('Time between checks of a server', milliseconds, { default: 10_000 }),
  minHeartbeatFrequencyMS: option('Least time between checks of a server', milliseconds, { default: 500 }),
  serverMonitoringMode: option('How servers are checked', oneOf('auto', 'poll', 'stream'), { default: 'auto' }),
  localThresholdMS: option('How much slower than the nearest a server may be', milliseconds, { default: 15 }),
  serverSelector: option("The program's own choice among servers", func<CustomServerSelector>(), { where: 'client' }),
  __skipPingOnConnect: option('Whether connect() is content with a server', boolean, {
    where: 'client',
    default: false,
  }),
  serverSelectionFailFast: option('Whether selection ends at once when waiting is in vain', boolean, {
    default: false,
  }),
  serverSelectionTryOnce: option('For single-threaded drivers only; accepted, and selection waits anyway', boolean, {
    where: 'uri',
  }),

  maxPoolSize: option('Greatest number of connections to a server; 0 is no limit', integer(), { default: 100 }),
  minPoolSize: option('Number of connections to a server kept when idle', integer(), { default: 0 }),
  maxConnecting: option('How many connections to a server may be in the making', integer({ min: 1 }), {
    default: 2,
    isArgument: true,
  }),
  maxIdleTimeMS: option('Time after which an idle connection is closed; 0 is no limit', milliseconds, { default: 0 }),

  compressors: option('Compressors in order of preference', compressors, { default: [], isArgument: true }),
  zlibCompressionLevel: option('Level of zlib', integer({ min: -1, max: 9 })),

  proxyHost: option('Host of a SOCKS5 proxy', text, { guards: 'secrecy', emptyIsUnset: true }),
  proxyPort: option('Port of the SOCKS5 proxy (1080 when not given)', integer({ min: 1, max: 65535 }), {
    guards: 'secrecy',
  }),
  proxyUsername: option('User at the SOCKS5 proxy', text, { emptyIsUnset: true }),
  proxyPassword: option('Password at the SOCKS5 proxy', text, { secret: true, emptyIsUnset: true }),

  runtimeAdapters: option('Stand-ins for parts of Node.js', record<RuntimeAdapters>(), { where: 'client' }),
};
