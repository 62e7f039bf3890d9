import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as official from 'mongodb';
import type { MongoClientOptions } from '../../../src/uri/client_options.js';
import { OPTION_NAMES, type OptionName, optionNamed, type PlainOptions } from '../../../src/uri/options/table.js';
import { resolveOptions } from '../../../src/uri/resolve.js';

/** What both drivers make of the same connection string and options, in words that both have. */
interface Comparable {
  readonly hosts: readonly string[];
  readonly srvHost: string | undefined;
  readonly dbName: string;
  readonly credentials: object | undefined;
  readonly readPreference: object;
  readonly readConcern: object | undefined;
  readonly writeConcern: object | undefined;
  readonly tls: boolean;
  readonly compressors: readonly string[];
  readonly plain: Readonly<Record<string, unknown>>;
}

/** Options of this driver alone, and options whose value of the official driver is another on purpose. */
const NOT_COMPARED: readonly OptionName[] = [
  'pendingResponseTimeoutMS',
  'serverSelectionFailFast',
  'statistics',
  'pkFactory',
  'monitorCommands',
  'zlibCompressionLevel',
  '__skipPingOnConnect',
];

const PLAIN = OPTION_NAMES.filter(
  name => optionNamed(name).into === undefined && !NOT_COMPARED.includes(name),
) as (keyof PlainOptions)[];

function fieldsOf(value: object | undefined): object | undefined {
  return value && Object.fromEntries(Object.entries(value));
}

function ours(uri: string, given: MongoClientOptions): Comparable {
  const options = resolveOptions(uri, given);
  return {
    hosts: options.hosts.map(String),
    srvHost: options.srvHost,
    dbName: options.dbName,
    credentials: options.credentials && {
      username: options.credentials.username,
      password: options.credentials.password ?? '',
      source: options.credentials.source,
      mechanism: options.credentials.mechanism,
    },
    readPreference: options.readPreference.toJSON(),
    readConcern: options.readConcern?.toJSON(),
    writeConcern: fieldsOf(options.writeConcern),
    tls: options.tls.enabled,
    compressors: options.compressors,
    plain: Object.fromEntries(PLAIN.map(name => [name, options[name]])),
  };
}

/** The parts of the official options that are compared; its own type says that concerns are always there, and they are not. */
interface OfficialOptions {
  readonly hosts: readonly object[];
  readonly srvHost?: string;
  readonly dbName: string;
  readonly credentials?: { username: string; password?: string; source: string; mechanism: string };
  readonly readPreference: official.ReadPreference;
  readonly readConcern?: official.ReadConcern;
  readonly writeConcern?: official.WriteConcern;
  readonly tls?: boolean;
  readonly compressors: readonly string[];
  readonly [name: string]: unknown;
}

function theirs(uri: string, given: MongoClientOptions): Comparable {
  const client = new official.MongoClient(uri, given as object);
  const options = client.options as unknown as OfficialOptions;
  const { credentials, writeConcern } = options;
  return {
    hosts: options.hosts.map(String),
    srvHost: options.srvHost,
    dbName: options.dbName,
    credentials: credentials && {
      username: credentials.username,
      // The official driver has an empty password where there is none.
      password: credentials.password ?? '',
      source: credentials.source,
      mechanism: credentials.mechanism,
    },
    // A clone has plain objects for those without a prototype.
    readPreference: structuredClone(options.readPreference.toJSON()),
    readConcern: options.readConcern?.toJSON(),
    writeConcern: fieldsOf(writeConcern),
    tls: options.tls ?? false,
    compressors: options.compressors.filter(name => name !== 'none'),
    plain: Object.fromEntries(PLAIN.map(name => [name, options[name]])),
  };
}

const cases: readonly (readonly [string, MongoClientOptions?])[] = [
  ['mongodb://localhost'],
  ['mongodb://localhost/'],
  ['mongodb://LOCALHOST:27018/shop'],
  ['mongodb://a,b:1,c:65535/?replicaSet=rs0'],
  ['mongodb://[::1]:27018,127.0.0.1'],
  ['mongodb://user:pass@localhost'],
  ['mongodb://user:p%40ss%3A%2F@localhost/shop'],
  ['mongodb://user:pass@localhost/shop?authSource=users'],
  ['mongodb://user@localhost/?authMechanism=SCRAM-SHA-256'],
  ['mongodb://user:pass@localhost/?authMechanism=PLAIN'],
  ['mongodb://user:pass@localhost/shop?authMechanism=PLAIN'],
  ['mongodb://CN%3Dme@localhost/?authMechanism=MONGODB-X509&tls=true'],
  ['mongodb://localhost/shop?authMechanism=MONGODB-X509'],
  ['mongodb://localhost/?authMechanism=MONGODB-AWS'],
  ['mongodb://u%40R@localhost/?authMechanism=GSSAPI'],
  ['mongodb://localhost/?authSource=users'],
  ['mongodb://localhost', { auth: { username: 'u', password: 'p' } }],
  ['mongodb://u:p@localhost/shop', { authSource: 'users', dbName: 'other' }],
  ['mongodb://u:p@localhost', { dbName: 'other' }],
  ['mongodb://localhost/?readPreference=secondary&readPreferenceTags=dc:ny,rack:1&readPreferenceTags='],
  ['mongodb://localhost/?readPreference=nearest&maxStalenessSeconds=120'],
  ['mongodb://localhost/?readPreference=nearest', { maxStalenessSeconds: 90 }],
  ['mongodb://localhost', { readPreference: 'secondaryPreferred', readPreferenceTags: [{ a: 'b' }] }],
  ['mongodb://localhost/?readConcernLevel=majority'],
  ['mongodb://localhost', { readConcern: { level: 'local' } }],
  ['mongodb://localhost/?w=majority&wtimeoutMS=500&journal=true'],
  ['mongodb://localhost/?w=3'],
  ['mongodb://localhost/?w=0'],
  ['mongodb://localhost/?w=1', { writeConcern: { w: 2 } }],
  ['mongodb://localhost', { writeConcern: { w: 'majority', wtimeoutMS: 5, journal: false } }],
  ['mongodb://localhost/?tls=true'],
  ['mongodb://localhost/?ssl=true&tls=true'],
  ['mongodb://localhost', { ssl: true }],
  ['mongodb://localhost/?compressors=snappy,zlib&zlibCompressionLevel=3'],
  ['mongodb://localhost', { compressors: ['zstd', 'none'] }],
  ['mongodb://localhost/?maxPoolSize=5&minPoolSize=2&maxConnecting=3&maxIdleTimeMS=1000&waitQueueTimeoutMS=50'],
  ['mongodb://localhost/?MAXPOOLSIZE=5', { maxPoolSize: 6 }],
  ['mongodb://localhost/?connectTimeoutMS=1&socketTimeoutMS=2&serverSelectionTimeoutMS=3&localThresholdMS=4'],
  ['mongodb://localhost/?retryReads=false&retryWrites=false&appName=shop&directConnection=true'],
  ['mongodb://localhost/?loadBalanced=true'],
  ['mongodb://localhost/?serverMonitoringMode=poll&heartbeatFrequencyMS=500'],
  ['mongodb+srv://cluster.example.com/shop?retryWrites=true&w=majority'],
  ['mongodb+srv://u:p@cluster.example.com/?srvMaxHosts=2&srvServiceName=custom'],
  ['mongodb+srv://cluster.example.com/?tls=false'],
];

describe('resolveOptions and the official driver', () => {
  for (const [uri, given = {}] of cases) {
    const options = Object.keys(given).length === 0 ? '' : ` with ${JSON.stringify(given)}`;
    it(`resolveOptions and the official driver agree on ${uri}${options}`, () => {
      assert.deepEqual(ours(uri, given), theirs(uri, given));
    });
  }

  for (const [given, uri = 'mongodb://localhost'] of [
    [{ foo: 1 }],
    [{ maxPoolSize: -1 }],
    [{ maxPoolSize: 'many' }],
    [{ retryWrites: 'yes' }],
    [{ maxConnecting: 0 }],
    [{ compressors: ['gzip'] }],
    [{ readPreference: 'far' }],
    [{ authMechanism: 'NOPE' }],
    [{ serverApi: '2' }],
    [{ serverMonitoringMode: 'push' }],
    [{ family: 5 }],
    [{ tlsInsecure: true, tlsAllowInvalidHostnames: true }],
    [{ tls: true, ssl: false }],
    [{ proxyPort: 1 }],
    [{ srvMaxHosts: 1 }],
    [{ authMechanism: 'PLAIN' }],
    [{ directConnection: true }, 'mongodb://a,b'],
    [{ directConnection: true }, 'mongodb+srv://a.b.c'],
    [{ useBigInt64: true, promoteLongs: false }],
    [{}, 'http://localhost'],
    [{}, 'mongodb://'],
    [{}, 'mongodb+srv://a.b.c:27017'],
  ] as readonly [object, string?][]) {
    it(`resolveOptions and the official driver refuse ${uri} with ${JSON.stringify(given)} by the same class of error`, () => {
      const classes = [resolveOptions, (...args: [string, object]) => new official.MongoClient(...args)].map(
        resolve => {
          try {
            resolve(uri, given);
          } catch (error) {
            return (error as Error).name;
          }
          return undefined;
        },
      );

      assert.notEqual(classes[0], undefined);
      assert.equal(classes[0], classes[1]);
    });
  }
});
