import assert from 'node:assert/strict';
import { MongoError } from '../../../src/errors/base.js';
import { resolveOptions } from '../../../src/uri/resolve.js';
import type { LegacyCase, LegacySuite, TestsFile } from './suite.js';

interface AuthTest {
  readonly description: string;
  readonly uri: string;
  readonly valid: boolean;
  readonly credential?: {
    readonly username: string | null;
    readonly password: string | null;
    readonly source: string;
    readonly mechanism: string | null;
    readonly mechanism_properties: Readonly<Record<string, unknown>> | null;
  } | null;
}

/** Credentials in connection strings. */
export const authSuite: LegacySuite = {
  folder: 'auth/tests/legacy',
  cases: ({ content }) => (content as TestsFile<AuthTest>).tests.flatMap(casesOf),
};

function casesOf(test: AuthTest): LegacyCase[] {
  const { description, uri } = test;
  const itself = { description, run: () => run(test) };
  if (!test.valid || !hasAwsCredentials(test)) return [itself];
  // The files hold this case and its opposite; both cannot pass. The other half of the pair runs.
  const skip =
    'settled: auth.md makes credentials of MONGODB-AWS in a connection string an error; this case still allows them';
  const opposite = () => assert.throws(() => resolveOptions(uri), MongoError);
  return [
    { ...itself, skip },
    { description: `${description} (settled: an error)`, run: opposite },
  ];
}

function hasAwsCredentials({ credential }: AuthTest): boolean {
  if (credential?.mechanism !== 'MONGODB-AWS') return false;
  const { username, password, mechanism_properties: properties } = credential;
  return username !== null || password !== null || properties?.['AWS_SESSION_TOKEN'] !== undefined;
}

function run(test: AuthTest): void {
  if (!test.valid) {
    assert.throws(() => resolveOptions(test.uri), MongoError);
    return;
  }
  const { credentials } = resolveOptions(test.uri);

  if (test.credential === null) assert.equal(credentials, undefined);
  else if (test.credential !== undefined) {
    const { username, password, source, mechanism, mechanism_properties: properties } = test.credential;
    assert.ok(credentials);
    assert.equal(credentials.username, username ?? '');
    assert.equal(credentials.password, password ?? undefined);
    assert.equal(credentials.source, source);
    assert.equal(credentials.mechanism, mechanism ?? 'DEFAULT');
    assert.deepEqual({ ...credentials.mechanismProperties }, properties ?? {});
  }
}
