import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import * as official from 'mongodb';
import {
  AuthMechanism,
  GSSAPICanonicalizationValue,
  MongoCredentials,
  type MongoCredentialsOptions,
} from '../../../src/auth/credentials.js';
import { MongoError } from '../../../src/errors/base.js';

const callback = async () => ({ accessToken: 'token' });

function validated(options: MongoCredentialsOptions): MongoCredentials {
  const credentials = new MongoCredentials(options);
  credentials.validate();
  return credentials;
}

describe('MongoCredentials', () => {
  it('has the mechanisms of the official driver', () => {
    assert.deepEqual(AuthMechanism, official.AuthMechanism);
    assert.deepEqual(GSSAPICanonicalizationValue, official.GSSAPICanonicalizationValue);
  });

  for (const [mechanism, withDatabase, withoutDatabase] of [
    ['DEFAULT', 'shop', 'admin'],
    ['SCRAM-SHA-1', 'shop', 'admin'],
    ['SCRAM-SHA-256', 'shop', 'admin'],
    ['PLAIN', 'shop', '$external'],
    ['GSSAPI', '$external', '$external'],
    ['MONGODB-X509', '$external', '$external'],
    ['MONGODB-AWS', '$external', '$external'],
    ['MONGODB-OIDC', '$external', '$external'],
  ] as const) {
    it(`looks for users of ${mechanism} in ${withDatabase}, and without a database in ${withoutDatabase}`, () => {
      assert.equal(new MongoCredentials({ mechanism, db: 'shop' }).source, withDatabase);
      assert.equal(new MongoCredentials({ mechanism }).source, withoutDatabase);
      assert.equal(new MongoCredentials({ mechanism, db: 'shop', source: 'users' }).source, 'users');
    });
  }

  it('gives GSSAPI its service name', () => {
    const named = new MongoCredentials({ mechanism: 'GSSAPI', mechanismProperties: { SERVICE_NAME: 'other' } });

    assert.deepEqual(new MongoCredentials({ mechanism: 'GSSAPI' }).mechanismProperties, { SERVICE_NAME: 'mongodb' });
    assert.deepEqual(named.mechanismProperties, { SERVICE_NAME: 'other' });
  });

  it('limits the hosts of tokens only where a person is asked for them', () => {
    const human = validated({ mechanism: 'MONGODB-OIDC', mechanismProperties: { OIDC_HUMAN_CALLBACK: callback } });
    const machine = validated({ mechanism: 'MONGODB-OIDC', mechanismProperties: { OIDC_CALLBACK: callback } });

    assert.ok(human.mechanismProperties.ALLOWED_HOSTS?.includes('*.mongodb.net'));
    assert.equal(machine.mechanismProperties.ALLOWED_HOSTS, undefined);
  });

  it('takes an empty password of MONGODB-X509 for none', () => {
    assert.equal(validated({ username: 'CN=me', password: '', mechanism: 'MONGODB-X509' }).password, undefined);
  });

  it('shows its password neither in logs nor in JSON nor in messages', () => {
    const credentials = new MongoCredentials({ username: 'me', password: 'hunter2' });

    for (const text of [
      inspect(credentials, { depth: 9, showHidden: true }),
      JSON.stringify(credentials),
      String(credentials),
    ]) {
      assert.match(text, /me/);
      assert.doesNotMatch(text, /hunter2/);
    }
    assert.equal(credentials.password, 'hunter2');
  });

  it('compares name, password, source and mechanism', () => {
    const options = { username: 'me', password: 'secret', source: 'admin' };
    const credentials = new MongoCredentials(options);

    assert.ok(credentials.equals(new MongoCredentials(options)));
    assert.ok(!credentials.equals(new MongoCredentials({ ...options, password: 'other' })));
    assert.ok(!credentials.equals(credentials.with({ source: 'users' })));
    assert.equal(credentials.with({ source: 'users' }).password, 'secret');
  });

  it('cannot be changed', () => {
    const credentials = new MongoCredentials({ mechanism: 'GSSAPI' });

    assert.ok(Object.isFrozen(credentials));
    assert.ok(Object.isFrozen(credentials.mechanismProperties));
  });
});

describe('MongoCredentials.validate', () => {
  const oidc = { mechanism: 'MONGODB-OIDC' } as const;

  const refused: readonly [string, MongoCredentialsOptions, string, RegExp][] = [
    [
      'SCRAM without a user',
      { password: 'p' },
      'MongoMissingCredentialsError',
      /Username required for mechanism 'DEFAULT'/,
    ],
    ['PLAIN without a user', { mechanism: 'PLAIN' }, 'MongoMissingCredentialsError', /Username required/],
    ['GSSAPI without a user', { mechanism: 'GSSAPI' }, 'MongoMissingCredentialsError', /Username required/],
    [
      'a password of X.509',
      { mechanism: 'MONGODB-X509', password: 'p' },
      'MongoInvalidArgumentError',
      /Password not allowed/,
    ],
    [
      'another source of X.509',
      { mechanism: 'MONGODB-X509', source: 'a' },
      'MongoAPIError',
      /Invalid source 'a'.*\$external/,
    ],
    [
      'another source of GSSAPI',
      { mechanism: 'GSSAPI', username: 'u', source: 'a' },
      'MongoAPIError',
      /Invalid source 'a' for mechanism 'GSSAPI'/,
    ],
    [
      'a user of AWS (settled by auth.md)',
      { mechanism: 'MONGODB-AWS', username: 'u' },
      'MongoAPIError',
      /username and password/,
    ],
    [
      'a password of AWS (settled by auth.md)',
      { mechanism: 'MONGODB-AWS', password: 'p' },
      'MongoAPIError',
      /username and/,
    ],
    [
      'a session token of AWS (settled by auth.md)',
      { mechanism: 'MONGODB-AWS', mechanismProperties: { AWS_SESSION_TOKEN: 'topsecret' } },
      'MongoAPIError',
      /AWS_SESSION_TOKEN cannot be provided/,
    ],
    [
      'an unknown way to make names canonical',
      { mechanism: 'GSSAPI', username: 'u', mechanismProperties: { CANONICALIZE_HOST_NAME: 'back' as never } },
      'MongoAPIError',
      /CANONICALIZE_HOST_NAME value: back; allowed are true, false, none, forward, forwardAndReverse/,
    ],
    [
      'a property that the mechanism does not have',
      { username: 'u', mechanismProperties: { SERVICE_NAME: 's' } },
      'MongoInvalidArgumentError',
      /SERVICE_NAME is not supported by DEFAULT; none is allowed/,
    ],
    ['OIDC without a source of tokens', oidc, 'MongoInvalidArgumentError', /Exactly one of ENVIRONMENT.*got 0/],
    [
      'OIDC with two sources of tokens',
      { ...oidc, mechanismProperties: { ENVIRONMENT: 'test', OIDC_CALLBACK: callback } },
      'MongoInvalidArgumentError',
      /got 2/,
    ],
    [
      'an unknown environment',
      { ...oidc, mechanismProperties: { ENVIRONMENT: 'moon' as never } },
      'MongoInvalidArgumentError',
      /Unsupported ENVIRONMENT 'moon'.*allowed are test, azure, gcp, k8s/,
    ],
    [
      'a user where the environment knows it',
      { ...oidc, username: 'u', mechanismProperties: { ENVIRONMENT: 'k8s' } },
      'MongoInvalidArgumentError',
      /username and ENVIRONMENT 'k8s' may not be used together/,
    ],
    [
      'a password of OIDC',
      { ...oidc, username: 'u', password: 'p', mechanismProperties: { OIDC_CALLBACK: callback } },
      'MongoInvalidArgumentError',
      /Password not allowed/,
    ],
    [
      'azure without a resource',
      { ...oidc, mechanismProperties: { ENVIRONMENT: 'azure' } },
      'MongoInvalidArgumentError',
      /TOKEN_RESOURCE/,
    ],
    [
      'gcp without a resource',
      { ...oidc, mechanismProperties: { ENVIRONMENT: 'gcp' } },
      'MongoInvalidArgumentError',
      /TOKEN_RESOURCE/,
    ],
    [
      'a callback that is no function',
      { ...oidc, mechanismProperties: { OIDC_CALLBACK: 'f' as never } },
      'MongoInvalidArgumentError',
      /must be functions/,
    ],
    [
      'hosts that are no list',
      { ...oidc, mechanismProperties: { OIDC_HUMAN_CALLBACK: callback, ALLOWED_HOSTS: 'h' as never } },
      'MongoInvalidArgumentError',
      /ALLOWED_HOSTS must be an array of strings/,
    ],
    [
      'a property that OIDC does not have',
      { ...oidc, mechanismProperties: { ENVIRONMENT: 'test', SERVICE_NAME: 's' } },
      'MongoInvalidArgumentError',
      /SERVICE_NAME is not supported by MONGODB-OIDC; allowed are ENVIRONMENT/,
    ],
  ];
  for (const [what, options, name, message] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => validated(options),
        (error: unknown) => {
          assert.ok(error instanceof MongoError);
          assert.equal(error.name, name);
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /topsecret/);
          return true;
        },
      );
    });
  }

  const accepted: readonly [string, MongoCredentialsOptions][] = [
    ['a user without a password', { username: 'u' }],
    ['X.509 without a user', { mechanism: 'MONGODB-X509' }],
    ['AWS without anything', { mechanism: 'MONGODB-AWS' }],
    [
      'AWS with a provider',
      { mechanism: 'MONGODB-AWS', mechanismProperties: { AWS_CREDENTIAL_PROVIDER: callback as never } },
    ],
    ['a user of azure', { ...oidc, username: 'u', mechanismProperties: { ENVIRONMENT: 'azure', TOKEN_RESOURCE: 'r' } }],
    ['a user with a callback', { ...oidc, username: 'u', mechanismProperties: { OIDC_CALLBACK: callback } }],
  ];
  for (const [what, options] of accepted) {
    it(`accepts ${what}`, () => {
      validated(options);
    });
  }
});
