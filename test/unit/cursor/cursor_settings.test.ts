import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CursorSettings, maxTimeOfOpen, nextBatchSize } from '../../../src/cursor/cursor_settings.js';

const sizes = (batchSize: number | undefined, limit: number, received: number): number | undefined =>
  nextBatchSize({ batchSize, limit } as CursorSettings, received);

describe('nextBatchSize', () => {
  it('nextBatchSize is the batchSize, or left to the server, without a limit', () => {
    assert.deepEqual([sizes(undefined, 0, 5), sizes(3, 0, 5), sizes(0, 0, 5)], [undefined, 3, 0]);
  });

  it('nextBatchSize does not go beyond the limit', () => {
    assert.deepEqual([sizes(3, 10, 3), sizes(3, 10, 9), sizes(undefined, 10, 4), sizes(0, 10, 4)], [3, 1, 6, 6]);
  });

  it('nextBatchSize is 0 when the limit is reached', () => {
    assert.deepEqual([sizes(3, 10, 10), sizes(undefined, 10, 12)], [0, 0]);
  });
});

describe('maxTimeOfOpen', () => {
  it('maxTimeOfOpen omits maxTimeMS where the command is one of many that each have the whole time', () => {
    const of = (kind: CursorSettings['kind'], timeoutMode: CursorSettings['timeoutMode']): unknown =>
      maxTimeOfOpen({ kind, timeoutMode } as CursorSettings);

    assert.equal(of('nonTailable', 'cursorLifetime'), 'remaining');
    assert.equal(of('nonTailable', 'iteration'), 'omit');
    assert.equal(of('tailable', 'iteration'), 'omit');
    assert.equal(of('tailableAwait', 'iteration'), 'remaining');
  });
});
