import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoNetworkTimeoutError } from '../../../src/errors/network.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { MONITORING_EVENTS, type MonitoringEventName } from '../../../src/events/event_map.js';
import { reasonOf, StatisticsSink, timeoutPhaseOf } from '../../../src/sinks/statistics_sink.js';

const serverError = (code: number) => new MongoServerError({ ok: 0, errmsg: 'no', code, codeName: 'MadeUp' });

describe('StatisticsSink', () => {
  it('wants no event that comes with every operation', () => {
    const sink = new StatisticsSink();
    const wanted = (Object.keys(MONITORING_EVENTS) as MonitoringEventName[]).filter(name => sink.wants(name));

    for (const name of wanted) {
      assert.doesNotMatch(name, /^command|^operation[SF]|CheckOutStarted|CheckedOut|CheckedIn|^serverSelection/);
    }
    assert.ok(wanted.includes('connectionReady'));
  });

  it('counts how operations end, by their outcome, phase and reason', () => {
    const sink = new StatisticsSink();
    sink.operationEnded('findOne', 'a:1', 3, undefined, false);
    sink.operationEnded('findOne', 'a:1', 5, serverError(11000), false);
    sink.operationEnded('findOne', 'a:1', 7, new MongoOperationTimeoutError('late', { phase: 'checkOut' }), false);
    sink.operationEnded('findOne', 'a:1', 9, new MongoOperationTimeoutError('late', { phase: 'read' }), true);
    const { operations, timeouts, failures } = sink.counters.snapshot();

    assert.deepEqual([operations.succeeded, operations.failed, operations.timedOut, operations.aborted], [1, 3, 1, 1]);
    assert.deepEqual([operations.durations.count, operations.durations.sumMS], [4, 24]);
    assert.deepEqual({ ...timeouts }, { checkOut: 1 });
    assert.deepEqual({ ...failures }, { DuplicateKey: 1, MongoOperationTimeoutError: 1, aborted: 1 });
  });

  it('takes for a timeout what ran out of time, also without timeoutMS', () => {
    assert.equal(timeoutPhaseOf(new MongoNetworkTimeoutError('late', { phase: 'connect' })), 'connect');
    assert.equal(timeoutPhaseOf(serverError(50)), 'server');
    assert.equal(timeoutPhaseOf(serverError(11000)), null);
    assert.equal(timeoutPhaseOf(new Error('timeout')), null);
    assert.equal(timeoutPhaseOf(undefined), null);
  });

  it('names the reason of a failure by nothing that a server can choose', () => {
    assert.equal(reasonOf(serverError(10107)), 'NotWritablePrimary');
    assert.equal(reasonOf(serverError(123456)), 'code 123456');
    assert.equal(reasonOf(new MongoNetworkTimeoutError('late')), 'MongoNetworkTimeoutError');
    assert.equal(reasonOf(new RangeError('odd')), 'Error');
    assert.equal(reasonOf('odd'), 'not an Error');
  });
});
