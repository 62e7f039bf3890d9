import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '../../../src/bson/index.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { attempt } from '../../support/pool_harness.js';
import { quiet } from '../../support/scripted_server.js';
import { member, primaryMember, TopologyHarness } from '../../support/topology_harness.js';

const ALONE = { hosts: ['a:27017'] };

/** A replica set of one primary that was just checked; what it answers from now on, connections of its pool hear first. */
async function primaryOnly() {
  const harness = new TopologyHarness({ hosts: ['a:27017'], replicaSet: 'rs' });
  harness.hellos.set('a:27017', primaryMember('a:27017', ALONE));
  harness.topology.open();
  await quiet();
  harness.events.clear();
  const server = harness.topology.servers.get('a:27017')!;
  /** Opens a connection of the pool. */
  const connect = async () => {
    const checkedOut = server.pool.checkOut(attempt(harness.deadline()));
    await quiet();
    return checkedOut;
  };
  const hears = (hello: Document | null) => void harness.hellos.set('a:27017', hello);
  const { topology, clock, peersOf, request, deadline, story } = harness;
  return { topology, clock, peersOf, request, deadline, story, harness, server, connect, hears };
}

describe('Topology, when a connection of a pool shakes hands', () => {
  it('learns from it what the server is now', async () => {
    const { topology, harness, connect, hears, story } = await primaryOnly();
    hears(member('a:27017', ALONE));

    await connect();

    assert.deepEqual(story(), ['serverDescriptionChanged a', 'topologyDescriptionChanged']);
    assert.deepEqual(harness.types(), ['ReplicaSetNoPrimary', 'a RSSecondary']);
    topology.close();
  });

  it('wakes operations that wait for the new state of the server', async () => {
    const { topology, server, connect, hears, request, deadline } = await primaryOnly();
    const notPrimary = new MongoServerError({ ok: 0, code: 10107, errmsg: 'not primary' }, {});
    topology.onError(notPrimary, server, { connectionGeneration: 0, phase: 'afterHandshake' });
    const waiting = topology.select(request({}, deadline()));
    hears(primaryMember('a:27017', ALONE));

    await connect();

    assert.equal((await waiting).address, 'a:27017');
    topology.close();
  });

  it('publishes nothing and keeps the description when it hears nothing new', async () => {
    const { topology, connect, story } = await primaryOnly();
    const before = topology.description;

    await connect();

    assert.deepEqual(story(), []);
    assert.equal(topology.description, before);
    topology.close();
  });

  it('leaves round trip times to the monitor', async () => {
    const { topology, connect, hears, clock } = await primaryOnly();
    const before = topology.description.servers.get('a:27017')!;
    hears(primaryMember('a:27017', { ...ALONE, tags: { dc: 'east' } }));
    await clock.advance(7);

    await connect();

    const { tags, roundTripTime, minRoundTripTime, lastUpdateTime } = topology.description.servers.get('a:27017')!;
    assert.deepEqual(tags, { dc: 'east' });
    assert.equal(roundTripTime, before.roundTripTime);
    assert.equal(minRoundTripTime, before.minRoundTripTime);
    assert.equal(lastUpdateTime, before.lastUpdateTime + 7);
    topology.close();
  });

  it('does not believe a connection from before the pool was cleared', async () => {
    const { topology, harness, server, hears, peersOf } = await primaryOnly();
    hears(null);
    const checkedOut = assert.rejects(server.pool.checkOut(attempt(harness.deadline())));
    await quiet();
    const pending = await peersOf('a:27017').at(-1)!.nextCommand();
    topology.onError(new MongoNetworkError('read ECONNRESET'), server, {
      connectionGeneration: 0,
      phase: 'afterHandshake',
    });

    pending.reply(primaryMember('a:27017', ALONE));
    await quiet();

    assert.deepEqual(harness.types(), ['ReplicaSetNoPrimary', 'a Unknown']);
    await checkedOut;
    topology.close();
    await quiet();
  });

  it('removes a server that says it is another, and its pool with it', async () => {
    const { topology, harness, server, hears } = await primaryOnly();
    hears(member('elsewhere:27017', { hosts: ['elsewhere:27017'] }));

    const checkedOut = assert.rejects(server.pool.checkOut(attempt(harness.deadline())), {
      name: 'MongoPoolClosedError',
    });
    await quiet();

    await checkedOut;
    assert.equal(topology.description.servers.has('a:27017'), false);
    topology.close();
    await quiet();
  });
});
