import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { MongoClientOptions } from '../../../../src/uri/client_options.js';
import { OPTION_NAMES, type OptionName, optionNamed } from '../../../../src/uri/options/table.js';
import { resolveOptions } from '../../../../src/uri/resolve.js';
import type { ResolvedOptions } from '../../../../src/uri/resolved_options.js';
import { OPTION_SAMPLES } from '../../../support/option_samples.js';

/** A program's options by any name, as JavaScript allows it. */
function resolveWith(options: Record<string, unknown>, uri = 'mongodb://h') {
  return resolveOptions(uri, options);
}

const durations = [
  ['timeoutMS', undefined],
  ['serverSelectionTimeoutMS', 30_000],
  ['connectTimeoutMS', 30_000],
  ['socketTimeoutMS', 0],
  ['waitQueueTimeoutMS', 0],
  ['pendingResponseTimeoutMS', 1000],
  ['minHeartbeatFrequencyMS', 500],
  ['localThresholdMS', 15],
  ['maxIdleTimeMS', 0],
  ['maxPoolSize', 100],
  ['minPoolSize', 0],
  ['maxAdaptiveRetries', 2],
] as const;

const flags = [
  ['directConnection', false],
  ['loadBalanced', false],
  ['retryReads', true],
  ['retryWrites', true],
  ['enableOverloadRetargeting', false],
  ['forceServerObjectId', false],
  ['serverSelectionFailFast', false],
  ['monitorCommands', undefined],
] as const;

describe('integer options', () => {
  for (const [name, byDefault] of durations) {
    it(`${name} is ${String(byDefault)} by default`, () => {
      assert.equal(resolveOptions('mongodb://h')[name], byDefault);
    });

    it(`${name} is read from a connection string, as a number and as text`, () => {
      assert.equal(resolveOptions(`mongodb://h/?${name}=7`)[name], 7);
      assert.equal(resolveOptions(`mongodb://h/?${name.toUpperCase()}=7`)[name], 7);
      assert.equal(resolveWith({ [name]: 7 })[name], 7);
      assert.equal(resolveWith({ [name]: '7' })[name], 7);
      assert.equal(resolveWith({ [name]: 8 }, `mongodb://h/?${name}=7`)[name], 8);
    });

    it(`${name} is left out of a connection string with a warning when it is wrong`, () => {
      for (const wrong of ['-1', 'abc', '1.5', '1e3', '0x1', '']) {
        const options = resolveOptions(`mongodb://h/?${name}=${wrong}`);
        assert.equal(options[name], byDefault);
        assert.equal(options.warnings.length, 1);
        assert.match(options.warnings[0]!, new RegExp(`Option ${name} of the connection string is ignored`));
      }
    });

    it(`${name} of a program is refused when it is wrong, with what was given and what is allowed`, () => {
      for (const wrong of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 'abc', true, {}]) {
        assert.throws(() => resolveWith({ [name]: wrong }), {
          name: 'MongoParseError',
          message: /^Option \w+ cannot be .+; allowed is an integer of at least 0/,
        });
      }
    });
  }

  it('timeoutMS=-1 is a warning in a connection string and an error of a program (settled)', () => {
    const options = resolveOptions('mongodb://h/?timeoutMS=-1');

    assert.equal(options.timeoutMS, undefined);
    assert.equal(options.warnings.length, 1);
    assert.throws(() => resolveOptions('mongodb://h', { timeoutMS: -1 }), {
      message: 'Option timeoutMS cannot be -1; allowed is an integer of at least 0',
    });
  });

  for (const [name, tooLow, lowest, byDefault, error] of [
    ['maxConnecting', 0, 1, 2, 'MongoInvalidArgumentError'],
  ] as const) {
    it(`${name} is at least ${lowest}`, () => {
      assert.equal(resolveWith({ [name]: lowest })[name], lowest);
      assert.throws(() => resolveWith({ [name]: tooLow }), {
        name: error,
        message: `Option ${name} cannot be ${tooLow}; allowed is an integer of at least ${lowest} (default ${byDefault})`,
      });
      const options = resolveOptions(`mongodb://h/?${name}=${tooLow}`);
      assert.equal(options[name], byDefault);
      assert.equal(options.warnings.length, 1);
    });
  }
});

describe('boolean options', () => {
  for (const [name, byDefault] of flags) {
    it(`${name} is ${String(byDefault)} by default and takes true and false`, () => {
      assert.equal(resolveOptions('mongodb://h')[name], byDefault);
      for (const value of [true, false]) {
        assert.equal(resolveOptions(`mongodb://h/?${name}=${value}`)[name], value);
        assert.equal(resolveWith({ [name]: value })[name], value);
        assert.equal(resolveWith({ [name]: String(value) })[name], value);
      }
    });

    it(`${name} takes nothing else`, () => {
      for (const wrong of ['1', 'yes', 'TRUE', 't', '0']) {
        const options = resolveOptions(`mongodb://h/?${name}=${wrong}`);
        assert.equal(options[name], byDefault);
        assert.equal(options.warnings.length, 1);
      }
      assert.throws(() => resolveWith({ [name]: 1 }), {
        name: 'MongoParseError',
        message: new RegExp(`Option ${name} cannot be 1; allowed is true or false`),
      });
    });
  }
});

describe('the table', () => {
  it('every default is a value that the parser of its option accepts', () => {
    for (const name of OPTION_NAMES) {
      const { default: byDefault, parser } = optionNamed(name);
      if (byDefault !== undefined)
        assert.deepEqual(
          parser.parse(byDefault, () => assert.fail(name)),
          byDefault,
          name,
        );
    }
  });

  for (const name of OPTION_NAMES) {
    it(`${name} changes the field of the resolved options that its row names, and no other`, () => {
      const { into = name } = optionNamed(name);
      const changed = fieldsChangedBy(name);

      assert.deepEqual(changed, into === 'nothing' ? [] : [into.split('.')[0]]);
    });
  }

  it('the value of an option stands in the group and the field that its row names', () => {
    const tls = { tlsCAFile: '/ca.pem', servername: 's', tls: true };
    const { log, ...options } = resolveOptions('mongodb://h', { ...tls, noDelay: false, family: 6, raw: true });

    assert.equal(options.tls.caFile, '/ca.pem');
    assert.equal(options.tls.connection.servername, 's');
    assert.equal(options.socket.noDelay, false);
    assert.equal(options.socket.connection.family, 6);
    assert.equal(options.bsonOptions.raw, true);
    assert.deepEqual(log, { componentSeverities: undefined, path: undefined, maxDocumentLength: undefined });
  });
});

/** Options without which the sample of another option is refused or has no effect. */
const CONTEXTS: Partial<Record<OptionName, MongoClientOptions>> = {
  authSource: { auth: OPTION_SAMPLES.auth },
  authMechanism: { auth: OPTION_SAMPLES.auth },
  authMechanismProperties: { auth: OPTION_SAMPLES.auth, authMechanism: 'GSSAPI' },
  readPreferenceTags: { readPreference: 'nearest' },
  maxStalenessSeconds: { readPreference: 'nearest' },
  proxyPort: { proxyHost: 'p' },
  proxyUsername: { proxyHost: 'p', proxyPassword: 'p', proxyUsername: 'another' },
  proxyPassword: { proxyHost: 'p', proxyUsername: 'p', proxyPassword: 'another' },
};

/** The fields of the resolved options that change when the sample of an option is given; `specified` always does. */
function fieldsChangedBy(name: OptionName): string[] {
  const scheme = name.startsWith('srv') ? 'mongodb+srv' : 'mongodb';
  const uri = `${scheme}://h.example.com/`;
  const context = CONTEXTS[name];
  const before = resolveOptions(uri, context);
  const after =
    optionNamed(name).where === 'uri'
      ? resolveOptions(`${uri}?${name}=${String(OPTION_SAMPLES[name])}`, context)
      : resolveWith({ ...context, [name]: OPTION_SAMPLES[name] }, uri);
  assert.ok(after.specified.includes(name));
  const fields = Object.keys(after) as (keyof ResolvedOptions)[];
  return fields.filter(field => field !== 'specified' && !isDeepStrictEqual(after[field], before[field]));
}
