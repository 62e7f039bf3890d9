import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, it } from 'node:test';
import type { FindCursor } from '../../../src/client/cursors/find_cursor.js';
import type { MonitoringEvent } from '../../../src/events/event.js';
import type { MonitoringEventName } from '../../../src/events/event_map.js';
import type {
  OperationFailedEvent,
  OperationRetriedEvent,
  OperationStartedEvent,
  OperationSucceededEvent,
} from '../../../src/events/operation.js';
import { MongoServerSelectionError } from '../../../src/sdam/errors.js';
import type { MongoClientOptions } from '../../../src/uri/client_options.js';
import { ClientHarness } from '../../support/client_harness.js';
import { errorOf, failure } from '../../support/engine_harness.js';
import { checkLedger, stagesOf, textOfAttempts } from '../../support/ledger.js';

const NAMES: MonitoringEventName[] = ['operationStarted', 'operationSucceeded', 'operationFailed', 'operationRetried'];

interface EventOfCall {
  readonly operationId: number;
  readonly operationName: string;
}

const callOf = (event: MonitoringEvent) => event as unknown as EventOfCall;

async function setUp(options?: MongoClientOptions) {
  const harness = await ClientHarness.connected(options, { checksEvents: true });
  const { client, clock } = harness;
  const events: MonitoringEvent[] = [];
  for (const name of NAMES) client.on(name, (event: MonitoringEvent) => events.push(event));
  harness.answer = () => {
    clock.skip(10);
    return { ok: 1, n: 1, cursor: { id: 0n, ns: 'shop.orders', firstBatch: [{ _id: 1 }, { _id: 2 }] } };
  };
  return {
    ...{ harness, client, clock, events, orders: client.db('shop').collection('orders') },
    story: () => events.map(event => `${event.name} ${callOf(event).operationName}`),
    [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose](),
  };
}

describe('operation events', () => {
  it('tell when a call begins and how it ends, with its time and attempts', async () => {
    await using setup = await setUp();

    await setup.orders.insertOne({}, { timeoutMS: 500 });

    const [started, succeeded] = setup.events as [OperationStartedEvent, OperationSucceededEvent];
    assert.deepEqual(setup.story(), ['operationStarted insertOne', 'operationSucceeded insertOne']);
    assert.equal(started.namespace, 'shop.orders');
    assert.deepEqual([started.timeoutMS, started.timeoutSource], [500, 'insertOne']);
    assert.equal(succeeded.operationId, started.operationId);
    assert.equal(succeeded.durationMS, 10);
    assert.deepEqual(stagesOf(succeeded.timings), ['read 10']);
    assert.deepEqual(textOfAttempts(succeeded.attempts), ['a:27017 10']);
  });

  it('say nothing of a time where none is set', async () => {
    await using setup = await setUp();

    await setup.orders.insertOne({});

    assert.equal('timeoutMS' in setup.events[0]!, false);
  });

  it('tell of a failure as the caller gets it, and before the caller does', async () => {
    await using setup = await setUp();
    const { harness, orders, events, client } = setup;
    harness.answer = () => failure(2);
    let isTold = false;
    client.on('operationFailed', () => {
      isTold = true;
    });

    const error = await errorOf(orders.insertOne({}).finally(() => assert.ok(isTold)));

    const failed = events[1] as OperationFailedEvent;
    assert.equal(failed.name, 'operationFailed');
    assert.equal(failed.failure, error);
  });

  it('have no topology in the JSON of their attempts, which the error itself has as its reason', async () => {
    await using harness = new ClientHarness({ serverSelectionTimeoutMS: 100 });
    harness.server.hello = () => null;
    const events: OperationFailedEvent[] = [];
    harness.client.on('operationFailed', event => events.push(event));

    const failing = errorOf(harness.client.db('shop').collection('orders').insertOne({}), MongoServerSelectionError);
    await harness.advance(100);
    const error = await failing;

    const { attempts } = JSON.parse(JSON.stringify(events[0])) as { attempts: [{ error: object }] };
    assert.deepEqual(Object.keys(attempts[0].error), ['name', 'message', 'phase']);
    assert.equal(events[0]?.attempts[0]?.error, error);
    assert.equal(error.reason.type, 'Unknown');
    assert.equal('reason' in error.toJSON(), true);
  });

  it('tell of a timeout with the record that its error has', async () => {
    await using setup = await setUp({ timeoutMS: 100 });
    const { harness, orders, events } = setup;
    harness.answer = () => null;

    const failing = errorOf(orders.insertOne({}));
    await harness.advance(100);
    const error = await failing;

    const failed = events[1] as OperationFailedEvent;
    assert.equal(failed.failure, error);
    checkLedger({ timings: failed.timings, elapsedMS: failed.durationMS }, failed.durationMS);
    assert.deepEqual(failed.timings, (error as { timings?: unknown }).timings);
  });

  it('tell of the reason of an abort as it is', async () => {
    await using setup = await setUp();
    const { harness, orders, events } = setup;
    harness.answer = () => null;
    const controller = new AbortController();

    const failing = orders.insertOne({}, { signal: controller.signal }).catch((reason: unknown) => reason);
    await harness.advance(0);
    controller.abort('enough');

    assert.equal(await failing, 'enough');
    assert.equal((events[1] as OperationFailedEvent).failure, 'enough');
    harness.received.at(-1)?.reply({ ok: 1, n: 1 });
  });

  it('say nothing of a call whose arguments are wrong: it has not begun', async () => {
    await using setup = await setUp();

    await errorOf(setup.orders.insertOne({}, { timeoutMS: -1 }));

    assert.deepEqual(setup.story(), []);
  });

  it('tell of each retry: which attempt failed, where and why', async () => {
    await using setup = await setUp();
    const { harness, orders, events, clock } = setup;
    const replies = [failure(10107, { errorLabels: ['RetryableWriteError'] }), { ok: 1, n: 1 }];
    harness.answer = () => {
      clock.skip(10);
      return replies.shift() ?? null;
    };

    const inserting = orders.insertOne({});
    await harness.advance(1000);
    await inserting;

    assert.deepEqual(
      events.map(({ name }) => name),
      ['operationStarted', 'operationRetried', 'operationSucceeded'],
    );
    const retried = events[1] as OperationRetriedEvent;
    assert.equal(retried.commandName, 'insert');
    assert.equal(retried.attempt, 1);
    assert.equal(retried.address, 'a:27017');
    assert.equal((retried.failure as { code?: number }).code, 10107);
    assert.equal(retried.backoffMS, 0);
    assert.equal((events[2] as OperationSucceededEvent).attempts.length, 2);
  });

  it('tell of a read of a cursor only if it waits for the server, with one id for the cursor', async () => {
    await using setup = await setUp();
    const cursor = setup.orders.find({});

    await cursor.next();
    await cursor.next();
    await cursor.close();

    assert.deepEqual(setup.story(), [
      'operationStarted find.next',
      'operationSucceeded find.next',
      'operationStarted find.close',
      'operationSucceeded find.close',
    ]);
    assert.equal(new Set(setup.events.map(event => callOf(event).operationId)).size, 1);
  });

  it('of a cursor are named by the method that the program called, each time that it waits for the server', async () => {
    const cases: Record<string, (cursor: FindCursor) => Promise<unknown>> = {
      'find.forEach': cursor => cursor.forEach(() => undefined),
      'find.stream': cursor => cursor.stream().toArray(),
      // The method of its iterator.
      'find.next': async cursor => {
        for await (const document of cursor) assert.ok(document);
      },
    };
    for (const [name, read] of Object.entries(cases)) {
      await using setup = await setUp();
      const { harness, orders } = setup;
      harness.answer = command =>
        command.name === 'find'
          ? { ok: 1, cursor: { id: 7n, ns: 'shop.orders', firstBatch: [{ _id: 1 }] } }
          : { ok: 1, cursor: { id: 0n, ns: 'shop.orders', nextBatch: [{ _id: 2 }] } };

      await read(orders.find({}));

      const started = setup.story().filter(line => line.startsWith('operationStarted'));
      assert.deepEqual(started.slice(0, 2), [`operationStarted ${name}`, `operationStarted ${name}`], name);
    }
  });

  it('are named by the public method, also where it uses another', async () => {
    await using setup = await setUp();
    const { orders, client } = setup;
    const database = client.db('shop');
    const calls: Record<string, () => Promise<unknown>> = {
      createSearchIndex: () => orders.createSearchIndex({ definition: {} }),
      indexes: () => orders.indexes(),
      indexInformation: () => orders.indexInformation(),
      indexExists: () => orders.indexExists('a'),
      options: () => orders.options(),
      isCapped: () => orders.isCapped(),
      collections: () => database.collections(),
      renameCollection: () => database.renameCollection('orders', 'sales'),
      dropCollection: () => database.dropCollection('orders'),
      'initializeUnorderedBulkOp.execute': () => orders.initializeUnorderedBulkOp().insert({}).execute(),
      ping: () => database.admin().ping(),
      serverStatus: () => database.admin().serverStatus(),
    };
    setup.harness.answer = () => ({
      ok: 1,
      indexesCreated: [{ id: '1', name: 'a' }],
      cursor: { id: 0n, ns: 'shop.$cmd', firstBatch: [{ name: 'a', key: { a: 1 } }] },
    });

    for (const call of Object.values(calls)) await call();

    const started = setup.events
      .filter(({ name }) => name === 'operationStarted')
      .map(event => callOf(event).operationName);
    assert.deepEqual(started, Object.keys(calls));
  });

  it('tell of a batch that is asked for ahead as an operation of its own, with its own time', async () => {
    await using setup = await setUp();
    const { harness, orders, clock } = setup;
    harness.answer = command => {
      clock.skip(10);
      return command.name === 'find'
        ? { ok: 1, cursor: { id: 7n, ns: 'shop.orders', firstBatch: [{ _id: 1 }] } }
        : { ok: 1, cursor: { id: 0n, ns: 'shop.orders', nextBatch: [{ _id: 2 }] } };
    };

    const found = await orders.find({}, { prefetch: true, timeoutMS: 500 }).toArray();

    assert.equal(found.length, 2);
    const ended = setup.events.filter(event => callOf(event).operationName === 'find.prefetch');
    assert.deepEqual(
      ended.map(({ name }) => name),
      ['operationStarted', 'operationSucceeded'],
    );
    assert.equal((ended[1] as OperationSucceededEvent).durationMS, 10);
  });

  it('come in the asynchronous context of the caller', async () => {
    await using setup = await setUp();
    const request = new AsyncLocalStorage<number>();
    const seen: (number | undefined)[] = [];
    for (const name of ['operationStarted', 'operationSucceeded'] as const) {
      setup.client.on(name, () => seen.push(request.getStore()));
    }

    await Promise.all([1, 2].map(number => request.run(number, () => setup.orders.insertOne({}))));

    assert.deepEqual(seen, [1, 2, 1, 2]);
  });

  it('may be answered by another operation of the listener', async () => {
    await using setup = await setUp();
    const { client, orders, events } = setup;
    const counting: Promise<unknown>[] = [];
    client.once('operationSucceeded', () => counting.push(orders.insertOne({})));

    await orders.insertOne({});
    await Promise.all(counting);

    assert.equal(events.length, 4);
  });
});
