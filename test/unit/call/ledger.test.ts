import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ledger } from '../../../src/call/ledger.js';
import { FakeClock } from '../../support/fake_clock.js';
import { checkLedger, stagesOf } from '../../support/ledger.js';

function begin() {
  const clock = new FakeClock();
  return { clock, whole: Ledger.start(clock) };
}

const record = ({ timings, recordedMS }: Ledger) => ({ timings, elapsedMS: recordedMS });

describe('the ledger of a whole', () => {
  it('has the time between its parts as that of the caller', () => {
    const { clock, whole } = begin();
    clock.skip(5);
    const first = whole.part(null);
    clock.skip(10);
    first.record('read');
    first.end('read');
    clock.skip(7);
    const second = whole.part(null);
    clock.skip(3);
    second.record('checkOut');
    clock.skip(2);
    second.record('read');
    second.end('read');
    clock.skip(1);
    whole.recordCaller();

    assert.deepEqual(stagesOf(whole.timings), ['caller 5', 'read 10', 'caller 7', 'checkOut 3', 'read 2', 'caller 1']);
    assert.deepEqual(stagesOf(first.timings), ['read 10']);
    assert.deepEqual(stagesOf(second.timings), ['checkOut 3', 'read 2']);
    checkLedger(record(whole), 28);
  });

  it('counts parts that overlap once: a stretch is of the part that records first', () => {
    const { clock, whole } = begin();
    const [one, other] = [whole.part(null), whole.part(null)];
    clock.skip(4);
    other.record('checkOut');
    clock.skip(6);
    one.record('read');
    one.end('read');
    clock.skip(20);
    other.record('read');
    other.end('read');
    clock.skip(5);
    whole.recordCaller();

    assert.deepEqual(stagesOf(whole.timings), ['checkOut 4', 'read 6', 'read 20', 'caller 5']);
    assert.deepEqual(stagesOf(one.timings), ['read 10']);
    assert.deepEqual(stagesOf(other.timings), ['checkOut 4', 'read 26']);
    checkLedger(record(whole), 35);
    checkLedger(record(one), 10);
    checkLedger(record(other), 30);
  });

  it('has no time of the caller while a part runs', () => {
    const { clock, whole } = begin();
    const part = whole.part(null);
    clock.skip(10);
    whole.recordCaller();
    whole.part(null).end('read');

    assert.deepEqual(stagesOf(whole.timings), ['read 10']);
    part.end('read');
  });

  it('has the time of an abort, which is none of a call', () => {
    const { clock, whole } = begin();
    const abort = whole.stretch();
    clock.skip(8);
    abort.record('read');

    assert.deepEqual(stagesOf(whole.timings), ['read 8']);
  });

  it('of a part that is the whole of others has what these record', () => {
    const { clock, whole } = begin();
    const cursor = whole.stretch();
    const next = cursor.part(null);
    clock.skip(8);
    next.record('read');
    next.end('read');
    clock.skip(2);
    whole.recordCaller();

    assert.deepEqual(stagesOf(cursor.timings), ['read 8']);
    assert.deepEqual(stagesOf(whole.timings), ['read 8', 'caller 2']);
  });
});

describe('the end of a call', () => {
  it('adds what is not recorded to its last stage', () => {
    const { clock, whole } = begin();
    const part = whole.part(null);
    clock.skip(8);
    part.record('read');
    clock.skip(2);
    part.end(null);

    assert.deepEqual(stagesOf(part.timings), ['read 10']);
    assert.deepEqual(stagesOf(whole.timings), ['read 10']);
  });

  it('names the stage in which the call failed, in its own ledger and in that of the whole', () => {
    const { clock, whole } = begin();
    clock.skip(5);
    const part = whole.part(null);
    clock.skip(8);
    part.end('server');

    assert.deepEqual(stagesOf(part.timings), ['server 8']);
    assert.deepEqual(stagesOf(whole.timings), ['caller 5', 'server 8']);
  });

  it('goes on with the stage in which the call failed, and does not begin another one', () => {
    const { clock, whole } = begin();
    const part = whole.part(null);
    clock.skip(3);
    part.record('serverSelection');
    clock.skip(1);
    part.end('serverSelection');

    assert.deepEqual(stagesOf(part.timings), ['serverSelection 4']);
  });

  it('names the stage of a call that has recorded nothing', () => {
    const { clock, whole } = begin();
    whole.isKept = true;
    clock.skip(8);
    whole.end('serverSelection');

    assert.deepEqual(stagesOf(whole.timings), ['serverSelection 8']);
  });

  it('records nothing where no record is kept', () => {
    const { clock, whole } = begin();
    clock.skip(8);
    whole.end('read');

    assert.deepEqual(whole.timings, []);
  });
});

describe('the stage of a moment', () => {
  it('is the one that it fell into, its end included', () => {
    const { clock, whole } = begin();
    const start = clock.now();
    clock.skip(10);
    whole.record('serverSelection');
    whole.record('preSend');
    clock.skip(10);
    whole.record('read');

    const stages = [0, 1, 10, 11, 20, 21].map(ms => whole.stageAt(start + ms));
    assert.deepEqual(stages, ['caller', 'serverSelection', 'serverSelection', 'read', 'read', null]);
  });
});
