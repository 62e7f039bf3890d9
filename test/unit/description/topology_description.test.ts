import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '../../../src/bson/index.js';
import { parseHello } from '../../../src/description/hello.js';
import { unknownServer } from '../../../src/description/server_description.js';
import type { TopologyDescription } from '../../../src/description/topology_description.js';
import { MongoError } from '../../../src/errors/base.js';
import { applyServerDescription } from '../../../src/sdam/transitions.js';
import { initial, primary, secondary, topologyAfter } from '../sdam/replies.js';

const times = { roundTripTime: 4, minRoundTripTime: 2, lastUpdateTime: 100 };

function replicaSet(a: Document, b: Document): TopologyDescription {
  return topologyAfter(initial({ replicaSet: 'rs' }), ['a:27017', a], ['b:27017', b]);
}

describe('initialTopology', () => {
  it('knows nothing but the addresses, in lower case and with ports', () => {
    const topology = initial({ hosts: ['A', 'b:27018'] });

    assert.equal(topology.type, 'Unknown');
    assert.deepEqual([...topology.servers.keys()], ['a:27017', 'b:27018']);
    assert.ok([...topology.servers.values()].every(server => server.type === 'Unknown'));
  });

  it('has the type that the options give', () => {
    assert.equal(initial({ replicaSet: 'rs' }).type, 'ReplicaSetNoPrimary');
    assert.equal(initial({ directConnection: true }).type, 'Single');
    assert.equal(initial({ directConnection: true, replicaSet: 'rs' }).type, 'Single');
    assert.equal(initial({ loadBalanced: true }).type, 'LoadBalanced');
  });
});

describe('TopologyDescription', () => {
  it('never changes, and neither does its map', () => {
    const { servers } = initial({});
    const map = servers as Map<string, unknown>;

    assert.ok(Object.isFrozen(initial({})));
    assert.throws(() => map.set('x:1', null), TypeError);
    assert.throws(() => map.delete('a:27017'), TypeError);
    assert.throws(() => {
      map.clear();
    }, TypeError);
    assert.equal(servers.size, 2);
  });

  it('has the least session timeout of its data-bearing servers', () => {
    const topology = replicaSet(
      primary({ logicalSessionTimeoutMinutes: 30 }),
      secondary({ logicalSessionTimeoutMinutes: 10 }),
    );

    assert.equal(topology.logicalSessionTimeoutMinutes, 10);
  });

  it('has no session timeout when a data-bearing server has none', () => {
    assert.equal(
      replicaSet(primary({ logicalSessionTimeoutMinutes: 30 }), secondary()).logicalSessionTimeoutMinutes,
      null,
    );
  });

  it('has the least wire version of the known servers', () => {
    assert.equal(initial({}).commonWireVersion, 0);
    assert.equal(replicaSet(primary({ maxWireVersion: 21 }), secondary({ maxWireVersion: 17 })).commonWireVersion, 17);
  });

  it('says which server is too old, and from which version on it would do', () => {
    const topology = replicaSet(primary(), secondary({ maxWireVersion: 7 }));

    assert.equal(topology.compatible, false);
    assert.equal(
      topology.compatibilityError,
      'Server at b:27017 reports wire version 7, but this version of mongotempo requires at least 8 (MongoDB 4.2).',
    );
  });

  it('says which server is too new', () => {
    const topology = replicaSet(primary({ minWireVersion: 40, maxWireVersion: 50 }), secondary());

    assert.equal(topology.compatible, false);
    assert.equal(
      topology.compatibilityError,
      'Server at a:27017 requires wire version 40, but this version of mongotempo only supports up to 27.',
    );
  });

  it('is compatible with servers of which nothing is known, and with load balancers', () => {
    assert.equal(initial({}).compatible, true);
    assert.equal('compatibilityError' in initial({}), false);
  });

  it('gives the first error of its servers', () => {
    const error = new MongoError('refused');
    const topology = applyServerDescription(initial({}), unknownServer('b:27017', error));

    assert.equal(topology.error, error);
    assert.equal(initial({}).error, null);
  });

  it('says whether servers are known and bear data', () => {
    const ghosts = topologyAfter(initial({ replicaSet: 'rs' }), ['a:27017', { ok: 1, isreplicaset: true }]);

    assert.deepEqual([initial({}).hasKnownServers, initial({}).hasDataBearingServers], [false, false]);
    assert.deepEqual([ghosts.hasKnownServers, ghosts.hasDataBearingServers], [true, false]);
    assert.equal(replicaSet(primary(), secondary()).hasDataBearingServers, true);
  });

  it('says whether there is a server to write to and to read from', () => {
    const whole = replicaSet(primary(), secondary({ tags: { dc: 'east' } }));
    const orphaned = applyServerDescription(whole, unknownServer('a:27017'));

    assert.equal(whole.hasWritableServer(), true);
    assert.equal(whole.hasReadableServer(), true);
    assert.equal(orphaned.hasWritableServer(), false);
    assert.equal(orphaned.hasReadableServer(), false);
    assert.equal(orphaned.hasReadableServer({ mode: 'secondaryPreferred' }), true);
    assert.equal(orphaned.hasReadableServer({ mode: 'secondary', tags: [{ dc: 'west' }] }), false);
    assert.equal(whole.hasReadableServer({ mode: 'nearest', tags: [{ dc: 'west' }] }), false);
    assert.equal(whole.hasReadableServer({ mode: 'primaryPreferred', tags: [{ dc: 'west' }] }), true);
  });

  it('takes writes and reads in Single whatever the server is', () => {
    const topology = topologyAfter(initial({ hosts: ['a'], directConnection: true }), ['a:27017', secondary()]);

    assert.equal(topology.hasWritableServer(), true);
    assert.equal(topology.hasReadableServer({ mode: 'secondary' }), true);
  });

  it('becomes plain data', () => {
    const server = parseHello('a:27017', primary(), times);
    const json = applyServerDescription(initial({ replicaSet: 'rs' }), server).toJSON();

    const copy = JSON.parse(JSON.stringify(json)) as { type: string; servers: Record<string, { type: string }> };
    assert.equal(copy.type, 'ReplicaSetWithPrimary');
    assert.equal(copy.servers['a:27017']?.type, 'RSPrimary');
    assert.equal(copy.servers['b:27017']?.type, 'Unknown');
  });
});
