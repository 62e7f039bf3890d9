import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkMaxStaleness, secondariesWithin } from '../../../src/sdam/max_staleness.js';
import { initial, mongos, primary, secondary, topologyAfter } from './replies.js';

const A = 'a:27017';
const B = 'b:27017';
const C = 'c:27017';
const hosts = [A, B, C];
const wrote = (seconds: number) => ({ lastWrite: { lastWriteDate: new Date(seconds * 1000) }, hosts });

describe('checkMaxStaleness', () => {
  it('refuses less than 90 seconds in a replica set', () => {
    const topology = topologyAfter(initial({ replicaSet: 'rs' }), [A, primary()]);

    assert.throws(() => checkMaxStaleness(topology, 89), { name: 'MongoInvalidArgumentError' });
    assert.doesNotThrow(() => checkMaxStaleness(topology, 90));
  });

  it('refuses less than heartbeatFrequencyMS and ten seconds in a replica set', () => {
    const topology = topologyAfter(initial({ replicaSet: 'rs', heartbeatFrequencyMS: 120_000 }), [A, primary()]);

    assert.throws(() => checkMaxStaleness(topology, 129), /is 129 and must be at least 130: 90, and not less than/);
    assert.doesNotThrow(() => checkMaxStaleness(topology, 130));
  });

  it('allows every number in a sharded cluster', () => {
    checkMaxStaleness(topologyAfter(initial({}), [A, mongos()]), 1);
  });
});

describe('secondariesWithin', () => {
  it('compares secondaries with the primary, plus one heartbeat', () => {
    const topology = topologyAfter(
      initial({ replicaSet: 'rs' }),
      [A, primary(wrote(1000))],
      [B, secondary(wrote(889))],
      [C, secondary(wrote(890))],
    );
    const secondaries = [B, C].map(address => topology.table.get(address)!);

    assert.deepEqual(
      secondariesWithin(topology, secondaries, 120).map(({ address }) => address),
      [C],
    );
  });

  it('compares secondaries with the newest one while there is no primary', () => {
    const topology = topologyAfter(
      initial({ replicaSet: 'rs' }),
      [A, secondary(wrote(1000))],
      [B, secondary(wrote(889))],
      [C, secondary(wrote(890))],
    );
    const secondaries = hosts.map(address => topology.table.get(address)!);

    assert.deepEqual(
      secondariesWithin(topology, secondaries, 120).map(({ address }) => address),
      [A, C],
    );
  });
});
