import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lifetime } from '../../../src/call/lifetime.js';
import { FakeClock, settle } from '../../support/fake_clock.js';
import { start } from './watching.js';

async function hasEnded(pause: Promise<void>): Promise<boolean> {
  let ended = false;
  void pause.then(() => (ended = true));
  await settle();
  return ended;
}

describe('Lifetime: the pause before a retry', () => {
  it('ends after its time, and is recorded', async () => {
    const clock = new FakeClock();
    const deadline = start(clock);
    const pause = new Lifetime().pause(100, deadline);

    await clock.advance(99);
    assert.equal(await hasEnded(pause), false);
    await clock.advance(1);

    assert.equal(await hasEnded(pause), true);
    assert.deepEqual(deadline.timings, [{ stage: 'backoff', durationMS: 100 }]);
    assert.equal(clock.pendingTimers, 0);
  });

  it('ends with the deadline and with the signal', async () => {
    const clock = new FakeClock();
    const abort = new AbortController();
    const timed = new Lifetime().pause(100, start(clock, 50));
    const aborted = new Lifetime().pause(100, start(clock, undefined, abort.signal));

    abort.abort();
    assert.equal(await hasEnded(aborted), true);
    await clock.advance(50);

    assert.equal(await hasEnded(timed), true);
    assert.equal(clock.pendingTimers, 0);
  });

  it('ends when the client begins to close, and does not begin afterwards', async () => {
    const clock = new FakeClock();
    const lifetime = new Lifetime();
    const pauses = [lifetime.pause(100, start(clock)), lifetime.pause(200, start(clock))];

    lifetime.end();

    for (const pause of pauses) assert.equal(await hasEnded(pause), true);
    assert.equal(await hasEnded(lifetime.pause(100, start(clock))), true);
    assert.equal(clock.pendingTimers, 0);
  });
});
