import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventPublisher } from '../../../src/events/publisher.js';
import { PoolEvents } from '../../../src/pool/pool_events.js';
import { FakeClock } from '../../support/fake_clock.js';
import { attempt, PoolHarness } from '../../support/pool_harness.js';

describe('PoolEvents', () => {
  it('takes no snapshot of the pool for events without a listener', async () => {
    const harness = PoolHarness.ready();
    const connection = await harness.checkOut();
    const clock = new FakeClock();
    let snapshots = 0;
    const events = new PoolEvents(new EventPublisher([], clock), clock, 'db1:27017', () => {
      snapshots++;
      return harness.pool.snapshot();
    });
    const operation = attempt();

    events.checkOutStarted(operation);
    events.checkedOut(connection, operation, 0, 1);
    events.checkedOutAtOnce(connection, operation);
    events.checkOutFailed('timeout', new Error('too late'), operation, 1);
    events.checkedIn(connection, operation);
    events.cleared(undefined, false);

    assert.equal(snapshots, 0);
    harness.pool.close();
  });

  it('takes the snapshot of a clear when the event is delivered', () => {
    const { pool, events } = PoolHarness.ready();

    pool.clear(new Error('the primary stepped down'));

    assert.equal(events.last('connectionPoolCleared').pool?.generation, 1);
  });
});
