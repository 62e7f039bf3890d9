import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Call, NO_STAGE_LIMITS } from '../../../src/call/call.js';
import { Deadline } from '../../../src/call/deadline.js';
import { FakeClock } from '../../support/fake_clock.js';
import { start } from './watching.js';

const LIMITS = { serverSelectionTimeoutMS: 300, waitQueueTimeoutMS: 200, socketTimeoutMS: 100 };

describe('Call', () => {
  it('is the same call with another deadline', () => {
    const clock = new FakeClock();
    const call = new Call(7, 'next', 'shop.orders', start(clock, 500), LIMITS);
    const other = start(clock, 1000);

    const until = call.until(other);

    assert.equal(until.deadline, other);
    assert.equal(until.operationId, 7);
    assert.equal(until.name, 'next');
    assert.equal(until.namespace, 'shop.orders');
    assert.equal(until.limits, LIMITS);
    assert.equal(call.deadline.remainingMS, 500);
  });

  it('is itself with the deadline that it has', () => {
    const call = new Call(7, 'next', 'shop.orders', start(new FakeClock(), 500), LIMITS);

    assert.equal(call.until(call.deadline), call);
  });

  it('belongs to no operation and has no limits but its deadline in the background', () => {
    const deadline = Deadline.background(new FakeClock());

    const call = Call.background('hello', deadline);

    assert.equal(call.operationId, 0);
    assert.equal(call.name, 'hello');
    assert.equal(call.deadline, deadline);
    assert.deepEqual(call.limits, NO_STAGE_LIMITS);
    assert.deepEqual(NO_STAGE_LIMITS, { serverSelectionTimeoutMS: 0, waitQueueTimeoutMS: 0, socketTimeoutMS: 0 });
  });
});
