import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resolveOptions } from '../../../../src/uri/resolve.js';
import { resolvedValue } from '../../../spec/legacy/uri_support.js';

/** A program's options by any name, as JavaScript allows it. */
function resolveWith(options: Record<string, unknown>, uri = 'mongodb://h') {
  return resolveOptions(uri, options);
}

describe('values of options', () => {
  for (const [name, given, expected] of [
    ['appName', 'shop', 'shop'],
    ['replicaSet', 'rs0', 'rs0'],
    ['serverMonitoringMode', 'poll', 'poll'],
    ['compressors', 'snappy,zlib', ['snappy', 'zlib']],
    ['compressors', 'none', []],
    ['compressors', 'zstd,none,zstd', ['zstd']],
    ['zlibCompressionLevel', '9', 9],
    ['zlibCompressionLevel', '-1', -1],
    ['readPreference', 'nearest', 'nearest'],
    ['readConcernLevel', 'future', 'future'],
    ['w', '0', 0],
    ['w', 'majority', 'majority'],
    ['w', 'dc', 'dc'],
    ['journal', 'true', true],
    ['wTimeoutMS', '5', 5],
    ['tlsCAFile', '/etc/ca.pem', '/etc/ca.pem'],
    ['proxyHost', 'proxy', 'proxy'],
    ['srvMaxHosts', undefined, 0],
    ['srvServiceName', undefined, 'mongodb'],
    ['serverMonitoringMode', undefined, 'auto'],
    ['compressors', undefined, []],
    ['readPreference', undefined, 'primary'],
    ['appName', undefined, undefined],
    ['tls', undefined, false],
  ] as const) {
    it(`${name}${given === undefined ? ' by default' : `=${given}`} is ${JSON.stringify(expected)}`, () => {
      const options = resolveOptions(given === undefined ? 'mongodb://h' : `mongodb://h/?${name}=${given}`);

      assert.deepEqual(resolvedValue(options, name), expected);
      assert.deepEqual(options.warnings, []);
    });
  }

  for (const [given, error, message] of [
    [
      { appName: 'x'.repeat(129) },
      'MongoParseError',
      /Option appName cannot be "x+…"; allowed is a string of at most 128 bytes/,
    ],
    [{ appName: 'ü'.repeat(65) }, 'MongoParseError', /at most 128 bytes of UTF-8/],
    [{ compressors: 'gzip' }, 'MongoInvalidArgumentError', /compressors contains "gzip".*none, snappy, zlib, zstd/],
    [{ compressors: 5 }, 'MongoInvalidArgumentError', /compressors cannot be 5/],
    [{ zlibCompressionLevel: 10 }, 'MongoParseError', /cannot be 10; allowed is an integer from -1 to 9/],
    [
      { serverMonitoringMode: 'push' },
      'MongoParseError',
      /cannot be "push"; allowed is one of auto, poll, stream \(default auto\)/,
    ],
    [
      { readPreference: 'far' },
      'MongoInvalidArgumentError',
      /readPreference cannot be "far"; allowed is one of primary/,
    ],
    [{ readPreferenceTags: ['x'] }, 'MongoParseError', /readPreferenceTags contains a tag set that is not/],
    [
      { maxStalenessSeconds: 89 },
      'MongoParseError',
      /cannot be 89; allowed is -1 \(no limit\) or an integer of at least 90/,
    ],
    [{ readConcern: 5 }, 'MongoParseError', /readConcern cannot be 5/],
    [{ writeConcern: -1 }, 'MongoParseError', /writeConcern cannot be -1/],
    [{ writeConcern: { w: -1 } }, 'MongoInvalidArgumentError', /w cannot be -1/],
    [{ w: -1 }, 'MongoParseError', /Option w cannot be -1; allowed is an integer of at least 0, "majority"/],
    [
      { proxyHost: 'p', proxyPort: 0 },
      'MongoParseError',
      /proxyPort cannot be 0; allowed is an integer from 1 to 65535/,
    ],
    [{ family: 5 }, 'MongoParseError', /family cannot be 5; allowed is 4, 6, or 0/],
    [{ dbName: 'a b' }, 'MongoParseError', /dbName cannot be "a b"/],
    [{ driverInfo: 'me' }, 'MongoParseError', /driverInfo cannot be "me"; allowed is an object/],
    [{ pkFactory: {} }, 'MongoParseError', /pkFactory cannot be .*; allowed is an object with a function createPk/],
    [{ lookup: 'dns' }, 'MongoParseError', /lookup cannot be "dns"; allowed is a function/],
    [{ authMechanism: 'NOPE' }, 'MongoParseError', /authMechanism cannot be "NOPE"; allowed is one of/],
    [
      { auth: { user: 'me' } },
      'MongoParseError',
      /auth cannot be .*; allowed is an object with 'username' and 'password'/,
    ],
    [{ serverApi: '2' }, 'MongoParseError', /Invalid server API version=2/],
    [
      { mongodbLogPath: 'file' },
      'MongoInvalidArgumentError',
      /mongodbLogPath cannot be "file"; allowed is stderr, stdout/,
    ],
    [{ mongodbLogComponentSeverities: { pool: 'info' } }, 'MongoInvalidArgumentError', /mongodbLogComponentSeverities/],
    [{ commandMonitor: 5 }, 'MongoInvalidArgumentError', /commandMonitor cannot be 5; allowed is an object/],
    [
      { commandMonitor: { started: () => undefined, failed: 'log' } },
      'MongoInvalidArgumentError',
      /commandMonitor contains failed, which is of type string; allowed is .* functions: started, succeeded, failed/,
    ],
    [
      { poolMonitor: { events: () => undefined } },
      'MongoInvalidArgumentError',
      /poolMonitor contains events, which is not told of anything; allowed is .*: event/,
    ],
    [
      { serverMonitor: { serverHeartbeatFailed: {} } },
      'MongoInvalidArgumentError',
      /serverMonitor contains serverHeartbeatFailed, which is of type object/,
    ],
    [{ srvAllowedHostsSuffix: 'com' }, 'MongoParseError', /srvAllowedHostsSuffix cannot be "com".*two labels/],
    [{ srvHostValidator: true }, 'MongoParseError', /srvHostValidator cannot be true; allowed is a function/],
  ] as const) {
    it(`${JSON.stringify(given).slice(0, 60)} of a program is refused`, () => {
      assert.throws(() => resolveWith(given), { name: error, message });
    });
  }

  for (const [query, message] of [
    ['compressors=zlib,gzip', /compressors of the connection string contains "gzip", .* left out/],
    ['readPreference=far', /readPreference .* is ignored: it cannot be "far"/],
    [
      'readPreference=secondary&readPreferenceTags=a:b&readPreferenceTags=c',
      /readPreferenceTags .* contains a tag set/,
    ],
    ['replicaSet=a&replicaSet=b', /replicaSet .* more than once; the last value counts/],
    ['replicaSet=', /replicaSet .* is ignored: it has no value/],
    ['wtimeout=5', /wtimeout .* is deprecated: use wtimeoutMS instead/],
    ['j=true', /j .* is deprecated: use journal instead/],
    ['serverApi=1', /serverApi .* can only be given to the client/],
    ['foo=bar', /contains the option foo, which does not exist/],
    ['f%20o=bar', /contains an option with an unreadable name/],
    ['serverSelectionTryOnce=maybe', /serverSelectionTryOnce/],
    ['minPoolSize=5&maxPoolSize=3', /minPoolSize=5 is more than maxPoolSize=3/],
    ['authMechanismProperties=SERVICE_NAME:x', /DEFAULT has no SERVICE_NAME/, 'u:p@'],
  ] as const) {
    it(`${query} in a connection string is a warning`, () => {
      const userinfo = query.startsWith('auth') ? 'u:p@' : '';
      const { warnings } = resolveOptions(`mongodb://${userinfo}h/?${query}`);

      assert.equal(warnings.length, 1, warnings.join('\n'));
      assert.match(warnings[0]!, message);
    });
  }

  for (const query of [
    'socketTimeoutMS=5',
    'waitQueueTimeoutMS=5',
    'wTimeoutMS=5',
    'ssl=true',
    'serverSelectionTryOnce=false',
  ]) {
    it(`${query} in a connection string is no warning`, () => {
      assert.deepEqual(resolveOptions(`mongodb://h/?${query}`).warnings, []);
    });
  }

  it('complete tag sets of a connection string are kept, and others are left out as a whole', () => {
    const { readPreference } = resolveOptions(
      'mongodb://h/?readPreference=nearest&readPreferenceTags=a:b,c:d:e&readPreferenceTags=f:g,h&readPreferenceTags=',
    );

    assert.deepEqual(readPreference.tags, [{ a: 'b', c: 'd:e' }, {}]);
  });

  it('maxStalenessSeconds=-1 is no limit', () => {
    assert.equal(resolveOptions('mongodb://h/?maxStalenessSeconds=-1').readPreference.maxStalenessSeconds, undefined);
    assert.equal(resolveWith({ maxStalenessSeconds: -1 }).readPreference.mode, 'primary');
  });

  it('an option of a program that is null or undefined is not given', () => {
    const options = resolveWith({ maxPoolSize: undefined, appName: null, foo: undefined });

    assert.equal(options.maxPoolSize, 100);
    assert.deepEqual(options.specified, []);
  });

  it('a program may use the spellings of the specification', () => {
    assert.equal(resolveWith({ wTimeoutMS: 5 }).writeConcern?.wtimeoutMS, 5);
    assert.equal(resolveWith({ wtimeoutMS: 5 }).writeConcern?.wtimeoutMS, 5);
    assert.equal(resolveWith({ appname: 'a' }).appName, 'a');
    assert.equal(resolveWith({ ssl: true }).tls.enabled, true);
  });
});
