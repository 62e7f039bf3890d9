import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { quiet } from '../../support/scripted_server.js';
import { member, TopologyHarness } from '../../support/topology_harness.js';

describe('servers that come and go', () => {
  it('are checked at most every 500 ms when all names lead to one member, which denies each of them', async () => {
    const harness = new TopologyHarness({ hosts: ['b:27017'] });
    const { topology, hellos, clock, events } = harness;
    for (const host of ['b:27017', 'c:27017']) {
      hellos.set(host, member('a:27017', { hosts: ['b:27017', 'c:27017'] }));
    }

    topology.open();
    await quiet();
    for (let passed = 0; passed < 2000; passed += 100) {
      await clock.advance(100);
      await quiet();
    }

    const of = (address: string) =>
      events.of('serverHeartbeatStarted').filter(event => event.address === address).length;
    assert.ok(of('b:27017') >= 3 && of('b:27017') <= 6, `${of('b:27017')} checks in 2 s`);
    assert.ok(of('c:27017') <= 6);
    topology.close();
    await quiet();
    assert.equal(clock.pendingTimers, 0);
  });

  it('are checked at once when they come back after a while', async () => {
    const { topology, hellos, clock, events } = new TopologyHarness({ hosts: ['a:27017', 'b:27017'] });
    hellos.set('a:27017', null);
    hellos.set('b:27017', null);
    topology.open();
    await quiet();
    topology.applySrvHosts(['a:27017']);
    await clock.advance(500);
    const started = events.count('serverHeartbeatStarted');

    topology.applySrvHosts(['a:27017', 'b:27017']);

    assert.equal(events.count('serverHeartbeatStarted'), started + 1);
    topology.close();
    await quiet();
  });
});
