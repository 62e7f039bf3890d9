import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoNetworkError, MongoNetworkTimeoutError } from '../../../src/errors/network.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { attempt } from '../../support/pool_harness.js';
import { quiet } from '../../support/scripted_server.js';
import { member, primaryMember, TopologyHarness } from '../../support/topology_harness.js';

/** A replica set of one primary whose monitor waits for its next check, half a heartbeat from now. */
async function primaryOnly(fields = {}) {
  const harness = new TopologyHarness({ hosts: ['a:27017'], replicaSet: 'rs' });
  harness.hellos.set('a:27017', primaryMember('a:27017', { hosts: ['a:27017'], ...fields }));
  harness.topology.open();
  await quiet();
  await harness.clock.advance(5000);
  harness.events.clear();
  const server = harness.topology.servers.get('a:27017')!;
  const fail = (error: Error, connectionGeneration = server.pool.generation) =>
    harness.topology.onError(error, server, { connectionGeneration, phase: 'afterHandshake' });
  const { clock, events, hellos, story } = harness;
  return { harness, server, fail, clock, events, hellos, story };
}

const notPrimary = (fields = {}) => new MongoServerError({ ok: 0, code: 10107, errmsg: 'not primary', ...fields }, {});

describe('Topology, when an operation fails', () => {
  it('marks the server Unknown, then clears its pool, after a network error', async () => {
    const { harness, story, fail, events } = await primaryOnly();
    const error = new MongoNetworkError('read ECONNRESET', { host: 'a:27017', phase: 'read' });

    fail(error);

    assert.deepEqual(story(), ['serverDescriptionChanged a', 'topologyDescriptionChanged', 'connectionPoolCleared a']);
    assert.deepEqual(harness.types(), ['ReplicaSetNoPrimary', 'a Unknown']);
    assert.equal(harness.topology.description.servers.get('a:27017')?.error, error);
    assert.equal(events.last('connectionPoolCleared').error, error);
    assert.equal(events.last('connectionPoolCleared').interruptInUseConnections, false);
    harness.topology.close();
  });

  it('cancels the check that runs after a network error, since it would wait in vain', async () => {
    const { harness, clock, story, fail, hellos } = await primaryOnly();
    hellos.set('a:27017', null);
    await clock.advance(5000);
    await quiet();
    harness.events.clear();

    fail(new MongoNetworkError('read ECONNRESET'));

    assert.deepEqual(story(), [
      'serverDescriptionChanged a',
      'topologyDescriptionChanged',
      'connectionPoolCleared a',
      'serverHeartbeatFailed a',
    ]);
    harness.topology.close();
    await quiet();
  });

  it('says nothing of the server when an operation timed out', async () => {
    const { harness, story, fail } = await primaryOnly();

    fail(new MongoNetworkTimeoutError('no reply'));

    assert.deepEqual(story(), []);
    harness.topology.close();
  });

  it('marks the server Unknown and asks it at once when it is no longer primary; its connections are good', async () => {
    const { harness, clock, story, fail, hellos } = await primaryOnly();
    hellos.set('a:27017', member('a:27017', { hosts: ['a:27017'] }));

    fail(notPrimary());
    await clock.advance(0);
    await quiet();

    assert.deepEqual(story(), [
      'serverDescriptionChanged a',
      'topologyDescriptionChanged',
      'serverHeartbeatStarted a',
      'serverHeartbeatSucceeded a',
      'serverDescriptionChanged a',
      'topologyDescriptionChanged',
    ]);
    assert.deepEqual(harness.types(), ['ReplicaSetNoPrimary', 'a RSSecondary']);
    harness.topology.close();
  });

  it('clears the pool as well when the server shuts down', async () => {
    const { harness, story, fail } = await primaryOnly();

    fail(notPrimary({ code: 91, errmsg: 'shutting down' }));

    assert.deepEqual(story(), ['serverDescriptionChanged a', 'topologyDescriptionChanged', 'connectionPoolCleared a']);
    harness.topology.close();
  });

  it('ignores what a connection of an older generation met', async () => {
    const { harness, story, fail, server } = await primaryOnly();
    server.pool.clear(undefined);
    server.pool.ready();
    harness.events.clear();

    fail(new MongoNetworkError('read ECONNRESET'), 0);

    assert.deepEqual(story(), []);
    harness.topology.close();
  });

  it('ignores what a server met that has been removed, and has come back since', async () => {
    const harness = new TopologyHarness({ hosts: ['a:27017'] });
    const { topology, hellos, clock, story } = harness;
    const [two, one] = [['a:27017', 'b:27017'], ['a:27017']];
    hellos.set('a:27017', primaryMember('a:27017', { hosts: two }));
    hellos.set('b:27017', member('b:27017', { hosts: two }));
    topology.open();
    await quiet();
    const removed = topology.servers.get('b:27017')!;
    for (const [hosts, setVersion] of [[one, 2] as const, [two, 3] as const]) {
      hellos.set('a:27017', primaryMember('a:27017', { hosts, setVersion }));
      await clock.advance(10_000);
      await quiet();
    }
    assert.notEqual(topology.servers.get('b:27017'), removed);
    harness.events.clear();

    topology.onError(new MongoNetworkError('reset'), removed, { connectionGeneration: 0, phase: 'afterHandshake' });

    assert.deepEqual(story(), []);
    topology.close();
    await quiet();
  });

  it('lets the pool work again after the next check that succeeds', async () => {
    const { harness, clock, fail, server } = await primaryOnly();
    fail(new MongoNetworkError('read ECONNRESET'));
    assert.equal(server.pool.state, 'paused');

    await clock.advance(10_000);
    await quiet();

    assert.equal(server.pool.state, 'ready');
    assert.deepEqual(harness.types(), ['ReplicaSetWithPrimary', 'a RSPrimary']);
    harness.topology.close();
  });
});

describe('Topology, when a connection cannot be established', () => {
  it('marks the server Unknown and clears the pool after a refusal, before the connection is told closed', async () => {
    const { harness, server, events, hellos } = await primaryOnly();
    hellos.set('a:27017', { ok: 0, code: 18, errmsg: 'authentication failed' });

    await assert.rejects(server.pool.checkOut(attempt(harness.deadline())), { code: 18 });

    assert.deepEqual(events.names(), [
      'connectionCheckOutStarted',
      'connectionCreated',
      'serverDescriptionChanged',
      'topologyDescriptionChanged',
      'connectionPoolCleared',
      'connectionClosed',
      'connectionCheckOutFailed',
    ]);
    harness.topology.close();
  });

  it('keeps the server and the pool when the server is overloaded', async () => {
    const { harness, server, story, hellos } = await primaryOnly();
    hellos.delete('a:27017');

    await assert.rejects(server.pool.checkOut(attempt(harness.deadline())), { name: 'MongoNetworkError' });

    assert.deepEqual(story(), []);
    assert.equal(server.pool.state, 'ready');
    harness.topology.close();
  });
});

describe('Topology, when a check fails', () => {
  it('marks the server Unknown, clears the pool, and asks again at once', async () => {
    const { harness, clock, story, hellos } = await primaryOnly();
    hellos.delete('a:27017');
    for (const peer of harness.peersOf('a:27017')) peer.reset();
    await quiet();

    await clock.advance(5000);
    await quiet();

    const failed = ['serverHeartbeatStarted a', 'serverHeartbeatFailed a'];
    assert.deepEqual(story(), [
      ...failed,
      'serverDescriptionChanged a',
      'topologyDescriptionChanged',
      'connectionPoolCleared a',
      ...failed,
    ]);
    harness.topology.close();
  });

  it('interrupts what is in use when the check timed out', async () => {
    const { harness, clock, events, hellos, server } = await primaryOnly();
    const connection = await server.pool.checkOut(attempt(harness.deadline()));
    hellos.set('a:27017', null);
    await clock.advance(5000);
    await quiet();

    await clock.advance(30_000);

    assert.equal(events.last('connectionPoolCleared').interruptInUseConnections, true);
    assert.equal(connection.error?.name, 'MongoPoolClearedError');
    server.pool.checkIn(connection);
    assert.equal(events.last('connectionClosed').reason, 'stale');
    harness.topology.close();
    await quiet();
  });

  it('says what the server said', async () => {
    const { harness, clock, hellos } = await primaryOnly();
    hellos.set('a:27017', { ok: 0, code: 11600, errmsg: 'shutting down' });

    await clock.advance(5000);
    await quiet();

    assert.equal(harness.topology.description.servers.get('a:27017')?.error?.code, 11600);
    harness.topology.close();
  });
});
