import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Alarm } from '../../../src/runtime/alarms.js';
import type { Timer } from '../../../src/runtime/clock.js';
import { FakeClock } from '../../support/fake_clock.js';
import { countedSignal, start, Watcher } from './watching.js';

describe('EndWatch: timers', () => {
  it('sets none until something waits', () => {
    const clock = new FakeClock();

    const deadline = start(clock, 500, new AbortController().signal);
    deadline.within('connect', 10).record('connect');
    deadline.ended();
    deadline.refreshed();

    assert.equal(clock.pendingTimers, 0);
  });

  it('sets one for each that waits, and clears it with its wait', () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);
    const [a, b] = [new Watcher(), new Watcher()];
    a.start(deadline);
    b.start(deadline);
    assert.equal(clock.pendingTimers, 2);

    a.stop();
    assert.equal(clock.pendingTimers, 1);
    b.stop();
    assert.equal(clock.pendingTimers, 0);
  });

  it('sets it again for the next wait, for what remains then', async () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);
    const watcher = new Watcher();
    watcher.start(deadline);
    watcher.stop();
    clock.skip(400);
    watcher.start(deadline);

    await clock.advance(99);
    assert.equal(watcher.ends.length, 0);
    await clock.advance(1);

    assert.deepEqual(watcher.ends, [{ kind: 'expired', lateByMS: 0 }]);
    assert.equal(clock.pendingTimers, 0);
  });

  it('sets none where nothing can end it', () => {
    const clock = new FakeClock();
    const deadline = start(clock, 0);

    new Watcher().start(deadline);

    assert.equal(clock.pendingTimers, 0);
  });

  it('sets none for a signal alone', () => {
    const clock = new FakeClock();

    new Watcher().start(start(clock, 0, new AbortController().signal));

    assert.equal(clock.pendingTimers, 0);
  });

  it('ignores a stop before the first wait, and a second stop after one', () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);
    const watcher = new Watcher();

    watcher.stop();
    watcher.start(deadline);
    watcher.stop();
    watcher.stop();

    assert.equal(clock.pendingTimers, 0);
  });

  it('polls until the end when an alarm was rounded down', async () => {
    const clock = new HastyClock();
    const deadline = start(clock, 500);
    const watcher = new Watcher();
    clock.skip(0.75);
    watcher.start(deadline);

    await clock.advance(499.125);
    assert.equal(watcher.ends.length, 0, 'ended early');
    assert.equal(clock.pendingTimers, 1);
    await clock.advance(0.125 + 2 * TURN_MS);

    assert.deepEqual(watcher.ends, [{ kind: 'expired', lateByMS: 0 }]);
    assert.equal(clock.pendingTimers, 0);
  });

  it('sleeps until the end when an alarm was rounded up', async () => {
    const clock = new HastyClock();
    const deadline = start(clock, 500);
    const watcher = new Watcher();
    clock.skip(0.25);
    watcher.start(deadline);

    await clock.advance(501);

    assert.deepEqual(watcher.ends, [{ kind: 'expired', lateByMS: 0.25 }]);
    assert.equal(clock.polls, 1);
  });

  it('waits without a timer for less than half a millisecond', async () => {
    const clock = new HastyClock();
    const deadline = start(clock, 500);
    const watcher = new Watcher();
    clock.skip(499.75);
    watcher.start(deadline);

    await clock.advance(0.25);
    assert.equal(watcher.ends.length, 0, 'ended early');
    await clock.advance(2 * TURN_MS);

    assert.deepEqual(watcher.ends, [{ kind: 'expired', lateByMS: 0 }]);
  });

  it('ends on a clock that tests move, too, with less than half a millisecond left', async () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);
    const watcher = new Watcher();
    clock.skip(499.75);
    watcher.start(deadline);

    await clock.advance(0.125);
    assert.equal(watcher.ends.length, 0, 'ended early');
    await clock.advance(1);

    assert.equal(watcher.ends.length, 1);
    assert.equal(clock.pendingTimers, 0);
  });

  it('sleeps again when the timer of a stage or a pause fires too early', async () => {
    const clock = new HastyClock();
    const limit = start(clock, 500).within('backoff', 10.25);
    const watcher = new Watcher();
    watcher.start(limit);

    await clock.advance(20);

    assert.equal(watcher.ends.length, 1);
    assert.equal(clock.polls, 1);
  });

  it('stops polling when the reply arrives in the last fraction of a millisecond', async () => {
    const clock = new HastyClock();
    const deadline = start(clock, 500);
    const watcher = new Watcher();
    clock.skip(0.75);
    watcher.start(deadline);
    await clock.advance(499.125);

    watcher.stop();
    await clock.advance(10);

    assert.equal(watcher.ends.length, 0);
    assert.equal(clock.pendingTimers, 0);
  });
});

/** A turn of the event loop of {@link HastyClock}. */
const TURN_MS = 0.125;

/** Like Node's: a timer may fire a fraction of a millisecond early, an alarm may be rounded, and each turn of the event loop takes time. */
class HastyClock extends FakeClock {
  polls = 0;
  #alarm: Timer | null = null;

  override setAlarm(alarm: Alarm): void {
    const ms = alarm.endsAt - this.now();
    const early = ms > 1 ? ms - 0.5 : ms;
    this.#alarm = super.setTimer(alarm.mayBeEarly ? Math.round(ms) : early, () => alarm.onAlarm());
  }

  override clearAlarm(): void {
    this.#alarm?.clear();
  }

  override afterPoll(callback: () => void): Timer {
    this.polls++;
    return super.setTimer(TURN_MS, callback);
  }
}

describe('EndWatch: who waits', () => {
  it('is called once, each of them, in order', async () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);
    const order: string[] = [];
    new Watcher(() => order.push('a')).start(deadline);
    new Watcher(() => order.push('b')).start(deadline);

    await clock.advance(2000);

    assert.deepEqual(order, ['a', 'b']);
  });

  it('is not called after it stopped waiting', async () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);
    const [a, b] = [new Watcher(), new Watcher()];
    a.start(deadline);
    b.start(deadline);
    a.stop();

    await clock.advance(500);

    assert.deepEqual([a.ends.length, b.ends.length], [0, 1]);
  });

  it('is not called when another one, called before it, stops its wait', async () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);
    const second = new Watcher();
    new Watcher(() => second.stop()).start(deadline);
    second.start(deadline);

    await clock.advance(500);

    assert.equal(second.ends.length, 0);
  });

  it('is called on the child when the child ends; who waits on the parent is not', async () => {
    const clock = new FakeClock();
    const parent = start(clock, 500);
    const [onParent, onChild] = [new Watcher(), new Watcher()];
    onParent.start(parent);
    onChild.start(parent.within('connect', 100));

    await clock.advance(100);
    assert.deepEqual([onParent.ends.length, onChild.ends.length], [0, 1]);
    await clock.advance(400);
    assert.equal(onParent.ends.length, 1);
  });

  it('may wait again when called, and is called again a turn later', async () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);
    let again = 1;
    const watcher = new Watcher(() => {
      if (again-- > 0) watcher.start(deadline);
    });
    watcher.start(deadline);

    await clock.advance(500);

    assert.equal(watcher.ends.length, 2);
    assert.equal(clock.pendingTimers, 0);
  });
});

describe('EndWatch: grace', () => {
  it('lets input be polled once more before the operation fails: a reply handled in that turn wins', async () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);
    const watcher = new Watcher();
    watcher.start(deadline);
    // Set later for the same moment: it runs between the timer and the end of the poll phase.
    clock.setTimer(500, () => watcher.stop());

    await clock.advance(1000);

    assert.equal(watcher.ends.length, 0);
    assert.equal(clock.pendingTimers, 0);
  });

  it('gives the same turn to a wait that begins after the end', async () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);
    clock.skip(600);
    const watcher = new Watcher();

    watcher.start(deadline);

    assert.equal(watcher.ends.length, 0);
    await clock.advance(0);
    assert.equal(watcher.ends.length, 1);
  });

  it('tells how late the timer came', async () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);
    const watcher = new Watcher();
    watcher.start(deadline);

    clock.skip(830);
    await clock.advance(0);

    assert.deepEqual(watcher.ends, [{ kind: 'expired', lateByMS: 330 }]);
  });

  it('calls no wait late that began after the end: the time before was not its own', async () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);
    clock.skip(10_000);
    const watcher = new Watcher();
    assert.deepEqual(deadline.ended(), { kind: 'expired', lateByMS: 0 });

    watcher.start(deadline);
    clock.skip(3);
    await clock.advance(0);

    assert.deepEqual(watcher.ends, [{ kind: 'expired', lateByMS: 3 }]);
  });
});

describe('EndWatch: AbortSignal', () => {
  it('ends at once, with the reason untouched', () => {
    const clock = new FakeClock();
    const { controller } = countedSignal();
    const deadline = start(clock, 500, controller.signal);
    const [a, b] = [new Watcher(), new Watcher()];
    a.start(deadline);
    b.start(deadline);
    const reason = { any: 'value' };

    controller.abort(reason);

    for (const { ends } of [a, b]) {
      const [end] = ends;
      assert.ok(end?.kind === 'aborted' && end.reason === reason);
    }
    assert.equal(clock.pendingTimers, 0);
  });

  it('is listened to only while something waits', () => {
    const { controller, listeners } = countedSignal();
    const deadline = start(new FakeClock(), 500, controller.signal);
    const [a, b] = [new Watcher(), new Watcher()];

    assert.equal(listeners(), 0);
    a.start(deadline);
    b.start(deadline);
    assert.equal(listeners(), 1);
    a.stop();
    assert.equal(listeners(), 1);
    b.stop();
    assert.equal(listeners(), 0);
  });

  it('is not listened to after the time has run out', async () => {
    const clock = new FakeClock();
    const { controller, listeners } = countedSignal();
    const deadline = start(clock, 500, controller.signal);
    const watcher = new Watcher();
    watcher.start(deadline);

    await clock.advance(500);
    controller.abort();

    assert.equal(listeners(), 0);
    assert.equal(watcher.ends.length, 1);
  });

  it('aborted before the start ends the first wait, after one turn', async () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500, AbortSignal.abort('early'));
    const watcher = new Watcher();
    assert.deepEqual(deadline.ended(), { kind: 'aborted', reason: 'early' });

    watcher.start(deadline);

    assert.equal(watcher.ends.length, 0);
    assert.equal(clock.pendingTimers, 1);
    await clock.advance(0);
    assert.deepEqual(watcher.ends, [{ kind: 'aborted', reason: 'early' }]);
    assert.equal(clock.pendingTimers, 0);
  });

  it('goes before the time when both have ended', () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500, AbortSignal.abort('first'));
    clock.skip(600);

    assert.equal(deadline.ended()?.kind, 'aborted');
  });

  it('ends the stages too', () => {
    const { controller } = countedSignal();
    const watcher = new Watcher();
    watcher.start(start(new FakeClock(), 500, controller.signal).within('connect', 10));

    controller.abort('stop');

    assert.deepEqual(watcher.ends, [{ kind: 'aborted', reason: 'stop' }]);
  });
});

describe('Deadline: pausing', () => {
  it('waits as long as was asked, and records it', async () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);
    const pause = deadline.pause(100);

    await clock.advance(100);
    await pause;

    assert.deepEqual(deadline.timings, [{ stage: 'backoff', durationMS: 100 }]);
    assert.equal(clock.pendingTimers, 0);
  });

  it('ends with the deadline', async () => {
    const clock = new FakeClock();
    const deadline = start(clock, 50);
    const pause = deadline.pause(10_000);

    await clock.advance(50);
    await pause;

    assert.equal(deadline.ended()?.kind, 'expired');
    assert.equal(clock.pendingTimers, 0);
  });

  it('ends when the operation is aborted', async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const deadline = start(clock, 500, controller.signal);
    const pause = deadline.pause(10_000);

    controller.abort();
    await pause;

    assert.equal(deadline.ended()?.kind, 'aborted');
    assert.equal(clock.pendingTimers, 0);
  });
});

describe('EndWatch: one wait after another', () => {
  it('follows the deadline of each wait, and not that of the last', async () => {
    const clock = new FakeClock();
    const watcher = new Watcher();
    watcher.start(start(clock, 50));
    watcher.stop();

    watcher.start(start(clock, 500));
    await clock.advance(499);
    assert.equal(watcher.ends.length, 0);
    await clock.advance(1);

    assert.equal(watcher.ends.length, 1);
  });

  it('listens to the signals of each wait, however many, and to none of the last', () => {
    const clock = new FakeClock();
    const [one, two, three] = [countedSignal(), countedSignal(), countedSignal()];
    const watcher = new Watcher();
    watcher.start(start(clock, 500, one.controller.signal).withSignal(two.controller.signal));
    assert.deepEqual([one.listeners(), two.listeners()], [1, 1]);
    watcher.stop();

    watcher.start(start(clock, 500, three.controller.signal));
    assert.deepEqual([one.listeners(), two.listeners(), three.listeners()], [0, 0, 1]);
    one.controller.abort();
    two.controller.abort();
    assert.equal(watcher.ends.length, 0);
    three.controller.abort('third');

    assert.deepEqual(watcher.ends, [{ kind: 'aborted', reason: 'third' }]);
    assert.equal(three.listeners(), 0);
  });

  it('waits without an end after one that had an end', async () => {
    const clock = new FakeClock();
    const watcher = new Watcher();
    watcher.start(start(clock, 50));
    watcher.stop();

    watcher.start(start(clock, 0));
    await clock.advance(1000);
    watcher.stop();

    assert.equal(watcher.ends.length, 0);
    assert.equal(clock.pendingTimers, 0);
  });
});

describe('EndWatch: a signal that many operations share', () => {
  it('has one listener for a hundred that wait, and none when the last has gone', () => {
    const clock = new FakeClock();
    const { controller, listeners, most } = countedSignal();
    const waits = Array.from({ length: 100 }, () => {
      const deadline = start(clock, 500, controller.signal);
      const watcher = new Watcher();
      watcher.start(deadline);
      return watcher;
    });

    assert.equal(listeners(), 1);
    for (const watcher of waits) watcher.stop();

    assert.equal(listeners(), 0);
    assert.equal(most(), 1);
  });

  it('ends all that wait when it aborts, but none that another has made stop', () => {
    const clock = new FakeClock();
    const { controller, listeners } = countedSignal();
    const [first, second, third] = [1, 2, 3].map(() => start(clock, undefined, controller.signal));
    const spared = new Watcher();
    const one = new Watcher(() => spared.stop());
    const other = new Watcher();
    one.start(first!);
    spared.start(second!);
    other.start(third!);

    controller.abort('enough');

    const aborted = [{ kind: 'aborted', reason: 'enough' }];
    assert.deepEqual([one.ends, spared.ends, other.ends], [aborted, [], aborted]);
    assert.equal(listeners(), 0);
  });
});
