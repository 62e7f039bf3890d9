import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Alarm, Alarms } from '../../../src/runtime/alarms.js';
import { FakeClock } from '../../support/fake_clock.js';

class TestAlarm extends Alarm {
  readonly endsAt: number;
  readonly mayBeEarly: boolean;
  readonly calledAt: number[] = [];
  readonly #clock: FakeClock;

  constructor(clock: FakeClock, ms: number, mayBeEarly = true) {
    super();
    this.#clock = clock;
    this.endsAt = clock.now() + ms;
    this.mayBeEarly = mayBeEarly;
  }

  onAlarm(): void {
    this.calledAt.push(this.#clock.now());
  }
}

/** Alarms on a clock that the test moves, whose timers are counted. */
function begin() {
  const clock = new FakeClock();
  const counts = { timers: 0, wakeTimers: 0, looks: 0 };
  let keepsAlive = false;
  const alarms = new Alarms({
    now() {
      counts.looks++;
      return clock.now();
    },
    setTimer(ms, callback) {
      counts.timers++;
      assert.ok(Number.isInteger(ms), 'timers count whole milliseconds');
      return clock.setTimer(ms, callback);
    },
    setWakeTimer(ms, callback) {
      counts.wakeTimers++;
      keepsAlive = true;
      const timer = clock.setTimer(ms, () => {
        keepsAlive = false;
        callback();
      });
      return {
        clear: () => timer.clear(),
        ref: () => void (keepsAlive = true),
        unref: () => void (keepsAlive = false),
      };
    },
  });
  const set = (ms: number, mayBeEarly?: boolean) => {
    const alarm = new TestAlarm(clock, ms, mayBeEarly);
    alarms.set(alarm);
    return alarm;
  };
  return { clock, alarms, counts, set, keepsAlive: () => keepsAlive };
}

describe('alarms', () => {
  for (const ms of [0, 1, 5, 39, 40, 41, 60, 500, 20_000, 2 ** 31 + 5000]) {
    it(`are called once, at their moment: after ${ms} ms`, async () => {
      const { clock, set } = begin();
      const alarm = set(ms);

      await clock.advance(ms + 100);

      assert.deepEqual(alarm.calledAt, [alarm.endsAt]);
      assert.equal(clock.pendingTimers, 0);
    });
  }

  it('are called each at its own moment, in whatever order they were set', async () => {
    const { clock, set } = begin();
    const alarms = [500, 30, 20_000, 501, 45, 100, 3, 19_999].map(ms => set(ms));

    await clock.advance(30_000);

    for (const { calledAt, endsAt } of alarms) assert.deepEqual(calledAt, [endsAt]);
  });

  it('round to the nearest millisecond what may be early, and up what may not', async () => {
    const { clock, set } = begin();
    const [early, late, exact] = [set(100.4), set(100.6), set(100.4, false)];

    await clock.advance(200);

    const after = ({ calledAt }: TestAlarm) => (calledAt[0] ?? NaN) - 1000;
    assert.ok(Math.abs(after(early) - 100.4) <= 0.5);
    assert.ok(Math.abs(after(late) - 100.6) <= 0.5);
    assert.ok(after(exact) >= 100.4 && after(exact) <= 101.4);
  });

  it('are not called after they were cleared, near or far', async () => {
    const { clock, alarms, set } = begin();
    const [near, far, promoted] = [set(5), set(500), set(100)];
    alarms.clear(near);
    alarms.clear(far);
    await clock.advance(90);
    alarms.clear(promoted);
    alarms.clear(promoted);

    await clock.advance(1000);

    assert.deepEqual([near.calledAt, far.calledAt, promoted.calledAt], [[], [], []]);
    assert.equal(clock.pendingTimers, 0);
  });

  it('can be set again after they were cleared or called', async () => {
    const { clock, alarms, set } = begin();
    const alarm = set(500);
    alarms.clear(alarm);
    alarms.set(alarm);
    await clock.advance(500);
    assert.equal(alarm.calledAt.length, 1);

    alarms.set(alarm);
    await clock.advance(1);

    assert.equal(alarm.calledAt.length, 2);
  });

  it('set no timer, and do not look at the clock, for a thousand operations after another that have the same time', async () => {
    const { clock, alarms, set, counts } = begin();
    for (let count = 0; count < 1000; count++) {
      const alarm = set(20_000);
      await clock.advance(1);
      alarms.clear(alarm);
    }

    assert.deepEqual(counts, { timers: 0, wakeTimers: 1, looks: 1 });
  });

  it('wake up once in the time that all operations have', async () => {
    const { clock, alarms, set, counts } = begin();
    for (let count = 0; count < 1000; count++) {
      const alarm = set(500);
      await clock.advance(10);
      alarms.clear(alarm);
    }

    assert.ok(counts.wakeTimers <= 22, `${counts.wakeTimers} timers in 20 times 500 ms`);
    assert.equal(counts.timers, 0);
  });

  it('keep the process alive while one is set', () => {
    const { alarms, set, keepsAlive } = begin();
    const [one, other] = [set(500), set(600)];
    assert.equal(keepsAlive(), true);
    alarms.clear(one);
    assert.equal(keepsAlive(), true);
    alarms.clear(other);
    assert.equal(keepsAlive(), false);
    alarms.set(other);
    assert.equal(keepsAlive(), true);
  });

  it('come late by what the event loop was busy, and no more than a timer does', async () => {
    const { clock, set } = begin();
    const alarm = set(100);
    clock.skip(300);

    await clock.advance(0);

    assert.deepEqual(alarm.calledAt, [1300]);
  });
});
