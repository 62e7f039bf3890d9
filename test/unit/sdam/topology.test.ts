import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { diffTopology } from '../../../src/sdam/diff.js';
import { attempt } from '../../support/pool_harness.js';
import { quiet, STANDALONE } from '../../support/scripted_server.js';
import { member, primaryMember, TopologyHarness } from '../../support/topology_harness.js';

/** Seed a of a replica set of three, all of which are up. */
async function replicaSet() {
  const harness = new TopologyHarness({ hosts: ['a:27017'] });
  harness.hellos.set('a:27017', primaryMember('a:27017'));
  harness.hellos.set('b:27017', member('b:27017'));
  harness.hellos.set('c:27017', member('c:27017'));
  harness.topology.open();
  await quiet();
  return harness;
}

describe('Topology.open', () => {
  it('tells of itself, of what it was told, and of each seed, before it checks any', async () => {
    const { topology, story, events } = new TopologyHarness({ hosts: ['a:27017', 'b:27017'] });

    topology.open();

    assert.deepEqual(story(), [
      'topologyOpening',
      'topologyDescriptionChanged',
      'serverOpening a',
      'serverOpening b',
      'serverHeartbeatStarted a',
      'serverHeartbeatStarted b',
    ]);
    const { previousDescription, newDescription } = events.last('topologyDescriptionChanged');
    assert.deepEqual([previousDescription.type, previousDescription.servers.size], ['Unknown', 0]);
    assert.deepEqual([...newDescription.servers.keys()], ['a:27017', 'b:27017']);
    topology.close();
    await quiet();
  });

  it('happens once', async () => {
    const { topology, events } = new TopologyHarness({ hosts: ['a:27017'] });

    topology.open();
    topology.open();

    assert.equal(events.count('topologyOpening'), 1);
    topology.close();
    topology.open();
    assert.equal(events.count('topologyOpening'), 1);
    await quiet();
  });

  it('gives all events of a topology one id', async () => {
    const { topology, events } = new TopologyHarness({ hosts: ['a:27017'] });

    topology.open();
    topology.close();

    const withId = events.events.filter(event => 'topologyId' in event);
    assert.ok(withId.length >= 6);
    assert.equal(new Set(withId.map(event => event.topologyId)).size, 1);
    await quiet();
  });

  for (const name of ['topologyOpening', 'topologyDescriptionChanged', 'serverOpening'] as const) {
    it(`leaves nothing running when a listener of ${name} closes it`, async () => {
      const { topology, events, server, clock } = new TopologyHarness({ hosts: ['a:27017', 'b:27017'] });
      events.emitter.once(name, () => topology.close());

      topology.open();
      await quiet();

      assert.equal(events.names().at(-1), 'topologyClosed');
      assert.equal(events.count('serverOpening'), events.count('serverClosed'));
      assert.equal(server.openPeers.length, 0);
      assert.equal(clock.pendingTimers, 0);
    });
  }
});

describe('Topology, discovering', () => {
  it('finds a standalone server: its pool is ready, then one change is told', async () => {
    const { hellos, topology, story } = new TopologyHarness({ hosts: ['a:27017'] });
    hellos.set('a:27017', STANDALONE);

    topology.open();
    await quiet();

    assert.deepEqual(story().slice(3), [
      'serverHeartbeatStarted a',
      'serverHeartbeatSucceeded a',
      'connectionPoolReady a',
      'serverDescriptionChanged a',
      'topologyDescriptionChanged',
    ]);
    assert.equal(topology.description.type, 'Single');
    topology.close();
  });

  it('finds the members of a replica set with one change for each server', async () => {
    const harness = await replicaSet();

    assert.deepEqual(harness.types(), ['ReplicaSetWithPrimary', 'a RSPrimary', 'b RSSecondary', 'c RSSecondary']);
    assert.deepEqual(harness.story().slice(4, 12), [
      'serverHeartbeatSucceeded a',
      'connectionPoolReady a',
      'serverDescriptionChanged a',
      'serverOpening b',
      'serverOpening c',
      'topologyDescriptionChanged',
      'serverHeartbeatStarted b',
      'serverHeartbeatStarted c',
    ]);
    assert.equal(harness.events.count('topologyDescriptionChanged'), 1 + 3);
    harness.topology.close();
  });

  for (const name of ['serverDescriptionChanged', 'topologyDescriptionChanged'] as const) {
    it(`has a pool that lends when a listener of ${name} learns of the primary, at start and after recovery`, async () => {
      const harness = new TopologyHarness({ hosts: ['a:27017'] });
      const { topology, hellos, events, clock } = harness;
      hellos.set('a:27017', primaryMember('a:27017', { hosts: ['a:27017'] }));
      const lent: Promise<number>[] = [];
      events.emitter.on(name, () => {
        const server = topology.trySelect(harness.request());
        if (server !== null) lent.push(server.pool.checkOut(attempt(harness.deadline())).then(({ id }) => id));
      });

      topology.open();
      await quiet();
      const server = topology.servers.get('a:27017')!;
      const error = new MongoNetworkError('read ECONNRESET');
      topology.onError(error, server, { connectionGeneration: server.pool.generation, phase: 'afterHandshake' });
      await clock.advance(10_000);
      await quiet();

      assert.deepEqual(await Promise.all(lent), [1, 2]);
      assert.equal(events.count('connectionCheckOutFailed'), 0);
      topology.close();
      await quiet();
    });
  }

  it('tells of nothing but its end after a listener of connectionPoolReady has closed it', async () => {
    const { hellos, topology, events, clock } = new TopologyHarness({ hosts: ['a:27017'] });
    hellos.set('a:27017', STANDALONE);
    events.emitter.once('connectionPoolReady', () => topology.close());

    topology.open();
    await quiet();

    assert.equal(events.names().at(-1), 'topologyClosed');
    assert.equal(events.count('serverDescriptionChanged'), 0);
    assert.equal(clock.pendingTimers, 0);
  });

  it('publishes an unbroken chain of descriptions', async () => {
    const harness = await replicaSet();
    harness.hellos.set('a:27017', member('a:27017'));
    await harness.clock.advance(10_000);
    await quiet();
    harness.topology.close();

    const changes = harness.events.of('topologyDescriptionChanged');
    for (const [index, { previousDescription }] of changes.slice(1).entries()) {
      // Round trip times and the like change without an event.
      assert.ok(!diffTopology(changes[index]!.newDescription, previousDescription).differs);
    }
  });

  it('publishes no change when a check brings no news', async () => {
    const harness = await replicaSet();
    const before = harness.events.count('topologyDescriptionChanged');

    await harness.clock.advance(10_000);
    await quiet();

    assert.equal(harness.events.count('serverHeartbeatSucceeded'), 6);
    assert.equal(harness.events.count('topologyDescriptionChanged'), before);
    harness.topology.close();
  });

  it('closes a member that the primary no longer names: monitor, pool, event, then the change', async () => {
    const harness = await replicaSet();
    const hosts = ['a:27017', 'b:27017'];
    harness.hellos.set('a:27017', primaryMember('a:27017', { hosts, setVersion: 2 }));
    harness.hellos.set('b:27017', member('b:27017', { hosts, setVersion: 2 }));
    harness.hellos.set('c:27017', null);
    await harness.clock.advance(5000);
    harness.topology.servers.get('c:27017')?.monitor?.requestCheck();
    await harness.clock.advance(0);
    harness.events.clear();

    await harness.clock.advance(5000);
    await quiet();

    const story = harness.story();
    const from = story.indexOf('serverDescriptionChanged a');
    assert.deepEqual(story.slice(from, from + 5), [
      'serverDescriptionChanged a',
      'serverHeartbeatFailed c',
      'connectionPoolClosed c',
      'serverClosed c',
      'topologyDescriptionChanged',
    ]);
    assert.equal(harness.events.last('serverHeartbeatFailed').cancelled, true);
    assert.equal(harness.peersOf('c:27017').length, 0);
    assert.equal(harness.topology.servers.size, 2);
    harness.topology.close();
  });

  it('asks an old primary at once when a new one is found, and does not clear its pool', async () => {
    const harness = await replicaSet();
    await harness.clock.advance(5000);
    harness.events.clear();
    // b is asked for the first time since its election; a is not due for another five seconds.
    harness.hellos.set('a:27017', member('a:27017', { setVersion: 2 }));
    harness.hellos.set('b:27017', primaryMember('b:27017', { setVersion: 2 }));
    harness.topology.servers.get('b:27017')?.monitor?.requestCheck();
    await harness.clock.advance(0);
    await quiet();

    await harness.clock.advance(0);
    await quiet();

    assert.deepEqual(harness.types(), ['ReplicaSetWithPrimary', 'a RSSecondary', 'b RSPrimary', 'c RSSecondary']);
    assert.equal(harness.events.count('connectionPoolCleared'), 0);
    harness.topology.close();
  });

  it('ignores the check of a server that is no longer in the deployment', async () => {
    const harness = await replicaSet();
    const description = harness.topology.description.servers.get('c:27017')!;
    harness.topology.close();
    const count = harness.events.events.length;

    harness.topology.onServerDescription(description);

    assert.equal(harness.events.events.length, count);
  });

  it('starts nothing when a listener closes it as a new member is found', async () => {
    for (const name of ['serverDescriptionChanged', 'serverOpening', 'topologyDescriptionChanged'] as const) {
      const harness = new TopologyHarness({ hosts: ['a:27017'] });
      harness.hellos.set('a:27017', primaryMember('a:27017'));
      harness.hellos.set('b:27017', null);
      harness.hellos.set('c:27017', null);
      harness.topology.open();
      harness.events.emitter.once(name, () => harness.topology.close());

      await quiet();

      assert.equal(harness.events.names().at(-1), 'topologyClosed', name);
      assert.equal(harness.server.openPeers.length, 0, name);
      assert.equal(harness.clock.pendingTimers, 0, name);
    }
  });
});

describe('Topology.close', () => {
  it('ends checks, pools and servers, then says once that nothing is known, and is last', async () => {
    const harness = await replicaSet();
    for (const address of harness.hellos.keys()) harness.hellos.set(address, null);
    await harness.clock.advance(10_000);
    harness.events.clear();

    harness.topology.close();
    harness.topology.close();
    await quiet();

    const each = (name: string) => [
      `serverHeartbeatFailed ${name}`,
      `connectionPoolClosed ${name}`,
      `serverClosed ${name}`,
    ];
    assert.deepEqual(harness.story(), [
      ...each('a'),
      ...each('b'),
      ...each('c'),
      'topologyDescriptionChanged',
      'topologyClosed',
    ]);
    assert.ok(harness.events.of('serverHeartbeatFailed').every(({ cancelled }) => cancelled));
    const { newDescription } = harness.events.last('topologyDescriptionChanged');
    assert.deepEqual([newDescription.type, newDescription.servers.size], ['Unknown', 0]);
    assert.equal(harness.server.openPeers.length, 0);
    assert.equal(harness.clock.pendingTimers, 0);
  });

  it('interrupts what is in use', async () => {
    const harness = await replicaSet();
    const pool = harness.topology.servers.get('a:27017')!.pool;
    const connection = await pool.checkOut(attempt(harness.deadline()));

    harness.topology.close();

    assert.equal(connection.error?.name, 'MongoClientClosedError');
    pool.checkIn(connection);
    assert.equal(harness.events.last('connectionClosed').reason, 'poolClosed');
    await quiet();
    assert.equal(harness.server.openPeers.length, 0);
  });

  it('rejects those who wait for a server, and those who come later', async () => {
    const { topology, request, deadline, clock } = new TopologyHarness({ hosts: ['a:27017'] });
    topology.open();
    const waiting = assert.rejects(topology.select(request({}, deadline(1000))), { name: 'MongoTopologyClosedError' });

    topology.close();

    await waiting;
    assert.equal(topology.trySelect(request()), null);
    await assert.rejects(topology.select(request({}, deadline())), { name: 'MongoTopologyClosedError' });
    assert.equal(clock.pendingTimers, 0);
  });

  it('publishes nothing when it was never opened', () => {
    const { topology, events } = new TopologyHarness({ hosts: ['a:27017'] });

    topology.close();

    assert.deepEqual(events.names(), []);
  });
});
