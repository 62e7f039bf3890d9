import assert from 'node:assert/strict';
import { DEFAULT_PORT } from '../../../src/description/host_address.js';
import { MongoError } from '../../../src/errors/base.js';
import { resolveOptions } from '../../../src/uri/resolve.js';
import type { ResolvedOptions } from '../../../src/uri/resolved_options.js';
import type { LegacySuite, TestsFile } from './suite.js';
import { type DescribedHost, describeHost, resolvedValue } from './uri_support.js';

interface UriTest {
  readonly description: string;
  readonly uri: string;
  readonly valid: boolean;
  readonly warning: boolean | null;
  readonly hosts?: readonly DescribedHost[] | null;
  readonly auth?: {
    readonly username: string | null;
    readonly password: string | null;
    readonly db: string | null;
  } | null;
  readonly options?: Readonly<Record<string, unknown>> | null;
}

/** Connection strings and the options in them. */
export const uriSuites: readonly LegacySuite[] = ['connection-string/tests', 'uri-options/tests'].map(folder => ({
  folder,
  cases: ({ content }) =>
    (content as TestsFile<UriTest>).tests.map(test => ({ description: test.description, run: () => run(test) })),
}));

function run(test: UriTest): void {
  if (!test.valid) {
    assert.throws(() => resolveOptions(test.uri), MongoError);
    return;
  }
  const options = resolveOptions(test.uri);

  if (test.warning !== null) assert.equal(options.warnings.length > 0, test.warning, options.warnings.join('\n'));
  if (test.hosts) assertHosts(options, test.hosts);
  if (test.auth) assertAuth(options, test.auth);
  for (const [name, expected] of Object.entries(test.options ?? {})) assertOption(options, name, expected);
}

function assertHosts(options: ResolvedOptions, expected: readonly DescribedHost[]): void {
  const withPort = expected.map(host => ({
    ...host,
    host: host.type === 'unix' ? host.host : host.host.toLowerCase(),
    port: host.type === 'unix' ? null : (host.port ?? DEFAULT_PORT),
  }));
  assert.deepEqual(options.hosts.map(describeHost), withPort);
}

function assertAuth(
  { credentials, dbName }: ResolvedOptions,
  { username, password, db }: NonNullable<UriTest['auth']>,
): void {
  assert.equal(credentials?.username ?? null, username);
  assert.equal(credentials?.password ?? null, password);
  if (db !== null) assert.equal(dbName, db);
}

function assertOption(options: ResolvedOptions, name: string, expected: unknown): void {
  const actual = resolvedValue(options, name);
  // Options without a place of their own may hold more than the file names, such as a default.
  if (name.toLowerCase() === 'authmechanismproperties') {
    for (const [property, value] of Object.entries(expected as object)) {
      assert.equal((actual as Record<string, unknown>)[property], value, property);
    }
  } else assert.deepEqual(actual, expected, name);
}
