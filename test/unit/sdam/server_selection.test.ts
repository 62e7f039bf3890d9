import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Document } from '../../../src/bson/index.js';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import { unknownServer } from '../../../src/description/server_description.js';
import type { CustomServerSelector, TopologyDescription } from '../../../src/description/topology_description.js';
import type { Random } from '../../../src/runtime/random.js';
import {
  drawServer,
  eligibleServers,
  outputSelector,
  readPreferenceSelector,
  type ServerSelector,
  sameServerSelector,
  writableSelector,
} from '../../../src/sdam/server_selection.js';
import { applyServerDescription } from '../../../src/sdam/transitions.js';
import { initial, mongos, primary, secondary, topologyAfter } from './replies.js';

const A = 'a:27017';
const B = 'b:27017';
const C = 'c:27017';
const NO_ADDRESS: ReadonlySet<string> = new Set();
const hosts = [A, B, C];

/** Chance that gives these numbers one after another. */
const drawing = (...numbers: number[]): Random => ({ next: () => numbers.shift() ?? 0, bytes: () => new Uint8Array() });

function replicaSet(fields: Document = {}): TopologyDescription {
  return topologyAfter(
    initial({ replicaSet: 'rs' }),
    [A, primary({ hosts, ...fields }), 5],
    [B, secondary({ hosts, tags: { dc: 'east' }, ...fields }), 10],
    [C, secondary({ hosts, tags: { dc: 'west' }, ...fields }), 100],
  );
}

const sharded = () => topologyAfter(initial({ hosts }), [A, mongos(), 5], [B, mongos(), 10], [C, mongos(), 100]);

function select(
  topology: TopologyDescription,
  selector: ServerSelector,
  {
    without = NO_ADDRESS,
    counts = {},
    random = drawing(),
    userSelector,
  }: {
    without?: ReadonlySet<string>;
    counts?: Record<string, number>;
    random?: Random;
    userSelector?: CustomServerSelector;
  } = {},
): string | undefined {
  const eligible = eligibleServers(topology, selector, without, userSelector);
  return drawServer(eligible, address => counts[address] ?? 0, random)?.address;
}

describe('the selection of a server', () => {
  it('gives null when no server suits', () => {
    assert.equal(select(initial({}), writableSelector), undefined);
    assert.equal(select(applyServerDescription(replicaSet(), unknownServer(A)), writableSelector), undefined);
  });

  it('writes to the primary, and reads from it by default', () => {
    assert.equal(select(replicaSet(), writableSelector), A);
    assert.equal(select(replicaSet(), readPreferenceSelector(ReadPreference.primary)), A);
  });

  it('makes nothing new to find the primary', () => {
    const topology = replicaSet();

    assert.equal(writableSelector(topology, topology.candidates), topology.writableServers);
  });

  it('takes only servers that are hardly slower than the fastest', () => {
    const random = drawing(0.99);

    assert.equal(select(replicaSet(), readPreferenceSelector(ReadPreference.secondary), { random }), B);
  });

  it('takes of two drawn servers the one with fewer operations', () => {
    assert.equal(select(sharded(), writableSelector, { counts: { [A]: 3, [B]: 2 }, random: drawing(0, 0) }), B);
    assert.equal(select(sharded(), writableSelector, { counts: { [A]: 2, [B]: 3 }, random: drawing(0.9, 0) }), A);
  });

  it('never draws one server twice (property)', () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(chance, chance, (first, second) => {
        const asked: string[] = [];
        const topology = topologyAfter(initial({ hosts }), [A, mongos()], [B, mongos()], [C, mongos()]);
        const count = (address: string) => asked.push(address);
        drawServer(eligibleServers(topology, writableSelector, NO_ADDRESS), count, drawing(first, second));

        assert.equal(new Set(asked).size, 2);
      }),
    );
  });

  it('avoids deprioritized servers while there are others', () => {
    assert.equal(select(sharded(), writableSelector, { without: new Set([A]) }), B);
    assert.equal(select(replicaSet(), writableSelector, { without: new Set([A]) }), A);
  });

  it('reads from the primary when all secondaries are deprioritized and the mode allows it', () => {
    const without = new Set([B, C]);

    assert.equal(select(replicaSet(), readPreferenceSelector(ReadPreference.secondaryPreferred), { without }), A);
    assert.equal(select(replicaSet(), readPreferenceSelector(ReadPreference.secondary), { without }), B);
  });

  it("lets the user's selector choose among the servers that suit, before the latency window", () => {
    const seen: string[] = [];
    const userSelector: CustomServerSelector = (topology, servers) => {
      assert.equal(topology.type, 'ReplicaSetWithPrimary');
      seen.push(...servers.map(({ address }) => address));
      return servers.slice(-1);
    };

    assert.equal(select(replicaSet(), readPreferenceSelector(ReadPreference.secondary), { userSelector }), C);
    assert.deepEqual(seen, [B, C]);
  });

  it("leaves no choice to the user's selector where an operation belongs to one server, or none suits", () => {
    const userSelector: CustomServerSelector = () => assert.fail('asked');

    assert.equal(select(replicaSet(), sameServerSelector(B), { userSelector }), B);
    assert.equal(select(initial({}), writableSelector, { userSelector }), undefined);
  });

  it("takes none but those of the user's selector, and none that does not suit", () => {
    assert.equal(select(replicaSet(), writableSelector, { userSelector: () => [] }), undefined);
    const others: CustomServerSelector = ({ servers }) => [servers.get(B)!];
    assert.equal(select(replicaSet(), writableSelector, { userSelector: others }), undefined);
  });

  it("fails with what the user's selector throws, and when it returns no array", () => {
    const throws: CustomServerSelector = () => {
      throw new RangeError('of its own');
    };
    assert.throws(() => select(replicaSet(), writableSelector, { userSelector: throws }), RangeError);
    const wrong = (() => undefined) as unknown as CustomServerSelector;
    assert.throws(() => select(replicaSet(), writableSelector, { userSelector: wrong }), {
      name: 'MongoInvalidArgumentError',
      message: /serverSelector must return an array/,
    });
  });
});

describe('readPreferenceSelector', () => {
  it('takes the first tag set that a server has', () => {
    const tagged = (...tags: Record<string, string>[]) => readPreferenceSelector(new ReadPreference('secondary', tags));

    assert.equal(select(replicaSet(), tagged({ dc: 'north' }, { dc: 'west' })), C);
    assert.equal(select(replicaSet(), tagged({ dc: 'north' }, {})), B);
    assert.equal(select(replicaSet(), tagged({ dc: 'north' })), undefined);
  });

  it('does not look at the mode in a sharded or a single topology', () => {
    const single = topologyAfter(initial({ hosts: [A], directConnection: true }), [A, primary()]);

    assert.equal(select(sharded(), readPreferenceSelector(ReadPreference.secondary)), A);
    assert.equal(select(single, readPreferenceSelector(ReadPreference.secondary)), A);
  });

  it('leaves out secondaries that are staler than maxStalenessSeconds', () => {
    const wrote = (seconds: number) => ({ lastWrite: { lastWriteDate: new Date(seconds * 1000) }, hosts });
    const topology = topologyAfter(
      initial({ replicaSet: 'rs' }),
      [A, primary(wrote(1000))],
      [B, secondary(wrote(800))],
      [C, secondary(wrote(990))],
    );
    const selector = readPreferenceSelector(new ReadPreference('secondary', undefined, { maxStalenessSeconds: 120 }));

    assert.equal(select(topology, selector), C);
  });

  it('refuses a maxStalenessSeconds that is too small for a replica set', () => {
    const selector = readPreferenceSelector(new ReadPreference('nearest', undefined, { maxStalenessSeconds: 89 }));

    assert.throws(() => select(replicaSet(), selector), /must be at least 90/);
    assert.equal(select(sharded(), selector), A);
  });
});

describe('outputSelector', () => {
  it('takes the primary while one server cannot write on a secondary', () => {
    assert.equal(select(replicaSet({ maxWireVersion: 12 }), outputSelector(ReadPreference.secondary)), A);
    assert.equal(select(replicaSet({ maxWireVersion: 13 }), outputSelector(ReadPreference.secondary)), B);
  });
});

describe('sameServerSelector', () => {
  it('takes the one server while it is known', () => {
    assert.equal(select(replicaSet(), sameServerSelector(C)), C);
    assert.equal(select(applyServerDescription(replicaSet(), unknownServer(C)), sameServerSelector(C)), undefined);
  });
});
