import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Document, Long, ObjectId } from '../../../src/bson/index.js';
import { parseHello } from '../../../src/description/hello.js';
import { type ServerDescription, unknownServer } from '../../../src/description/server_description.js';
import type { TopologyDescription } from '../../../src/description/topology_description.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { diffTopology } from '../../../src/sdam/diff.js';
import { applyServerDescription } from '../../../src/sdam/transitions.js';
import { initial } from './replies.js';

const ADDRESSES = ['a:27017', 'b:27017', 'c:27017', 'd:27017'];
const PROCESSES = [new ObjectId('1'.repeat(24)), new ObjectId('2'.repeat(24))];

const address = fc.constantFrom(...ADDRESSES);
const addresses = fc.uniqueArray(address, { maxLength: 4 });
const electionId = fc.constantFrom(...['1', '2', '3'].map(digit => new ObjectId(digit.repeat(24))));

/** A hello that no server may ever have sent: any field may be there or not, and none has to fit to another. */
const hello: fc.Arbitrary<Document> = fc.record(
  {
    ok: fc.constantFrom(0, 1, 1, 1, 1, 1),
    setName: fc.constantFrom('rs', 'rs', 'rs', 'other'),
    isWritablePrimary: fc.boolean(),
    secondary: fc.boolean(),
    hidden: fc.boolean(),
    arbiterOnly: fc.boolean(),
    isreplicaset: fc.boolean(),
    msg: fc.constantFrom('isdbgrid', 'other'),
    hosts: addresses,
    passives: addresses,
    arbiters: addresses,
    me: address,
    setVersion: fc.nat(3),
    electionId,
    maxWireVersion: fc.constantFrom(8, 16, 17, 25),
    topologyVersion: fc.record({
      processId: fc.constantFrom(...PROCESSES),
      counter: fc.nat(3).map(n => Long.fromNumber(n)),
    }),
  },
  { requiredKeys: ['ok'] },
);

const server: fc.Arbitrary<ServerDescription> = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(address, hello).map(([from, reply]) => parse(from, reply)) },
  { weight: 1, arbitrary: address.map(from => unknownServer(from, new MongoNetworkError('closed'))) },
);

const start = fc
  .tuple(fc.uniqueArray(address, { minLength: 1, maxLength: 3 }), fc.constantFrom(undefined, 'rs'))
  .map(([hosts, replicaSet]) => initial({ hosts, replicaSet }));

function parse(from: string, reply: Document): ServerDescription {
  return parseHello(from, reply, { roundTripTime: 1, minRoundTripTime: 0, lastUpdateTime: 0 });
}

/** Checks what holds for every step from one description to the next. */
function always(
  holds: (before: TopologyDescription, after: TopologyDescription, heard: ServerDescription) => void,
): void {
  fc.assert(
    fc.property(start, fc.array(server, { maxLength: 30 }), (topology, servers) => {
      let before = topology;
      for (const next of servers) {
        const after = applyServerDescription(before, next);
        holds(before, after, next);
        before = after;
      }
    }),
    { numRuns: 1000 },
  );
}

describe('whatever servers answer', () => {
  it('there are never two primaries', () => {
    always((_before, { candidates }) => {
      assert.ok(candidates.filter(({ type }) => type === 'RSPrimary').length <= 1);
    });
  });

  it('there is a primary exactly when the type says so', () => {
    always((_before, { type, candidates }) => {
      // A standalone that was the only seed may come back as a member: the topology stays Single.
      if (type === 'Single') return;
      assert.equal(
        type === 'ReplicaSetWithPrimary',
        candidates.some(server => server.type === 'RSPrimary'),
      );
    });
  });

  it('a set name stays once it is known', () => {
    always((before, after) => {
      if (before.setName !== null) assert.equal(after.setName, before.setName);
    });
  });

  it('a topology keeps its kind once it is known', () => {
    const kind = ({ type }: TopologyDescription) => type.replace(/^ReplicaSet.*/, 'ReplicaSet');
    always((before, after) => {
      if (before.type !== 'Unknown') assert.equal(kind(after), kind(before));
    });
  });

  it('descriptions are frozen and their keys are the addresses of their servers', () => {
    always((_before, after) => {
      assert.ok(Object.isFrozen(after));
      for (const [key, description] of after.servers) {
        assert.ok(Object.isFrozen(description));
        assert.equal(description.address, key);
      }
    });
  });

  it('what was, less what was removed, and what was added, is what is', () => {
    always((before, after) => {
      const { added, removed } = diffTopology(before, after);
      const expected = new Set(before.servers.keys());
      for (const gone of removed) assert.ok(expected.delete(gone));
      for (const come of added) {
        assert.equal(expected.has(come), false);
        expected.add(come);
      }
      assert.deepEqual([...expected].sort(), [...after.servers.keys()].sort());
    });
  });

  it('a server comes, or comes back, only when another names it', () => {
    always((before, after, heard) => {
      for (const come of diffTopology(before, after).added) assert.ok(heard.allHosts.includes(come));
    });
  });

  it('a change is reported exactly for servers that are not equal', () => {
    always((before, after) => {
      const changed = diffTopology(before, after).changed.map(({ next }) => next.address);
      for (const [key, description] of after.servers) {
        const previous = before.servers.get(key);
        if (previous !== undefined) assert.equal(changed.includes(key), !previous.equals(description));
      }
    });
  });
});
