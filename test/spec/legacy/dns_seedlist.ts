import assert from 'node:assert/strict';
import { Call } from '../../../src/call/call.js';
import { Deadline } from '../../../src/call/deadline.js';
import { SrvDiscovery } from '../../../src/client/srv_discovery.js';
import { MongoError } from '../../../src/errors/base.js';
import { EventPublisher } from '../../../src/events/publisher.js';
import { systemClock } from '../../../src/runtime/clock.js';
import { systemRandom } from '../../../src/runtime/random.js';
import { resolveOptions } from '../../../src/uri/resolve.js';
import type { ResolvedOptions } from '../../../src/uri/resolved_options.js';
import { testZone } from './dns_zone.js';
import type { LegacySuite } from './suite.js';
import { resolvedValue } from './uri_support.js';

interface Content {
  readonly uri: string;
  readonly seeds?: readonly string[];
  readonly numSeeds?: number;
  readonly error?: boolean;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly parsed_options?: Readonly<Record<string, string>>;
}

/** What DNS adds to connection strings. The hosts that servers tell of afterwards (`hosts`) are the business of SDAM's own files. */
export const seedlistSuite: LegacySuite = {
  folder: 'initial-dns-seedlist-discovery/tests',
  cases: ({ content }) => [{ description: 'resolves as the file says', run: () => run(content as Content) }],
};

async function run({ uri, seeds, numSeeds, error = false, options = {}, parsed_options = {} }: Content): Promise<void> {
  if (error) {
    await assert.rejects(resolve(uri), MongoError);
    return;
  }
  // Without credentials it does not matter against which database they would be checked.
  const asked = 'authSource' in options && !uri.includes('@') ? uri.replace('://', '://user:secret@') : uri;
  const resolved = await resolve(asked);

  const hosts = resolved.hosts.map(String).sort();
  if (seeds !== undefined) assert.deepEqual(hosts, [...seeds].sort());
  if (numSeeds !== undefined) assert.equal(hosts.length, numSeeds);
  for (const [name, value] of Object.entries(options)) assert.deepEqual(resolvedValue(resolved, name), value, name);
  for (const [name, value] of Object.entries(parsed_options)) assert.equal(parsedValue(resolved, name), value, name);
}

async function resolve(uri: string): Promise<ResolvedOptions> {
  const effects = { clock: systemClock, random: systemRandom, resolver: testZone() };
  const discovery = new SrvDiscovery(resolveOptions(uri), effects, new EventPublisher([], systemClock));
  return await discovery.resolve(Call.background('connect', Deadline.background(systemClock)));
}

function parsedValue(options: ResolvedOptions, name: string): unknown {
  const { credentials, dbName } = options;
  switch (name) {
    case 'user':
      return credentials?.username;
    case 'password':
      return credentials?.password;
    case 'db':
    case 'defaultDatabase':
      return dbName;
    case 'auth_database':
      return credentials?.source ?? dbName;
    default:
      throw new Error(`The test does not know where ${name} is found`);
  }
}
