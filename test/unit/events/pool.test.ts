import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ConnectionCheckedOutEvent,
  ConnectionClosedEvent,
  ConnectionPoolMonitoringEvent,
} from '../../../src/events/pool.js';
import { stamp } from './support.js';

describe('events of a pool', () => {
  it('leave out what does not apply', () => {
    const fields = { address: 'a:27017', connectionId: 1, reason: 'idle', error: undefined } as const;

    const event = new ConnectionClosedEvent(fields, stamp);

    assert.ok(event instanceof ConnectionPoolMonitoringEvent);
    assert.equal('error' in event, false);
    assert.deepEqual(Object.assign({}, event), {
      ...stamp,
      address: 'a:27017',
      connectionId: 1,
      reason: 'idle',
    });
  });

  it('may carry the counts of the pool', () => {
    const pool = { total: 3, idle: 1, inUse: 1, pending: 1, draining: 0, waitQueueLength: 4, generation: 2 };

    const operation = { operationId: 5, operationName: 'findOne', attempt: 1 };

    const event = new ConnectionCheckedOutEvent(
      { address: 'a:27017', connectionId: 1, durationMS: 5, ...operation, pool },
      stamp,
    );

    assert.deepEqual(event.pool, pool);
  });
});
