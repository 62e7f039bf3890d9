import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { waitFor } from '../../../src/call/waiter.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { Deferred } from '../../support/deferred.js';
import { FakeClock } from '../../support/fake_clock.js';
import { start } from './watching.js';

const DESCRIPTION = Object.freeze({ during: 'while reading the files of TLS', phase: 'serverSelection' } as const);
const describeEnd = () => DESCRIPTION;

describe('waitFor', () => {
  it('gives what the work gives, and leaves no timer', async () => {
    const clock = new FakeClock();
    const work = new Deferred<number>();

    const waiting = waitFor(work.promise, describeEnd, null, start(clock, 50));
    assert.equal(clock.pendingTimers, 1);
    work.resolve(7);

    assert.equal(await waiting, 7);
    assert.equal(clock.pendingTimers, 0);
  });

  it('fails as the work fails, and leaves no timer', async () => {
    const clock = new FakeClock();
    const work = new Deferred<number>();
    const error = new Error('no such file');

    const waiting = waitFor(work.promise, describeEnd, null, start(clock, 50));
    work.reject(error);

    await assert.rejects(waiting, error);
    assert.equal(clock.pendingTimers, 0);
  });

  it('ends with the deadline while the work goes on for others', async () => {
    const clock = new FakeClock();
    const work = new Deferred<number>();

    const short = assert.rejects(
      waitFor(work.promise, describeEnd, null, start(clock, 50)),
      (error: unknown) => error instanceof MongoOperationTimeoutError && error.phase === 'serverSelection',
    );
    const long = waitFor(work.promise, describeEnd, null, start(clock, 500));
    await clock.advance(50);
    await short;
    work.resolve(7);

    assert.equal(await long, 7);
  });

  it('has the class that the stage always had, where timeoutMS is not in use', async () => {
    const clock = new FakeClock();
    const limit = start(clock).within('serverSelection', 50);

    const waiting = assert.rejects(
      waitFor(new Deferred<number>().promise, describeEnd, text => new RangeError(text), limit),
      RangeError,
    );
    await clock.advance(50);

    await waiting;
  });
});
