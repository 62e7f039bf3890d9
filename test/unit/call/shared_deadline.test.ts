import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { SharedDeadline } from '../../../src/call/shared_deadline.js';
import { MongoInvalidArgumentError } from '../../../src/errors/driver.js';
import { FakeClock } from '../../support/fake_clock.js';

function started(clock: FakeClock, ms: number): SharedDeadline {
  return SharedDeadline.start(ms, 'withDeadline', started, clock);
}

describe('a shared deadline', () => {
  it('counts down to 0', () => {
    const clock = new FakeClock();
    const deadline = started(clock, 50);

    assert.equal(deadline.remainingMS, 50);
    clock.skip(20);
    assert.equal(deadline.remainingMS, 30);
    clock.skip(100);
    assert.equal(deadline.remainingMS, 0);
  });

  it('aborts its signal when it is over, with a TimeoutError that names who set it', async () => {
    const clock = new FakeClock();
    const { signal } = started(clock, 50);

    assert.equal(signal.aborted, false);
    await clock.advance(50);

    assert.equal(signal.aborted, true);
    const reason = signal.reason as Error;
    assert.equal(reason.name, 'TimeoutError');
    assert.match(reason.message, /withDeadline at .*shared_deadline\.test/);
  });

  it('has one signal and one timer, and none before it is asked for', () => {
    const clock = new FakeClock();
    const deadline = started(clock, 50);

    assert.equal(clock.pendingTimers, 0);
    assert.equal(deadline.signal, deadline.signal);
    assert.equal(clock.pendingTimers, 1);
  });

  it('has a signal that has aborted already, when it is asked for too late', () => {
    const clock = new FakeClock();
    const deadline = started(clock, 50);
    clock.skip(60);

    assert.equal(deadline.signal.aborted, true);
    assert.equal(deadline.signal.aborted, true);
    assert.equal(clock.pendingTimers, 0);
  });

  it('lets go of its signal and timer when it is disposed of, also long before it is over', () => {
    const clock = new FakeClock();
    const deadline = started(clock, 3_600_000);
    const { signal } = deadline;

    deadline[Symbol.dispose]();

    assert.equal(clock.pendingTimers, 0);
    assert.equal(signal.aborted, false);
    assert.equal(deadline.remainingMS, 3_600_000);
  });

  it('shows what is left and who set it, and nothing of its inside', () => {
    const deadline = started(new FakeClock(), 50);

    assert.match(
      inspect(deadline),
      /^Deadline \{ remainingMS: 50, source: 'withDeadline at .*shared_deadline\.test.*' \}$/,
    );
    assert.deepEqual(Object.keys(JSON.parse(JSON.stringify(deadline)) as object), ['remainingMS', 'source']);
  });

  it('keeps the last operations, and counts those before', () => {
    const deadline = started(new FakeClock(), 50);
    assert.equal(deadline.spent, '');
    for (let index = 1; index <= 10; index++) {
      deadline.record({ name: 'insertOne', namespace: 'shop.orders', durationMS: index });
    }

    assert.match(deadline.spent, /^2 more, insertOne shop\.orders 3\.0 ms, .*insertOne shop\.orders 10\.0 ms$/);
  });
});

describe('Deadline.after', () => {
  it('begins now', () => {
    const deadline = SharedDeadline.after(60_000);

    assert.ok(deadline.remainingMS > 0 && deadline.remainingMS <= 60_000);
    assert.match(deadline.source, /^Deadline\.after at .*shared_deadline\.test/);
  });

  for (const ms of [0, -1, 1.5, NaN, '50']) {
    it(`refuses ${String(ms)}`, () => {
      assert.throws(() => SharedDeadline.after(ms as number), MongoInvalidArgumentError);
    });
  }
});

describe('Deadline.at', () => {
  it('ends at a moment of the system time', () => {
    const deadline = SharedDeadline.at(Date.now() + 60_000);

    assert.ok(deadline.remainingMS > 0 && deadline.remainingMS <= 60_000);
    assert.match(deadline.source, /^Deadline\.at at .*shared_deadline\.test/);
  });

  it('is over for a moment that has passed', () => {
    assert.equal(SharedDeadline.at(Date.now() - 1000).remainingMS, 0);
  });

  for (const moment of [NaN, Infinity, '2026']) {
    it(`refuses ${String(moment)}`, () => {
      assert.throws(() => SharedDeadline.at(moment as number), MongoInvalidArgumentError);
    });
  }
});
