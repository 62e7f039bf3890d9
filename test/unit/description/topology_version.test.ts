import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ObjectId } from '../../../src/bson/index.js';
import { compareTopologyVersion, parseTopologyVersion } from '../../../src/description/topology_version.js';

describe('compareTopologyVersion', () => {
  const processId = new ObjectId();
  const version = (counter: unknown, process = processId) => parseTopologyVersion({ processId: process, counter });

  it('compares the counters of one process, also beyond 2^53', () => {
    assert.ok(compareTopologyVersion(version(9007199254740993n), version(9007199254740992n)) > 0);
    assert.ok(compareTopologyVersion(version(1), version(2)) < 0);
    assert.equal(compareTopologyVersion(version(3), version(3n)), 0);
  });

  it('takes what is absent or from another process as newer', () => {
    assert.ok(compareTopologyVersion(null, version(5)) > 0);
    assert.ok(compareTopologyVersion(version(1), null) > 0);
    assert.ok(compareTopologyVersion(version(1, new ObjectId()), version(5)) > 0);
  });
});
