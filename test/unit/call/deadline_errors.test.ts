import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EndDescription } from '../../../src/call/deadline.js';
import type { DeadlineEnd } from '../../../src/call/end_watch.js';
import { MongoNetworkTimeoutError } from '../../../src/errors/network.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { FakeClock } from '../../support/fake_clock.js';
import { start, Watcher } from './watching.js';

const EXPIRED: DeadlineEnd = { kind: 'expired', lateByMS: 0 };
const WHERE: EndDescription = { during: 'during connection checkout from db1:27017', phase: 'checkOut' };
const legacy = (text: string) => new MongoNetworkTimeoutError(text);

function timeout(error: unknown): MongoOperationTimeoutError {
  assert.ok(error instanceof MongoOperationTimeoutError);
  return error;
}

describe('Deadline.errorOf', () => {
  it('says where, the numbers, where the time went, and what to try', () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);
    clock.skip(2);
    deadline.record('serverSelection');
    clock.skip(498.25);

    const error = timeout(deadline.errorOf(EXPIRED, { ...WHERE, hint: 'Raise maxPoolSize or timeoutMS.' }));

    assert.equal(
      error.message,
      'Timed out during connection checkout from db1:27017 (after 500.3 ms, timeoutMS=500 of the client: ' +
        'serverSelection 2.0 ms, checkOut 498.3 ms). Raise maxPoolSize or timeoutMS.',
    );
  });

  it('names the stage whose limit was sooner than timeoutMS', () => {
    const clock = new FakeClock();
    const limit = start(clock, 60_000).within('serverSelection', 30_000);
    clock.skip(30_000);

    const error = timeout(limit.errorOf(EXPIRED, { during: 'during server selection', phase: 'serverSelection' }));

    assert.match(
      error.message,
      /\(after 30000\.0 ms, the limit of serverSelection, within timeoutMS=60000 of the client: /,
    );
  });

  it('has the same as fields', () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);
    clock.skip(510);
    const cause = new Error('not primary');

    const error = timeout(
      deadline.errorOf(EXPIRED, { ...WHERE, host: 'db1:27017', namespace: 'shop.orders', maybeApplied: false, cause }),
    );

    assert.deepEqual(
      {
        phase: error.phase,
        host: error.host,
        namespace: error.namespace,
        maybeApplied: error.maybeApplied,
        timeoutMS: error.timeoutMS,
        elapsedMS: error.elapsedMS,
        timings: error.timings,
        cause: error.cause,
      },
      {
        phase: 'checkOut',
        host: 'db1:27017',
        namespace: 'shop.orders',
        maybeApplied: false,
        timeoutMS: 500,
        elapsedMS: 510,
        timings: [{ stage: 'checkOut', durationMS: 510 }],
        cause,
      },
    );
    assert.match(error.message, /db1:27017: not primary \(after/);
  });

  it('keeps the record as it was, whatever the operation does later', () => {
    const deadline = start(new FakeClock(), 500);

    const error = timeout(deadline.errorOf(EXPIRED, WHERE));
    deadline.record('read');

    assert.deepEqual(
      error.timings.map(({ stage }) => stage),
      ['checkOut'],
    );
  });

  it('tells of a late event loop, and not of a coarse timer', () => {
    const deadline = start(new FakeClock(), 500);

    assert.equal(timeout(deadline.errorOf({ kind: 'expired', lateByMS: 330 }, WHERE)).eventLoopDelayMS, 330);
    assert.equal('eventLoopDelayMS' in deadline.errorOf({ kind: 'expired', lateByMS: 4.9 }, WHERE), false);
  });

  it('measures the delay of the event loop through the whole way', async () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);
    const watcher = new Watcher();
    watcher.start(deadline);
    clock.skip(700);
    await clock.advance(0);

    assert.equal(timeout(deadline.errorOf(watcher.ends[0]!, WHERE)).eventLoopDelayMS, 200);
  });

  it('does not blame the event loop for time that the caller took between two batches of a cursor', () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);
    clock.skip(9000);

    assert.throws(
      () => deadline.throwIfEnded(() => WHERE),
      (error: unknown) => timeout(error).elapsedMS === 9000 && !('eventLoopDelayMS' in timeout(error)),
    );
  });

  it('is the class that the stage always had when timeoutMS is not in use', () => {
    const clock = new FakeClock();
    const deadline = start(clock).within('checkOut', 100);
    clock.skip(100);

    const error = deadline.errorOf(EXPIRED, WHERE, legacy);

    assert.ok(error instanceof MongoNetworkTimeoutError);
    assert.equal(
      error.message,
      'Timed out during connection checkout from db1:27017 (after 100.0 ms: checkOut 100.0 ms)',
    );
  });

  for (const timeoutMS of [0, 500]) {
    it(`is a MongoOperationTimeoutError with timeoutMS ${timeoutMS}, also in a stage with a class of its own`, () => {
      const deadline = start(new FakeClock(), timeoutMS).within('checkOut', 100);

      assert.equal(timeout(deadline.errorOf(EXPIRED, WHERE, legacy)).timeoutMS, timeoutMS);
    });
  }

  it('is a MongoOperationTimeoutError without timeoutMS where the stage has no class of its own', () => {
    assert.equal('timeoutMS' in timeout(start(new FakeClock()).errorOf(EXPIRED, WHERE)), false);
  });

  it("is the signal's own reason after an abort, whatever that is", () => {
    const deadline = start(new FakeClock(), 500);
    for (const reason of [new Error('stop'), 'text', undefined, { a: 1 }]) {
      assert.equal(deadline.errorOf({ kind: 'aborted', reason }, WHERE, legacy), reason);
    }
  });

  it("is the platform's AbortError when the caller gave no reason", () => {
    const controller = new AbortController();
    const deadline = start(new FakeClock(), 500, controller.signal);
    controller.abort();

    const error = deadline.errorOf(deadline.ended()!, WHERE);

    assert.equal(error, controller.signal.reason);
    assert.equal(error.name, 'AbortError');
  });
});

describe('Deadline.errorOnServer', () => {
  const during = 'on the server db1:27017 (find shop.orders)';

  it('is a timeout of the operation, which may have had its effect', () => {
    const error = timeout(start(new FakeClock(), 500).errorOnServer({ during }));

    assert.equal(error.phase, 'server');
    assert.equal(error.maybeApplied, true);
  });

  it('is none where timeoutMS is not in use: the limit was that of the user', () => {
    assert.equal(start(new FakeClock()).errorOnServer({ during }), null);
  });
});

describe('Deadline.throwIfEnded', () => {
  it('does nothing, and describes nothing, before the end', () => {
    start(new FakeClock(), 500).throwIfEnded(() => assert.fail('described'));
  });

  it('throws the timeout error after the end', () => {
    const clock = new FakeClock();
    const deadline = start(clock, 500);
    clock.skip(500);

    assert.throws(() => deadline.throwIfEnded(() => WHERE), MongoOperationTimeoutError);
  });

  it('throws the reason after an abort', () => {
    const reason = new Error('mine');
    const deadline = start(new FakeClock(), 500, AbortSignal.abort(reason));

    assert.throws(
      () => deadline.throwIfEnded(() => WHERE),
      (error: unknown) => error === reason,
    );
  });
});
