import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Attempt } from '../../../src/call/attempt.js';
import { Call, NO_STAGE_LIMITS } from '../../../src/call/call.js';
import { FakeClock } from '../../support/fake_clock.js';
import { start } from './watching.js';

const LIMITS = { serverSelectionTimeoutMS: 300, waitQueueTimeoutMS: 200, socketTimeoutMS: 100 };
const STAGES = ['serverSelection', 'checkOut', 'read'] as const;

const attemptOf = (clock: FakeClock, timeoutMS?: number, limits = LIMITS) =>
  new Attempt(new Call(7, 'findOne', 'shop.orders', start(clock, timeoutMS), limits), 'find', 'shop.orders', 2);

describe('Attempt', () => {
  it('says what is being tried, and for which call', () => {
    const clock = new FakeClock();
    const call = new Call(7, 'findOne', 'shop.orders', start(clock, 500), LIMITS);
    const attempt = new Attempt(call, 'find', 'shop.orders', 2);

    assert.equal(attempt.operationId, 7);
    assert.equal(attempt.deadline, call.deadline);
    assert.equal(attempt.commandName, 'find');
    assert.equal(attempt.namespace, 'shop.orders');
    assert.equal(attempt.number, 2);
  });
});

describe('Attempt.limitOf without timeoutMS', () => {
  it('gives every stage the timeout of its own, from the moment it begins', () => {
    const clock = new FakeClock();
    const attempt = attemptOf(clock);

    const limits = STAGES.map(stage => attempt.limitOf(stage));

    assert.deepEqual(
      limits.map(({ remainingMS, boundBy }) => [boundBy, remainingMS]),
      [
        ['serverSelection', 300],
        ['checkOut', 200],
        ['read', 100],
      ],
    );
  });

  it('lets checkout begin its time anew after selection', () => {
    const clock = new FakeClock();
    const attempt = attemptOf(clock);
    attempt.limitOf('serverSelection');

    clock.skip(250);

    assert.equal(attempt.limitOf('checkOut').remainingMS, 200);
    assert.equal(attempt.limitOf('read').remainingMS, 100);
  });

  it('does not limit a stage whose timeout is 0', () => {
    const attempt = attemptOf(new FakeClock(), undefined, NO_STAGE_LIMITS);

    for (const stage of STAGES) assert.equal(attempt.limitOf(stage), attempt.deadline);
    assert.equal(attempt.deadline.remainingMS, Infinity);
  });
});

describe('Attempt.limitOf under timeoutMS', () => {
  it('lets selection and checkout share serverSelectionTimeoutMS', () => {
    const clock = new FakeClock();
    const attempt = attemptOf(clock, 5000);
    const selection = attempt.limitOf('serverSelection');

    clock.skip(250);

    assert.equal(attempt.limitOf('checkOut'), selection);
    assert.equal(attempt.limitOf('checkOut').remainingMS, 50);
  });

  it('counts serverSelectionTimeoutMS from the checkout on where a pinned server needed no selection', () => {
    const clock = new FakeClock();
    const attempt = attemptOf(clock, 5000);
    clock.skip(250);

    assert.equal(attempt.limitOf('checkOut').remainingMS, 300);
  });

  it('does not apply waitQueueTimeoutMS and socketTimeoutMS', () => {
    const attempt = attemptOf(new FakeClock(), 5000, { ...LIMITS, serverSelectionTimeoutMS: 0 });

    assert.equal(attempt.limitOf('checkOut'), attempt.deadline);
    assert.equal(attempt.limitOf('read'), attempt.deadline);
  });

  it('limits all stages to what remains of timeoutMS if that is less', () => {
    const attempt = attemptOf(new FakeClock(), 50);

    for (const stage of STAGES) assert.equal(attempt.limitOf(stage), attempt.deadline);
  });

  it('applies serverSelectionTimeoutMS alone if timeoutMS is 0', () => {
    const attempt = attemptOf(new FakeClock(), 0);

    assert.equal(attempt.limitOf('serverSelection').remainingMS, 300);
    assert.equal(attempt.limitOf('checkOut').remainingMS, 300);
    assert.equal(attempt.limitOf('read').remainingMS, Infinity);
  });
});
