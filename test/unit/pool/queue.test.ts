import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Queue, type QueueEntry } from '../../../src/pool/queue.js';

describe('Queue', () => {
  it('gives back in the order in which it was given', () => {
    const queue = new Queue<number>();
    for (const value of [1, 2, 3]) queue.push(value);

    assert.deepEqual([queue.shift(), queue.shift(), queue.shift(), queue.shift()], [1, 2, 3, undefined]);
  });

  it('does not take out again what has left', () => {
    const queue = new Queue<number>();
    const [first, second] = [queue.push(1), queue.push(2)];

    queue.shift();

    assert.equal(first.remove(), false);
    assert.equal(second.remove(), true);
    assert.equal(second.remove(), false);
    assert.equal(queue.length, 0);
  });

  it('behaves like a list under any sequence of steps', () => {
    const step = fc.oneof(fc.constant('push' as const), fc.constant('shift' as const), fc.nat(20));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const queue = new Queue<number>();
        const entries: QueueEntry[] = [];
        let model: number[] = [];

        for (const each of steps) {
          if (each === 'push') {
            model.push(entries.length);
            entries.push(queue.push(entries.length));
          } else if (each === 'shift') {
            assert.equal(queue.shift(), model.shift());
          } else if (each < entries.length) {
            assert.equal(entries[each]!.remove(), model.includes(each));
            model = model.filter(value => value !== each);
          }
          assert.equal(queue.length, model.length);
        }

        while (model.length > 0) assert.equal(queue.shift(), model.shift());
        assert.equal(queue.shift(), undefined);
      }),
    );
  });
});
