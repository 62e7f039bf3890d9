import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Document, Long, ObjectId } from '../../../src/bson/index.js';
import { parseHello } from '../../../src/description/hello.js';
import { loadBalancerServer, unknownServer } from '../../../src/description/server_description.js';
import type { TopologyDescription } from '../../../src/description/topology_description.js';
import { applyServerDescription, applySrvHosts, whyLeftOut } from '../../../src/sdam/transitions.js';
import { initial, mongos, primary, secondary, standalone, topologyAfter } from './replies.js';

const A = 'a:27017';
const B = 'b:27017';

function typesOf(topology: TopologyDescription): Record<string, string> {
  return Object.fromEntries([...topology.servers].map(([address, { type }]) => [address, type]));
}

const discovered = () => topologyAfter(initial({ replicaSet: 'rs' }), [A, primary()], [B, secondary()]);

describe('applyServerDescription', () => {
  it('gives back the same description for a server that does not belong to it', () => {
    const topology = initial({});

    assert.equal(applyServerDescription(topology, unknownServer('x:27017')), topology);
  });

  it('gives back the same description when the reply is older than what is known', () => {
    const processId = new ObjectId();
    const reply = (counter: number) => primary({ topologyVersion: { processId, counter: Long.fromNumber(counter) } });
    const topology = topologyAfter(initial({ replicaSet: 'rs' }), [A, reply(5)]);

    assert.equal(topologyAfter(topology, [A, reply(4)]), topology);
    assert.notEqual(topologyAfter(topology, [A, reply(5)]), topology);
  });

  it('leaves the description that it starts from alone', () => {
    const before = initial({});
    topologyAfter(before, [A, primary()]);

    assert.equal(before.type, 'Unknown');
    assert.equal(before.servers.get(A)?.type, 'Unknown');
  });
});

describe('an unknown topology', () => {
  it('becomes Single by a standalone that is its only seed', () => {
    const topology = topologyAfter(initial({ hosts: ['a'] }), [A, standalone()]);

    assert.equal(topology.type, 'Single');
    assert.deepEqual(typesOf(topology), { [A]: 'Standalone' });
  });

  it('drops every standalone of several seeds, the last one too', () => {
    const topology = topologyAfter(initial({}), [A, standalone()], [B, standalone()]);

    assert.equal(topology.type, 'Unknown');
    assert.equal(topology.servers.size, 0);
  });

  it('becomes Sharded by a mongos', () => {
    assert.equal(topologyAfter(initial({}), [A, mongos()]).type, 'Sharded');
  });

  it('becomes the replica set of the first member that answers', () => {
    const topology = topologyAfter(initial({ hosts: ['a'] }), [A, secondary()]);

    assert.equal(topology.type, 'ReplicaSetNoPrimary');
    assert.equal(topology.setName, 'rs');
    assert.deepEqual(typesOf(topology), { [A]: 'RSSecondary', [B]: 'Unknown' });
  });

  it('waits for a ghost', () => {
    const topology = topologyAfter(initial({}), [A, { ok: 1, isreplicaset: true }]);

    assert.equal(topology.type, 'Unknown');
    assert.equal(topology.servers.get(A)?.type, 'RSGhost');
  });
});

describe('a sharded topology', () => {
  it('drops what is no mongos', () => {
    const topology = topologyAfter(initial({}), [A, mongos()], [B, primary()]);

    assert.deepEqual(typesOf(topology), { [A]: 'Mongos' });
  });

  it('keeps a mongos that is unavailable', () => {
    const topology = applyServerDescription(topologyAfter(initial({}), [A, mongos()]), unknownServer(A));

    assert.equal(topology.type, 'Sharded');
    assert.equal(topology.servers.get(A)?.type, 'Unknown');
  });
});

describe('a replica set', () => {
  it('loses its primary by an error, and finds it again', () => {
    const without = applyServerDescription(discovered(), unknownServer(A));

    assert.equal(without.type, 'ReplicaSetNoPrimary');
    assert.equal(topologyAfter(without, [A, primary()]).type, 'ReplicaSetWithPrimary');
  });

  it('drops a member of another set', () => {
    const topology = topologyAfter(discovered(), [B, secondary({ setName: 'other' })]);

    assert.deepEqual(typesOf(topology), { [A]: 'RSPrimary' });
  });

  it('drops a seed that knows itself under another address, after it named the members', () => {
    const topology = topologyAfter(initial({ hosts: ['alias'], replicaSet: 'rs' }), [
      'alias:27017',
      secondary({ me: A }),
    ]);

    assert.deepEqual(typesOf(topology), { [A]: 'Unknown', [B]: 'Unknown' });
  });

  it("follows the primary's list of members", () => {
    const topology = topologyAfter(discovered(), [A, primary({ hosts: [A, 'c:27017'] })]);

    assert.deepEqual(typesOf(topology), { [A]: 'RSPrimary', 'c:27017': 'Unknown' });
  });

  it('takes the newer of two primaries and marks the older one stale', () => {
    const topology = topologyAfter(discovered(), [B, primary({ setVersion: 2 })]);

    assert.deepEqual(typesOf(topology), { [A]: 'Unknown', [B]: 'RSPrimary' });
    assert.equal(topology.servers.get(A)?.error?.name, 'MongoStalePrimaryError');
    assert.match(
      topology.servers.get(A)?.error?.message ?? '',
      /primary marked stale due to discovery of newer primary/,
    );
  });

  it('compares the electionId first from MongoDB 6.0 on, and the setVersion first before', () => {
    const [older, newer] = [new ObjectId('0'.repeat(24)), new ObjectId('1'.repeat(24))];
    const rivals = (maxWireVersion: number) =>
      topologyAfter(
        initial({ replicaSet: 'rs' }),
        [A, primary({ electionId: newer, setVersion: 1, maxWireVersion })],
        [B, primary({ electionId: older, setVersion: 2, maxWireVersion })],
      );

    assert.deepEqual(typesOf(rivals(17)), { [A]: 'RSPrimary', [B]: 'Unknown' });
    assert.deepEqual(typesOf(rivals(16)), { [A]: 'Unknown', [B]: 'RSPrimary' });
    assert.match(
      rivals(17).servers.get(B)?.error?.message ?? '',
      /electionId\/setVersion mismatch, .*setVersion 2.* is stale compared to .*setVersion 1/,
    );
  });

  it('remembers the newest election after its primary is gone', () => {
    const [older, newer] = [new ObjectId('0'.repeat(24)), new ObjectId('1'.repeat(24))];
    const elected = topologyAfter(initial({ replicaSet: 'rs' }), [A, primary({ electionId: newer })]);

    const topology = topologyAfter(applyServerDescription(elected, unknownServer(A)), [
      B,
      primary({ electionId: older }),
    ]);

    assert.equal(topology.type, 'ReplicaSetNoPrimary');
    assert.equal(topology.servers.get(B)?.type, 'Unknown');
    assert.ok(topology.maxElectionId?.equals(newer));
  });
});

describe('a single topology', () => {
  it('refuses a server of another set', () => {
    const before = initial({ hosts: ['a'], directConnection: true, replicaSet: 'wanted' });

    const topology = topologyAfter(before, [A, secondary()]);

    assert.equal(topology.servers.get(A)?.type, 'Unknown');
    assert.equal(topology.error?.message, 'Replica set "wanted" was asked for and a:27017 is in the replica set "rs"');
    assert.match(
      topologyAfter(before, [A, standalone()]).error?.message ?? '',
      /a:27017 is in none, it is a Standalone/,
    );
  });

  it('takes a server of any kind', () => {
    for (const reply of [standalone(), mongos(), primary(), secondary()]) {
      const topology = topologyAfter(initial({ hosts: ['a'], directConnection: true }), [A, reply]);
      assert.equal(topology.type, 'Single');
      assert.notEqual(topology.servers.get(A)?.type, 'Unknown');
    }
  });
});

describe('a load balanced topology', () => {
  it('is complete with its load balancer', () => {
    const topology = applyServerDescription(initial({ hosts: ['a'], loadBalanced: true }), loadBalancerServer(A));

    assert.equal(topology.type, 'LoadBalanced');
    assert.equal(topology.hasWritableServer(), true);
  });
});

describe('applySrvHosts', () => {
  const random = { next: () => 0.99, bytes: () => new Uint8Array() };
  const before = topologyAfter(initial({}), ['a:27017', mongos()]);
  const addresses = (hosts: string[], srvMaxHosts = 0) => [
    ...applySrvHosts(before, hosts, srvMaxHosts, random).servers.keys(),
  ];

  it('adds new hosts and removes those that are gone', () => {
    const after = applySrvHosts(before, ['A:27017', 'c:27017'], 0, random);

    assert.deepEqual([...after.servers.keys()], ['a:27017', 'c:27017']);
    assert.equal(after.servers.get('a:27017'), before.servers.get('a:27017'));
    assert.equal(after.servers.get('c:27017')?.type, 'Unknown');
    assert.equal(after.type, 'Sharded');
  });

  it('replaces a host by as many new ones', () => {
    assert.deepEqual(addresses(['c:27017']), ['c:27017']);
  });

  it('keeps known hosts and fills up to srvMaxHosts by chance', () => {
    assert.deepEqual(addresses(['a:27017', 'c:27017', 'd:27017'], 2), ['a:27017', 'd:27017']);
    assert.deepEqual(addresses(['a:27017', 'c:27017'], 5), ['a:27017', 'c:27017']);
  });

  it('adds none when there are as many as allowed', () => {
    assert.deepEqual(addresses(['a:27017', 'b:27017', 'c:27017'], 1), ['a:27017', 'b:27017']);
  });
});

describe('whyLeftOut', () => {
  const times = { roundTripTime: 5, minRoundTripTime: 5, lastUpdateTime: 1000 };
  const why = (after: TopologyDescription, reply: Document) => whyLeftOut(parseHello(B, reply, times), after).message;

  it('names the other replica set, or says that there is none', () => {
    const after = topologyAfter(initial({ replicaSet: 'rs' }), [A, primary()]);

    assert.equal(
      why(after, secondary({ setName: 'other' })),
      'Replica set "rs" was asked for and b:27017 is in the replica set "other"',
    );
    assert.equal(why(after, standalone()), 'Replica set "rs" was asked for and b:27017 is in none, it is a Standalone');
  });

  it('names the address by which the server calls itself', () => {
    const after = topologyAfter(initial({ replicaSet: 'rs' }), [A, primary()]);

    assert.equal(
      why(after, secondary({ me: 'c:27017' })),
      'b:27017 calls itself c:27017, and is followed under that name',
    );
  });

  it('says that a standalone must be the only seed', () => {
    assert.equal(why(initial({}), standalone()), 'b:27017 is a Standalone and cannot be one of several seeds');
  });

  it('names both types otherwise', () => {
    const after = topologyAfter(initial({}), [A, mongos()]);

    assert.equal(why(after, primary()), 'b:27017 is a RSPrimary and does not belong to a topology Sharded');
  });
});
