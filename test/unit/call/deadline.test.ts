import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Deadline } from '../../../src/call/deadline.js';
import { FakeClock } from '../../support/fake_clock.js';
import { of, start } from './watching.js';

describe('Deadline', () => {
  it('knows what remains and what has passed', () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);

    clock.skip(120);

    assert.equal(deadline.remainingMS, 380);
    assert.equal(deadline.elapsedMS, 120);
    assert.equal(deadline.ended(), null);
  });

  it('ends exactly at its end and then has nothing left, never less', () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);

    clock.skip(499.5);
    assert.equal(deadline.ended(), null);
    clock.skip(0.5);
    assert.equal(deadline.ended()?.kind, 'expired');
    clock.skip(100);
    assert.equal(deadline.remainingMS, 0);
  });

  for (const timeoutMS of [0, undefined]) {
    it(`has no end with timeoutMS ${String(timeoutMS)}`, () => {
      const clock = new FakeClock();
      const deadline = start(clock, timeoutMS);

      clock.skip(1e12);

      assert.equal(deadline.remainingMS, Infinity);
      assert.equal(deadline.ended(), null);
      assert.equal(deadline.canEnd, false);
    });
  }

  it('tells timeoutMS 0 from none: 0 is in use', () => {
    assert.equal(start(new FakeClock(), 0).timedByOperation, true);
    assert.equal(start(new FakeClock(), 500).timedByOperation, true);
    assert.equal(start(new FakeClock()).timedByOperation, false);
  });

  it('can end by a signal alone', () => {
    assert.equal(start(new FakeClock(), undefined, new AbortController().signal).canEnd, true);
  });

  it('knows the budget that it was started with', () => {
    const budget = of(500);

    assert.equal(Deadline.start(budget, new FakeClock()).budget, budget);
  });

  it('has only the limits of its stages in the background', () => {
    const clock = new FakeClock();
    const background = Deadline.background(clock);

    assert.equal(background.canEnd, false);
    assert.equal(background.timedByOperation, false);
    assert.equal(background.within('connect', 10).remainingMS, 10);
  });
});

describe('Deadline.within', () => {
  it('ends with the stage when that comes first', () => {
    const clock = new FakeClock();
    const parent = start(clock, 500);

    const child = parent.within('serverSelection', 100);

    assert.equal(child.remainingMS, 100);
    assert.equal(child.boundBy, 'serverSelection');
    clock.skip(100);
    assert.equal(child.ended()?.kind, 'expired');
    assert.equal(parent.ended(), null);
  });

  it('ends with the operation when that comes first, or at the same time', () => {
    const parent = start(new FakeClock(), 500);

    assert.equal(parent.within('serverSelection', 501), parent);
    assert.equal(parent.within('serverSelection', 500), parent);
    assert.equal(parent.boundBy, 'timeoutMS');
  });

  it('counts the stage from now, not from the start', () => {
    const clock = new FakeClock();
    const parent = start(clock, 500);
    clock.skip(300);

    assert.equal(parent.within('connect', 100).remainingMS, 100);
    assert.equal(parent.within('connect', 300), parent);
  });

  for (const capMS of [0, Infinity]) {
    it(`takes a cap of ${capMS} for no limit`, () => {
      const parent = start(new FakeClock(), 500);
      assert.equal(parent.within('connect', capMS), parent);
    });
  }

  it('limits an operation without timeoutMS, and that one remains without', () => {
    const child = start(new FakeClock()).within('checkOut', 10);

    assert.equal(child.remainingMS, 10);
    assert.equal(child.timedByOperation, false);
  });

  it('keeps the outer stage when a stage inside it would last longer', () => {
    const outer = start(new FakeClock(), 500).within('serverSelection', 100);

    assert.equal(outer.within('connect', 200), outer);
    assert.equal(outer.within('connect', 50).boundBy, 'connect');
  });

  it('shares start, record and signal with the operation', () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const parent = start(clock, 500, controller.signal);
    clock.skip(10);

    const child = parent.within('connect', 50);
    child.record('serverSelection');
    controller.abort();

    assert.equal(child.aborted, true);
    assert.equal(child.elapsedMS, 10);
    assert.deepEqual(parent.timings, [{ stage: 'serverSelection', durationMS: 10 }]);
  });
});

describe('Deadline.refreshed', () => {
  it('starts anew with the whole budget', () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);
    deadline.record('read');
    clock.skip(600);

    const fresh = deadline.refreshed();

    assert.equal(fresh.remainingMS, 500);
    assert.equal(fresh.ended(), null);
    assert.deepEqual(fresh.timings, []);
    assert.deepEqual(fresh.budget, deadline.budget);
    assert.equal(deadline.ended()?.kind, 'expired');
  });

  it('takes another time, 0 included', () => {
    const deadline = start(new FakeClock(), 500);

    assert.equal(deadline.refreshed(70).remainingMS, 70);
    assert.equal(deadline.refreshed(0).remainingMS, Infinity);
    assert.equal(deadline.refreshed(0).timedByOperation, true);
  });

  it('is not ended by the signal that ended the operation', () => {
    const controller = new AbortController();
    const deadline = start(new FakeClock(), 500, controller.signal);
    controller.abort();

    assert.equal(deadline.ended()?.kind, 'aborted');
    assert.equal(deadline.refreshed().ended(), null);
  });

  it('of a stage has the budget of the operation', () => {
    assert.equal(start(new FakeClock(), 500).within('connect', 10).refreshed().remainingMS, 500);
  });
});

describe('Deadline.record', () => {
  it('records the time since the last record, stage by stage', () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);

    clock.skip(2);
    deadline.record('serverSelection');
    clock.skip(7);
    deadline.record('checkOut');
    deadline.record('write');
    clock.skip(3);
    deadline.record('serverSelection');

    assert.deepEqual(deadline.timings, [
      { stage: 'serverSelection', durationMS: 2 },
      { stage: 'checkOut', durationMS: 7 },
      { stage: 'write', durationMS: 0 },
      { stage: 'serverSelection', durationMS: 3 },
    ]);
  });

  it('stays small for an operation of very many steps, and its sum stays right', () => {
    const clock = new FakeClock();
    const deadline = start(clock, 0);

    for (let step = 0; step < 10_000; step++) {
      clock.skip(1);
      deadline.record('checkOut');
      clock.skip(2);
      deadline.record('read');
    }

    const sum = (wanted: string) =>
      deadline.timings.filter(({ stage }) => stage === wanted).reduce((total, { durationMS }) => total + durationMS, 0);
    assert.ok(deadline.timings.length <= 60, String(deadline.timings.length));
    assert.equal(sum('checkOut'), 10_000);
    assert.equal(sum('read'), 20_000);
  });

  it('still names a stage that comes for the first time after very many steps', () => {
    const deadline = start(new FakeClock(), 0);
    for (let step = 0; step < 1000; step++) deadline.record('read');

    deadline.record('backoff');

    assert.equal(deadline.timings.at(-1)?.stage, 'backoff');
  });
});
