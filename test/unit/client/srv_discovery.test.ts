import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SrvDiscovery } from '../../../src/client/srv_discovery.js';
import { systemRandom } from '../../../src/runtime/random.js';
import { resolveOptions } from '../../../src/uri/resolve.js';
import { EventRecorder } from '../../support/event_recorder.js';
import { FakeClock } from '../../support/fake_clock.js';
import { FakeResolver } from '../../support/fake_resolver.js';

function harness() {
  const clock = new FakeClock();
  const resolver = new FakeResolver();
  const events = new EventRecorder();
  const options = resolveOptions('mongodb+srv://cluster.example.com');
  const effects = { clock, random: systemRandom, resolver };
  const discovery = new SrvDiscovery(options, effects, events.publisher(clock));
  return { resolver, events, discovery };
}

describe('SrvDiscovery, when it reads the records again', () => {
  it('leaves out hosts that may not be used, and tells of all that it found', async () => {
    const { resolver, events, discovery } = harness();
    resolver.setHosts('cluster.example.com', 'db1.example.com:27017', 'db2.evil.org:27017');

    assert.deepEqual(await discovery.hosts(), ['db1.example.com:27017']);
    const event = events.last('srvRecordDiscovery');
    assert.deepEqual([...event.hostnames()], ['db1.example.com:27017', 'db2.evil.org:27017']);
  });

  it('tells of nothing when it found nothing', async () => {
    const { resolver, events, discovery } = harness();
    resolver.setHosts('cluster.example.com', 'db2.evil.org:27017');

    assert.deepEqual(await discovery.hosts(), []);
    await assert.rejects(harness().discovery.hosts());
    assert.equal(events.names().length, 0);
  });
});
