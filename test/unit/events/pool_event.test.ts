import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ObjectId } from '../../../src/bson/index.js';
import * as pool from '../../../src/events/pool.js';
import { type ConnectionPoolEvent, PoolEvent, PoolEventReason, PoolEventType } from '../../../src/events/pool_event.js';
import { stamp } from './support.js';

const address = 'a:27017';
const connection = { address, connectionId: 3 };
const counts = { total: 1, idle: 0, inUse: 1, pending: 0, draining: 0, waitQueueLength: 0, generation: 0 };
const operation = { operationId: 5, operationName: 'findOne', attempt: 1, pool: counts };
const error = new Error('broken');
const serviceId = new ObjectId('5'.repeat(24));
const options = { maxPoolSize: 5, minPoolSize: 1, maxConnecting: 2, maxIdleTimeMS: 0, waitQueueTimeoutMS: 10 };

/** Each event of a pool, and what its PoolEvent has beside the address. */
const cases: readonly (readonly [ConnectionPoolEvent, Partial<PoolEvent>])[] = [
  [new pool.ConnectionPoolCreatedEvent({ address, options }, stamp), { poolOptions: options }],
  [new pool.ConnectionPoolReadyEvent({ address }, stamp), {}],
  [
    new pool.ConnectionPoolClearedEvent({ address, interruptInUseConnections: true, serviceId, error }, stamp),
    { interruption: true, serviceId, error },
  ],
  [new pool.ConnectionPoolClosedEvent({ address }, stamp), {}],
  [new pool.ConnectionCreatedEvent(connection, stamp), { connectionId: 3 }],
  [new pool.ConnectionReadyEvent({ ...connection, durationMS: 1.5 }, stamp), { connectionId: 3, duration: 1.5 }],
  [
    new pool.ConnectionClosedEvent({ ...connection, reason: 'error', serviceId, error }, stamp),
    { connectionId: 3, reason: 'error', serviceId, error },
  ],
  [new pool.ConnectionCheckOutStartedEvent({ address, ...operation }, stamp), {}],
  [
    new pool.ConnectionCheckOutFailedEvent({ address, reason: 'timeout', durationMS: 2, error, ...operation }, stamp),
    { reason: 'timeout', duration: 2, error },
  ],
  [
    new pool.ConnectionCheckedOutEvent({ ...connection, durationMS: 2.5, ...operation }, stamp),
    { connectionId: 3, duration: 2.5 },
  ],
  [new pool.ConnectionCheckedInEvent({ ...connection, ...operation }, stamp), { connectionId: 3 }],
];

describe('PoolEvent', () => {
  for (const [event, expected] of cases) {
    it(`has of a ${event.name} ${['address', ...Object.keys(expected)].join(', ')} and nothing else`, () => {
      const { type, address: where, sequence, time, monotonicTimeMS, ...fields } = new PoolEvent(event);

      const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
      assert.deepEqual([type, where], [event.name, address]);
      assert.deepEqual([sequence, time, monotonicTimeMS], [event.sequence, event.time, event.monotonicTimeMS]);
      assert.deepEqual(given, expected);
    });
  }

  it('is the same shape for all types, and frozen', () => {
    const shapes = new Set(cases.map(([event]) => Object.keys(new PoolEvent(event)).join()));

    assert.equal(shapes.size, 1);
    assert.ok(Object.isFrozen(new PoolEvent(cases[0]![0])));
  });

  it('leads to the event as the client emits it', () => {
    const [event] = cases[9]!;

    assert.equal(new PoolEvent(event).details, event);
  });

  it('has eleven types and six reasons', () => {
    assert.deepEqual(
      cases.map(([event]) => event.name),
      Object.values(PoolEventType),
    );
    assert.deepEqual(Object.values(PoolEventReason).sort(), [
      ...['connectionError', 'error', 'idle', 'poolClosed', 'stale', 'timeout'],
    ]);
  });
});
