import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Call } from '../../../src/call/call.js';
import { Deadline } from '../../../src/call/deadline.js';
import { SrvDiscovery } from '../../../src/client/srv_discovery.js';
import { MongoAPIError, MongoParseError } from '../../../src/errors/driver.js';
import { systemRandom } from '../../../src/runtime/random.js';
import type { MongoClientOptions } from '../../../src/uri/client_options.js';
import { resolveOptions } from '../../../src/uri/resolve.js';
import { rejection } from '../../support/cluster.js';
import { EventRecorder } from '../../support/event_recorder.js';
import { FakeClock } from '../../support/fake_clock.js';
import { FakeResolver } from '../../support/fake_resolver.js';

function harness(more: MongoClientOptions = {}) {
  const clock = new FakeClock();
  const resolver = new FakeResolver();
  const events = new EventRecorder();
  const options = resolveOptions('mongodb+srv://cluster.example.com', more);
  const effects = { clock, random: systemRandom, resolver };
  const discovery = new SrvDiscovery(options, effects, events.publisher(clock));
  return { clock, resolver, events, discovery };
}

/** The texts of the warnings of this process that are emitted meanwhile. */
async function warningsDuring(run: () => Promise<unknown>): Promise<string[]> {
  const warnings: string[] = [];
  const onWarning = ({ name, message }: Error) => {
    if (name === 'MongoSrvWarning') warnings.push(message);
  };
  // A warning is emitted one tick after it is given: those of before first.
  await new Promise(setImmediate);
  process.on('warning', onWarning);
  try {
    await run();
    await new Promise(setImmediate);
  } finally {
    process.off('warning', onWarning);
  }
  return warnings;
}

describe('SrvDiscovery, when it reads the records again', () => {
  it('leaves out hosts that may not be used, and tells of those that may', async () => {
    const { resolver, events, discovery } = harness();
    resolver.setHosts('cluster.example.com', 'DB1.example.com.:27017', 'db2.evil.org:27017');

    assert.deepEqual(await discovery.hosts(), ['db1.example.com:27017']);
    const event = events.last('srvRecordDiscovery');
    assert.deepEqual([...event.hostnames()], ['db1.example.com:27017']);
    assert.deepEqual(event.srvRecords, [{ name: 'db1.example.com', port: 27017 }]);
  });

  for (const [what, record, text] of [
    [
      'the port 0',
      { name: 'bad.example.com', port: 0 },
      /bad\.example\.com:0 of _mongodb\._tcp\.cluster\.example\.com has no valid port/,
    ],
    ['the port 65536', { name: 'bad.example.com', port: 65_536 }, /bad\.example\.com:65536 .*no valid port/],
    ['a port that is no integer', { name: 'bad.example.com', port: 1.5 }, /no valid port/],
    ['an empty name', { name: '', port: 1 }, /names no host/],
    ['the name of the root', { name: '.', port: 1 }, /names no host/],
    ['an empty label', { name: 'a..example.com', port: 1 }, /a\.\.example\.com:1 .*no valid host name/],
    ['two dots at the end', { name: 'a.example.com..', port: 1 }, /no valid host name/],
    ['a dot at the start', { name: '.example.com', port: 1 }, /no valid host name/],
    ['a space in its name', { name: 'a b.example.com', port: 1 }, /no valid host name/],
    [
      'a control character in its name',
      { name: 'a\u0007\n.example.com', port: 1 },
      /record a\\u0007\\n\.example\.com:1/,
    ],
    ['an escape in its name', { name: 'a%2eb.example.com', port: 1 }, /no valid host name/],
    ['a label that is too long', { name: `${'a'.repeat(64)}.example.com`, port: 1 }, /no valid host name/],
    ['a name that is too long', { name: `${'a.'.repeat(125)}example.com`, port: 1 }, /no valid host name/],
    [
      'a host of another domain',
      { name: 'db.evil.org', port: 1 },
      /does not share hostname with parent URI: db\.evil\.org:1/,
    ],
  ] as const) {
    it(`one record with ${what} costs no other host, and is named by a warning once`, async () => {
      const { resolver, discovery } = harness();
      const good = { name: 'db1.example.com', port: 27017 };
      resolver.srv.set('_mongodb._tcp.cluster.example.com', [[record, good]]);

      const warnings = await warningsDuring(async () => {
        assert.deepEqual(await discovery.hosts(), ['db1.example.com:27017']);
        assert.deepEqual(await discovery.hosts(), ['db1.example.com:27017']);
      });

      assert.equal(warnings.length, 1);
      assert.match(
        warnings[0]!,
        /^1 of the SRV records of _mongodb\._tcp\.cluster\.example\.com that were read again cannot be used/,
      );
      assert.match(warnings[0]!, text);
    });

    it(`one record with ${what} lets the first lookup fail, by an error that names it`, async () => {
      const { clock, resolver, discovery } = harness();
      resolver.srv.set('_mongodb._tcp.cluster.example.com', [[{ name: 'db1.example.com', port: 27017 }, record]]);

      const error = await rejection(discovery.resolve(Call.background('ping', Deadline.background(clock))));

      assert.ok(error instanceof MongoParseError || error instanceof MongoAPIError, String(error));
      assert.match(error.message, text);
    });
  }

  it('warns again when other records are wrong, and when they are wrong after they were right', async () => {
    const { resolver, discovery } = harness();
    const good = { name: 'db1.example.com', port: 27017 };
    const bad = [1, 2, 3, 4, 5].map(index => ({ name: `db${index}.evil.org`, port: 1 }));
    resolver.srv.set('_mongodb._tcp.cluster.example.com', [
      [good, bad[0]!],
      [good, ...bad],
      [...bad.toReversed(), good],
      [good],
      [good, bad[0]!],
    ]);

    const warnings = await warningsDuring(async () => {
      for (let scan = 0; scan < 5; scan++) await discovery.hosts();
    });

    assert.equal(warnings.length, 3);
    assert.match(warnings[1]!, /^5 of the .*db3\.evil\.org.*; and 2 more$/);
  });

  it('hosts that are listed twice are one host', async () => {
    const { clock, resolver, discovery } = harness();
    resolver.setHosts(
      'cluster.example.com',
      'db1.example.com:27017',
      'DB1.EXAMPLE.COM.:27017',
      'db1.example.com:27018',
    );

    assert.deepEqual(await discovery.hosts(), ['db1.example.com:27017', 'db1.example.com:27018']);
    const { hosts } = await discovery.resolve(Call.background('ping', Deadline.background(clock)));
    assert.deepEqual(hosts.map(String), ['db1.example.com:27017', 'db1.example.com:27018']);
  });

  it('a srvHostValidator that throws is reported with the host, and is not taken for a failure of DNS', async () => {
    const srvHostValidator = (host: string) => {
      if (host.startsWith('bad')) throw new Error('no such list');
      return true;
    };
    const { clock, resolver, discovery } = harness({ srvHostValidator });
    resolver.setHosts('cluster.example.com', 'bad.other.org:1', 'db1.other.org:27017');

    const warnings = await warningsDuring(async () => {
      assert.deepEqual(await discovery.hosts(), ['db1.other.org:27017']);
    });
    assert.match(warnings.join(), /srvHostValidator threw an error for bad\.other\.org: no such list/);

    const error = await rejection(discovery.resolve(Call.background('ping', Deadline.background(clock))));
    assert.ok(error instanceof MongoAPIError);
    assert.match(error.message, /^srvHostValidator threw an error for bad\.other\.org: no such list/);
    assert.equal((error.cause as Error).message, 'no such list');
  });

  it('warns once while DNS fails, and again when it fails later', async () => {
    const { resolver, discovery } = harness();
    const good = { name: 'db1.example.com', port: 27017 };
    resolver.srv.set('_mongodb._tcp.cluster.example.com', ['ENOTFOUND', 'ENOTFOUND', [good], 'ENOTFOUND']);

    const warnings = await warningsDuring(async () => {
      await rejection(discovery.hosts());
      await rejection(discovery.hosts());
      await discovery.hosts();
      await rejection(discovery.hosts());
    });

    assert.equal(warnings.length, 2);
    assert.match(warnings[0]!, /^Could not read the SRV record of .*The known hosts stay$/);
  });

  it('says nothing when it is closed while DNS is asked', async () => {
    const { resolver, discovery } = harness();
    resolver.silent = true;

    const warnings = await warningsDuring(async () => {
      const hosts = rejection(discovery.hosts());
      discovery.close();
      await hosts;
    });

    assert.deepEqual(warnings, []);
  });

  it('tells of nothing when it found nothing', async () => {
    const { resolver, events, discovery } = harness();
    resolver.setHosts('cluster.example.com', 'db2.evil.org:27017');

    assert.deepEqual(await discovery.hosts(), []);
    await assert.rejects(harness().discovery.hosts());
    assert.equal(events.names().length, 0);
  });
});
