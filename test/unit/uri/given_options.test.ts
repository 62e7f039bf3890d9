import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoError } from '../../../src/errors/base.js';
import { resolveOptions } from '../../../src/uri/resolve.js';

/** A program's options by any name, as JavaScript allows it. */
function resolveWith(options: Record<string, unknown>, uri = 'mongodb://h') {
  return resolveOptions(uri, options);
}

describe('unknown options of a program', () => {
  for (const [options, message] of [
    [{ foo: 1 }, 'option foo is not supported'],
    [{ foo: 1, bar: 2 }, 'options foo, bar are not supported'],
    [{ maxPolSize: 1 }, 'option maxPolSize is not supported; did you mean maxPoolSize?'],
    [{ MaxPolSize: 1 }, 'option MaxPolSize is not supported; did you mean maxPoolSize?'],
    [{ tlsCAfiel: 'x' }, 'option tlsCAfiel is not supported; did you mean tlsCAFile?'],
    [
      { serverSelectionTimeout: 1 },
      'option serverSelectionTimeout is not supported; did you mean serverSelectionTimeoutMS?',
    ],
    [{ serverSelectionTryOnce: true }, 'option serverSelectionTryOnce is not supported'],
    [{ useNewUrlParser: true }, 'option useNewUrlParser is not supported'],
  ] as const) {
    it(`${Object.keys(options).join()}: ${message}`, () => {
      assert.throws(() => resolveWith(options), { name: 'MongoParseError', message });
    });
  }

  it('options that are no object are refused as the official driver refuses them', () => {
    assert.throws(() => resolveOptions('mongodb://h', 'x' as never), { name: 'MongoInvalidArgumentError' });
    assert.throws(() => resolveOptions(5 as never), { name: 'MongoInvalidArgumentError' });
    assert.equal(resolveOptions('mongodb://h', null as never).maxPoolSize, 100);
  });
});

describe('secrets', () => {
  const secret = 'hunter2';

  const misuses: readonly [string, string, Record<string, unknown>?][] = [
    ['an auth of a wrong shape', 'mongodb://h', { auth: { user: 'u', password: secret } }],
    ['an auth that is text', 'mongodb://h', { auth: secret }],
    ['a password of a key that is no text', 'mongodb://h', { tlsCertificateKeyFilePassword: [secret] }],
    ['a password of a proxy without a proxy', 'mongodb://h', { proxyPassword: secret }],
    ['a password of a proxy in a connection string', `mongodb://h/?proxyPassword=${secret}`],
    ['a password with a mechanism that has none', `mongodb://u:${secret}@h/?authMechanism=MONGODB-X509`],
    ['a session token', `mongodb://h/?authMechanism=MONGODB-AWS&authMechanismProperties=AWS_SESSION_TOKEN:${secret}`],
    [
      'a session token of a program',
      'mongodb://h',
      { authMechanism: 'MONGODB-AWS', authMechanismProperties: { AWS_SESSION_TOKEN: secret } },
    ],
    ['properties that are no object', 'mongodb://h', { authMechanismProperties: [secret] }],
    ['userinfo with an unescaped slash', `mongodb://u:1/${secret}@h`],
    ['userinfo with an unescaped question mark', `mongodb://u:1?${secret}=x@h&authSource=`],
    ['an unescaped password before a wrong option', `mongodb://u:1?authSource=${secret}@h&authMechanism=x@${secret}`],
  ];
  for (const [what, uri, options] of misuses) {
    it(`secrets are not in the message for ${what}`, () => {
      assert.throws(
        () => resolveWith(options ?? {}, uri),
        (error: unknown) => error instanceof MongoError && !error.message.includes(secret),
      );
    });
  }

  it('secrets are not in warnings', () => {
    const { warnings } = resolveOptions(
      `mongodb://u:1?x${secret}%20=1@h&maxPoolSize=${secret}@h&authMechanismProperties=${secret}&proxyHost=p&proxyPassword=&proxyUsername=`,
    );

    assert.ok(warnings.length >= 4);
    assert.doesNotMatch(warnings.join(), new RegExp(secret));
  });
});
