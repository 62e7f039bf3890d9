import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { diffTopology } from '../../../src/sdam/diff.js';
import { initial, primary, secondary, topologyAfter } from './replies.js';

const A = 'a:27017';
const B = 'b:27017';

describe('diffTopology', () => {
  it('finds nothing between two checks with the same answer', () => {
    const before = topologyAfter(initial({ replicaSet: 'rs' }), [A, primary(), 5]);
    const after = topologyAfter(before, [A, primary(), 9]);

    assert.deepEqual(diffTopology(before, after), { added: [], removed: [], changed: [], differs: false });
  });

  it('lists what was added, removed and changed', () => {
    const before = topologyAfter(initial({ replicaSet: 'rs' }), [A, primary()], [B, secondary()]);
    const after = topologyAfter(before, [A, primary({ hosts: [A, 'c:27017'] })]);

    const { added, removed, changed, differs } = diffTopology(before, after);

    assert.deepEqual([added, removed, differs], [['c:27017'], [B], true]);
    assert.deepEqual(
      changed.map(({ previous, next }) => [previous.hosts, next.hosts]),
      [
        [
          [A, B],
          [A, 'c:27017'],
        ],
      ],
    );
  });

  it('reports both primaries when one displaces the other', () => {
    const before = topologyAfter(initial({ replicaSet: 'rs' }), [A, primary()], [B, secondary()]);
    const after = topologyAfter(before, [B, primary({ setVersion: 2 })]);

    assert.deepEqual(
      diffTopology(before, after).changed.map(({ next }) => [next.address, next.type]),
      [
        [A, 'Unknown'],
        [B, 'RSPrimary'],
      ],
    );
  });

  it('sees a topology that differs although no server does', () => {
    assert.equal(diffTopology(initial({}), initial({ replicaSet: 'rs' })).differs, true);
  });
});
