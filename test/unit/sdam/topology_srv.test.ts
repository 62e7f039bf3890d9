import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '../../../src/bson/index.js';
import { parseHello } from '../../../src/description/hello.js';
import type { TopologyOptions } from '../../../src/sdam/topology.js';
import { quiet, STANDALONE } from '../../support/scripted_server.js';
import { member, TopologyHarness } from '../../support/topology_harness.js';

const TIMES = { roundTripTime: 1, minRoundTripTime: 1, lastUpdateTime: 0 };
const MONGOS: Document = { ...STANDALONE, msg: 'isdbgrid' };

/** A deployment with the hosts a and b of an SRV record. */
async function opened(hello: Document | null, options: Partial<TopologyOptions> = {}) {
  const harness = new TopologyHarness({ hosts: ['a:27017', 'b:27017'], ...options });
  for (const name of ['a', 'b', 'c', 'd']) harness.hellos.set(`${name}:27017`, hello);
  harness.topology.open();
  await quiet();
  return harness;
}

describe('Topology.applySrvHosts', () => {
  it('opens what is listed and was not known, and closes what is listed no more', async () => {
    const { topology, story, types, events, peersOf } = await opened(MONGOS);
    const { length } = story();
    const before = topology.description;

    topology.applySrvHosts(['B:27017', 'c:27017']);

    assert.deepEqual(story().slice(length), [
      'serverOpening c',
      'connectionPoolClosed a',
      'serverClosed a',
      'topologyDescriptionChanged',
      'serverHeartbeatStarted c',
    ]);
    assert.equal(events.last('topologyDescriptionChanged').previousDescription, before);
    await quiet();
    assert.deepEqual(types(), ['Sharded', 'b Mongos', 'c Mongos']);
    assert.equal(peersOf('a:27017').length, 0);
    assert.equal(peersOf('b:27017').length, 1);
    topology.close();
  });

  it('wakes waiting operations once a new host is there', async () => {
    const { topology, hellos, request, deadline } = await opened(null);
    const waiting = topology.select(request({}, deadline()));
    hellos.set('c:27017', MONGOS);

    topology.applySrvHosts(['a:27017', 'b:27017', 'c:27017']);

    assert.equal((await waiting).address, 'c:27017');
    topology.close();
    await quiet();
  });

  it('follows at most srvMaxHosts, and keeps those that it follows', async () => {
    const { topology, types } = await opened(MONGOS, { srvMaxHosts: 2 });

    topology.applySrvHosts(['b:27017', 'c:27017', 'd:27017']);
    await quiet();

    const [, ...servers] = types();
    assert.equal(servers.length, 2);
    assert.ok(servers.includes('b Mongos'));
    topology.close();
  });

  it('publishes nothing when the list is the same', async () => {
    const { topology, story } = await opened(MONGOS);
    const { length } = story();

    topology.applySrvHosts(['b:27017', 'a:27017']);

    assert.equal(story().length, length);
    topology.close();
  });

  it('does nothing for an empty list, for a replica set, or after the end', async () => {
    const sharded = await opened(MONGOS);
    sharded.topology.applySrvHosts([]);
    assert.equal(sharded.topology.description.servers.size, 2);
    sharded.topology.close();
    sharded.topology.applySrvHosts(['c:27017']);
    assert.equal(sharded.topology.description.servers.size, 0);

    const { topology } = await opened(null);
    topology.onServerDescription(parseHello('a:27017', member('a:27017'), TIMES));
    assert.equal(topology.description.type, 'ReplicaSetNoPrimary');
    topology.applySrvHosts(['d:27017']);
    assert.equal(topology.description.servers.has('d:27017'), false);
    topology.close();
    await quiet();
  });
});
