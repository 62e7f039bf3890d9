import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import { ServerType, TopologyType } from '../../../src/description/types.js';
import { readPreferenceField } from '../../../src/executor/complete_command.js';

const { primary, secondary } = ReadPreference;

describe('readPreferenceField', () => {
  it('is absent for a server that stands alone', () => {
    assert.equal(readPreferenceField(secondary, TopologyType.Single, ServerType.Standalone), undefined);
  });

  it('asks a member that is addressed directly to answer whatever its state is', () => {
    const field = readPreferenceField(primary, TopologyType.Single, ServerType.RSSecondary);

    assert.deepEqual(field, { mode: 'primaryPreferred' });
  });

  it('tells a member that is addressed directly what the user asks for', () => {
    const field = readPreferenceField(secondary, TopologyType.Single, ServerType.RSPrimary);

    assert.deepEqual(field, { mode: 'secondary' });
  });

  it('is absent for the mode primary in a replica set, a sharded cluster, and a mongos that is addressed directly', () => {
    assert.equal(readPreferenceField(primary, TopologyType.ReplicaSetWithPrimary, ServerType.RSPrimary), undefined);
    assert.equal(readPreferenceField(primary, TopologyType.Sharded, ServerType.Mongos), undefined);
    assert.equal(readPreferenceField(primary, TopologyType.Single, ServerType.Mongos), undefined);
  });

  it('tells every other mode with its tags and staleness', () => {
    const nearest = new ReadPreference('nearest', [{ dc: 'ny' }], { maxStalenessSeconds: 120 });
    const document = { mode: 'nearest', tags: [{ dc: 'ny' }], maxStalenessSeconds: 120 };

    for (const [topology, server] of [
      [TopologyType.ReplicaSetWithPrimary, ServerType.RSSecondary],
      [TopologyType.Sharded, ServerType.Mongos],
      [TopologyType.LoadBalanced, ServerType.Mongos],
      [TopologyType.Single, ServerType.Mongos],
    ] as const) {
      assert.deepEqual(readPreferenceField(nearest, topology, server), document);
    }
  });
});
