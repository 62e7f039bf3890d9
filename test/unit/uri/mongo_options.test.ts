import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import * as official from 'mongodb';
import { MongoClient } from '../../../src/client/mongo_client.js';
import type { MongoClientOptions } from '../../../src/uri/client_options.js';

type Fields = Readonly<Record<string, unknown>>;

const CASES: readonly (readonly [string, MongoClientOptions?])[] = [
  ['mongodb://h/'],
  ['mongodb://h/?tls=true'],
  ['mongodb://h/?tls=false'],
  ['mongodb+srv://h.example.com/'],
  ['mongodb://h/?compressors=none'],
  ['mongodb://h/?compressors=zlib,snappy'],
  ['mongodb://h/', { compressors: ['none'] }],
  ['mongodb://h/', { monitorCommands: true }],
  ['mongodb://h/', { monitorCommands: false }],
  ['mongodb://h/?family=6'],
  ['mongodb://h/', { family: 4, keepAliveInitialDelay: -1, noDelay: false }],
  ['mongodb://h/', { promoteLongs: false, ignoreUndefined: true, raw: true, fieldsAsRaw: { a: true } }],
  ['mongodb://h/?useBigInt64=true'],
  ['mongodb://h/', { tls: true, ca: 'ca', servername: '', rejectUnauthorized: false }],
  ['mongodb://h/', { tls: true, tlsCAFile: '/ca.pem', tlsCertificateKeyFilePassword: '' }],
  ['mongodb://h/?tls=true&tlsInsecure=true'],
  ['mongodb://h/?tls=true&tlsAllowInvalidCertificates=true'],
  ['mongodb://h/?proxyHost=p&proxyPort=5&proxyUsername=u&proxyPassword=s'],
  ['mongodb://h/', { autoSelectFamily: true, localAddress: '127.0.0.1' }],
  ['mongodb://h/', { MAXPOOLSIZE: 7, ReadConcernLevel: 'local' } as MongoClientOptions],
];

const FIELDS = [
  'tls',
  'compressors',
  'monitorCommands',
  'promoteLongs',
  'promoteValues',
  'ignoreUndefined',
  'raw',
  'enableUtf8Validation',
  'useBigInt64',
  'family',
  'noDelay',
  'keepAliveInitialDelay',
  'ca',
  'servername',
  'passphrase',
  'rejectUnauthorized',
  'tlsCAFile',
  'tlsInsecure',
  'tlsAllowInvalidCertificates',
  'proxyHost',
  'proxyPort',
  'proxyUsername',
  'proxyPassword',
  'autoSelectFamily',
  'localAddress',
  'maxPoolSize',
];

/** Defaults of `bson` and of Node.js stand in our options, and not in those of the official driver. */
const DEFAULTS: Fields = {
  tls: false,
  keepAliveInitialDelay: 120_000,
  promoteLongs: true,
  promoteValues: true,
  ignoreUndefined: false,
  useBigInt64: false,
};

function shapeOf(options: Fields): Fields {
  return Object.fromEntries(FIELDS.map(name => [name, options[name] ?? DEFAULTS[name]]));
}

describe('client.options', () => {
  for (const [uri, given = {}] of CASES) {
    it(`client.options have the shape of the official driver for ${uri} ${JSON.stringify(given)}`, () => {
      const ours = new MongoClient(uri, given).options;
      const theirs = new official.MongoClient(uri, given as object).options;

      assert.deepEqual(shapeOf(ours as unknown as Fields), shapeOf(theirs as unknown as Fields));
    });
  }

  it('client.options show no secret in the console or in JSON', () => {
    const { options } = new MongoClient('mongodb://u:secret1@h/?proxyHost=p&proxyUsername=u&proxyPassword=secret2', {
      tls: true,
      tlsCertificateKeyFilePassword: 'secret3',
      key: 'secret4',
      pfx: 'secret5',
    });

    assert.doesNotMatch(inspect(options, { depth: 9 }), /secret\d/);
    assert.doesNotMatch(JSON.stringify(options), /secret\d/);
    assert.equal(options.proxyPassword, 'secret2');
    assert.equal(options.passphrase, 'secret3');
  });
});

describe('options that the official driver takes', () => {
  it('a heartbeatFrequencyMS below 500 is 500, with a warning', () => {
    for (const value of [0, 1, 10, 499]) {
      const { options } = new MongoClient('mongodb://h/', { heartbeatFrequencyMS: value });
      assert.equal(options.heartbeatFrequencyMS, 500);
      assert.match(options.warnings.join(), new RegExp(`heartbeatFrequencyMS=${value} is less than 500`));
      assert.equal(new MongoClient(`mongodb://h/?heartbeatFrequencyMS=${value}`).options.heartbeatFrequencyMS, 500);
    }
    assert.deepEqual(new MongoClient('mongodb://h/', { heartbeatFrequencyMS: 500 }).options.warnings, []);
    assert.throws(() => new MongoClient('mongodb://h/', { heartbeatFrequencyMS: -1 }));
  });

  it('a write concern of j: 1 asks for the journal', () => {
    const { writeConcern } = new MongoClient('mongodb://h/', { writeConcern: { j: 1 } as never }).options;

    assert.equal(writeConcern?.journal, true);
    assert.equal(
      new MongoClient('mongodb://h/', { writeConcern: { journal: 0 } as never }).writeConcern?.journal,
      false,
    );
  });

  it('names of options are accepted in another letter case', () => {
    const { options } = new MongoClient('mongodb://h/', {
      MAXPOOLSIZE: 7,
      WriteConcern: { w: 2 },
      TLSinsecure: true,
      tls: true,
    } as MongoClientOptions);

    assert.equal(options.maxPoolSize, 7);
    assert.equal(options.writeConcern?.w, 2);
    assert.equal(options.rejectUnauthorized, false);
  });
});

describe('unknown options in a connection string', () => {
  it('unknown options in a connection string print one warning, with the known names that are close', async () => {
    const many = Array.from({ length: 3000 }, (_, i) => `unknown${i}=1`).join('&');
    const printed: string[] = [];
    const onWarning = (warning: Error) => {
      if (warning.name === 'MongoOptionWarning') printed.push(warning.message);
    };
    // Those of other clients are still on their way.
    await new Promise(resolve => setImmediate(resolve));
    process.on('warning', onWarning);
    new MongoClient(`mongodb://h/?retryWrite=false&${many}`);
    await new Promise(resolve => setImmediate(resolve));
    process.off('warning', onWarning);

    assert.equal(printed.length, 1);
    assert.match(printed[0]!, /3001 options that do not exist.*the option retryWrite \(did you mean retryWrites\?\)/);
    assert.ok(printed[0]!.length < 1000);
  });

  it('a connection string with hundreds of unreadable values prints few warnings', async () => {
    const broken = Array.from({ length: 300 }, (_, i) => `unknown${i}=%`).join('&');
    let printed = 0;
    const onWarning = ({ name }: Error) => {
      if (name === 'MongoOptionWarning') printed++;
    };
    // Those of other clients are still on their way.
    await new Promise(resolve => setImmediate(resolve));
    process.on('warning', onWarning);
    const { options } = new MongoClient(`mongodb://h/?${broken}`);
    await new Promise(resolve => setImmediate(resolve));
    process.off('warning', onWarning);

    assert.equal(printed, 11);
    assert.ok(options.warnings.length > 300);
  });

  for (const [key, meant] of [
    ['retryWrite', 'retryWrites'],
    ['RETRYWRITE', 'retryWrites'],
    ['maxPolSize', 'maxPoolSize'],
    ['readPrefrence', 'readPreference'],
    ['authsorce', 'authSource'],
  ] as const) {
    it(`${key} in a connection string gives a warning that suggests ${meant}`, () => {
      const { warnings } = new MongoClient(`mongodb://h/?${key}=x`).options;

      assert.equal(warnings.length, 1);
      assert.match(warnings[0]!, new RegExp(`the option ${key} \\(did you mean ${meant}\\?\\), which does not exist`));
    });
  }

  it('a misspelt option of a program is an error that suggests the right name', () => {
    for (const [name, meant] of [
      ['retryWrite', 'retryWrites'],
      ['timeoutMs1', 'timeoutMS'],
      ['tlsCAfiles', 'tlsCAFile'],
      ['reaplicaSet', 'replicaSet'],
    ] as const) {
      assert.throws(() => new MongoClient('mongodb://h/', { [name]: 'x' }), {
        name: 'MongoParseError',
        message: `option ${name} is not supported; did you mean ${meant}?`,
      });
    }
  });
});
