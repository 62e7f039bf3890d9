import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PoolCounts } from '../../../src/errors/pool_counts.js';
import { checkOutTimeout, MongoPoolClearedError } from '../../../src/pool/errors.js';
import { FakeClock } from '../../support/fake_clock.js';
import { attempt, deadline } from '../../support/pool_harness.js';

const BUSY: PoolCounts = {
  maxPoolSize: 2,
  total: 2,
  idle: 0,
  inUse: 2,
  inUseByCursors: 1,
  inUseByTransactions: 0,
  pending: 0,
  draining: 0,
  waitQueueLength: 3,
};

function messageFor(counts: Partial<PoolCounts>, loadBalanced = false): string {
  const within = deadline(new FakeClock());
  const waiter = { request: attempt(within), deadline: within };
  const end = { kind: 'expired', lateByMS: 0 } as const;
  return checkOutTimeout(end, 'db1:27017', waiter, 10, { ...BUSY, ...counts }, loadBalanced).message;
}

describe('checkOutTimeout', () => {
  it('counts the connections against maxPoolSize, and advises to raise it when all are in use', () => {
    const message = messageFor({});

    assert.match(message, /: 2 of 2 in use \(1 by cursors, 0 by transactions\), 3 waiting, /);
    assert.match(message, /Raise maxPoolSize or the timeout, or look for slow operations$/);
  });

  it('names no limit when there is none', () => {
    assert.match(messageFor({ maxPoolSize: 0 }), /: 2 in use \(/);
  });

  it('names the step of the oldest new connection, and advises to look at the server', () => {
    const establishing = { phase: 'tls', elapsedMS: 1234.5 } as const;
    const advice = /The server does not finish the TLS handshake: look whether it expects TLS on this port$/;

    const message = messageFor({ inUse: 1, pending: 1, establishing });
    assert.match(message, /1 being established \(TLS handshake with the server for 1235 ms\), /);
    assert.match(message, advice);
    assert.match(messageFor({ maxPoolSize: 0, pending: 1, establishing }), advice);
  });

  it('advises to raise maxPoolSize when all connections are in use, even if one is being established', () => {
    const establishing = { phase: 'hello', elapsedMS: 1 } as const;

    assert.match(messageFor({ pending: 1, establishing }), /Raise maxPoolSize/);
  });

  it('says behind a load balancer what keeps the connections in use', () => {
    assert.match(
      messageFor({}, true),
      /maxPoolSize: 2, connections in use by cursors: 1, connections in use by transactions: 0, connections in use by other operations: 1\)/,
    );
  });
});

describe('MongoPoolClearedError', () => {
  it('quotes the error that cleared the pool', () => {
    const cause = new Error('connect ECONNREFUSED');

    const error = new MongoPoolClearedError('db1:27017', cause);

    assert.equal(
      error.message,
      'Connection pool for db1:27017 was cleared because another operation failed with: "connect ECONNREFUSED"',
    );
    assert.equal(error.cause, cause);
  });

  it('says so when the cause is unknown', () => {
    assert.match(new MongoPoolClearedError('db1:27017', undefined).message, /failed with: "unknown"$/);
  });
});
