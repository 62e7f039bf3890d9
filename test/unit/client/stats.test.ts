import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoClient } from '../../../src/client/mongo_client.js';
import { ClientHarness } from '../../support/client_harness.js';
import { errorOf, failure } from '../../support/engine_harness.js';
import { quiet } from '../../support/scripted_server.js';

/** A connected client that counts; its server answers every command after 20 ms. */
async function counting(): Promise<ClientHarness> {
  const harness = await ClientHarness.connected({ statistics: true, maxPoolSize: 1 });
  harness.answer = ({ name }) => {
    harness.clock.skip(20);
    return name === 'find' ? { ok: 1, cursor: { id: 0n, ns: 'shop.orders', firstBatch: [] } } : { ok: 1, n: 1 };
  };
  return harness;
}

const orders = ({ client }: ClientHarness) => client.db('shop').collection('orders');

describe('client.stats()', () => {
  it('fails without the option statistics, and says so', () => {
    const client = new MongoClient('mongodb://a');

    assert.throws(() => client.stats(), { name: 'MongoAPIError', message: /client option statistics: true/ });
  });

  it('counts operations with their durations, by name and by server', async () => {
    await using harness = await counting();
    await orders(harness).insertOne({});
    await orders(harness).find().toArray();
    const { operations, operationsByName, servers } = harness.client.stats();

    assert.deepEqual(Object.keys(operationsByName).sort(), ['connect', 'find.toArray', 'insertOne']);
    const { succeeded, failed, durations } = operationsByName['insertOne']!;
    assert.deepEqual([succeeded, failed, durations.count, durations.maxMS], [1, 0, 1, 20]);
    assert.equal(servers['a:27017']?.operationsByName['find.toArray']?.durations.sumMS, 20);
    assert.equal(operations.succeeded, 3);
  });

  it('counts an operation that ran out of time with the phase, and one that was aborted by the caller as aborted', async () => {
    await using harness = await counting();
    harness.answer = () => null;
    const late = errorOf(orders(harness).insertOne({}, { timeoutMS: 100 }));
    await harness.advance(100);
    await late;
    const controller = new AbortController();
    const aborted = errorOf(orders(harness).insertOne({}, { signal: controller.signal }));
    controller.abort(new Error('enough'));
    await harness.advance(0);
    assert.equal((await aborted).message, 'enough');
    const { timeouts, failures, operationsByName } = harness.client.stats();

    assert.deepEqual({ ...timeouts }, { read: 1 });
    assert.deepEqual({ ...failures }, { MongoOperationTimeoutError: 1, aborted: 1 });
    const { failed, timedOut, aborted: abortedCount } = operationsByName['insertOne']!;
    assert.deepEqual([failed, timedOut, abortedCount], [2, 1, 1]);
  });

  it('does not count a call that was refused for its arguments: nothing was done', async () => {
    await using harness = await counting();
    await errorOf(orders(harness).insertOne({}, { timeoutMS: -1 }));

    assert.equal(harness.client.stats().operationsByName['insertOne'], undefined);
  });

  it('has the waits for a connection: 0 for those that found one idle', async () => {
    await using harness = await counting();
    let answered = 0;
    harness.answer = () => (answered++ === 0 ? null : { ok: 1, n: 1 });
    const first = errorOf(orders(harness).insertOne({}, { timeoutMS: 30 }));
    const second = orders(harness).insertOne({});
    await harness.advance(30);
    await first;
    await harness.advance(1000);
    await second;
    const { checkOutWait } = harness.client.stats().servers['a:27017']!;

    assert.equal(checkOutWait.minMS, 0);
    assert.ok(checkOutWait.maxMS >= 30, `the longest wait was ${checkOutWait.maxMS} ms`);
  });

  it('has establishments, closed connections and round trips of each server', async () => {
    await using harness = await counting();
    harness.answer = ({ peer }) => {
      peer.reset();
      return null;
    };
    const failed = errorOf(orders(harness).insertOne({}));
    await harness.advance(1000);
    await failed;
    const { connectionEstablishment, connectionsClosed, poolCleared, roundTrip } =
      harness.client.stats().servers['a:27017']!;

    assert.ok(connectionEstablishment.count >= 1);
    assert.ok((connectionsClosed['error'] ?? 0) >= 1);
    assert.ok(poolCleared >= 1);
    assert.ok(roundTrip.count >= 1);
  });

  it('reads the pools and the deployment as they are now', async () => {
    await using harness = await counting();
    harness.answer = () => null;
    const waiting = [1, 2, 3].map(() => errorOf(orders(harness).insertOne({}, { timeoutMS: 100 })));
    await quiet();
    const { pools, topology } = harness.client.stats();

    assert.deepEqual(
      pools.map(({ address, inUse, waitQueueLength }) => [address, inUse, waitQueueLength]),
      [['a:27017', 1, 2]],
    );
    assert.equal(topology?.servers.get('a:27017')?.type, 'RSPrimary');
    await harness.advance(2000);
    await Promise.all(waiting);
  });

  it('is a value that later operations do not change, with the times by which rates are made', async () => {
    await using harness = await counting();
    const before = harness.client.stats();
    await orders(harness).insertOne({});
    const after = harness.client.stats();

    assert.equal(before.operationsByName['insertOne'], undefined);
    assert.equal(after.monotonicTimeMS - before.monotonicTimeMS, 20);
    assert.equal(after.since, before.since);
    assert.equal(after.operations.durations.since(before.operations.durations).count, 1);
  });

  it('counts retries by what the attempt before them met', async () => {
    await using harness = await counting();
    let attempts = 0;
    harness.answer = () =>
      ++attempts === 1 ? failure(189, { errorLabels: ['RetryableWriteError'] }) : { ok: 1, n: 1 };
    const inserted = orders(harness).insertOne({});
    await harness.advance(1000);
    await inserted;
    const { retries, failures, operationsByName } = harness.client.stats();

    assert.deepEqual({ ...retries }, { PrimarySteppedDown: 1 });
    assert.deepEqual({ ...failures }, {});
    assert.equal(operationsByName['insertOne']?.succeeded, 1);
  });

  it('counts a failure of the server by the name of its code', async () => {
    await using harness = await counting();
    harness.answer = () => failure(11000);
    await errorOf(orders(harness).insertOne({}));

    assert.deepEqual({ ...harness.client.stats().failures }, { DuplicateKey: 1 });
  });
});
