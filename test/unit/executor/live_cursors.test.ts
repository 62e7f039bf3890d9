import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Binding } from '../../../src/executor/binding.js';
import { LiveCursors } from '../../../src/executor/live_cursors.js';
import type { OpenCursor } from '../../../src/executor/operation.js';

function cursor(id: number): OpenCursor {
  return { id: BigInt(id), namespace: 'shop.orders', address: 'a:27017' };
}

describe('LiveCursors', () => {
  it('gives up those that are left, once', () => {
    const cursors = new LiveCursors();
    const [first, second] = [cursor(1), cursor(2)];
    cursors.add(first, new Binding(true), null);
    cursors.add(second, new Binding(true), null);
    cursors.delete(first);

    assert.deepEqual(
      cursors.drain().map(live => live.cursor),
      [second],
    );
    assert.deepEqual(cursors.drain(), []);
  });

  it('does not grow without end when a program abandons its cursors', () => {
    const cursors = new LiveCursors();
    for (let id = 0; id < 12_000; id++) cursors.add(cursor(id), new Binding(true), null);

    const left = cursors.drain();
    assert.equal(left.length, 10_000);
    assert.equal(left.at(-1)!.cursor.id, 11_999n);
  });
});
