import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { Call, type CallRecord } from '../../../src/call/call.js';
import type { MongoClientOptions } from '../../../src/uri/client_options.js';
import { ClientHarness } from '../../support/client_harness.js';
import { errorOf, failure } from '../../support/engine_harness.js';
import { checkLedger, stagesOf, textOfAttempts } from '../../support/ledger.js';
import { quiet } from '../../support/scripted_server.js';

/** A client whose server takes 10 ms for each command, and the calls that it begins, each with how long it took. */
async function setUp(options?: MongoClientOptions) {
  const harness = await ClientHarness.connected(options);
  const { client, clock } = harness;
  const calls = new Set<Call>();
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called on each call
  const { keepRecord } = Call.prototype;
  mock.method(Call.prototype, 'keepRecord', function keep(this: Call) {
    calls.add(this);
    keepRecord.call(this);
  });
  client.on('operationSucceeded', () => undefined);
  harness.answer = ({ name }) => {
    clock.skip(10);
    const ns = 'shop.orders';
    if (name === 'find') return { ok: 1, cursor: { id: 7n, ns, firstBatch: [{ a: 1 }] } };
    if (name === 'getMore') return { ok: 1, cursor: { id: 0n, ns, nextBatch: [{ a: 2 }] } };
    return { ok: 1, n: 1 };
  };
  return {
    ...{ harness, client, clock, orders: client.db('shop').collection('orders') },
    /** The records of the calls that were made while a function ran, by their names. */
    async recordsOf(run: () => Promise<unknown>): Promise<Map<string, CallRecord>> {
      calls.clear();
      const begin = clock.now();
      await run();
      const records = new Map([...calls].map(call => [call.name, call.record() as CallRecord]));
      assert.ok(records.size > 0);
      for (const record of records.values()) {
        assert.ok(record.elapsedMS <= clock.now() - begin);
        checkLedger(record, record.elapsedMS);
      }
      return records;
    },
    [Symbol.asyncDispose]: async () => {
      mock.restoreAll();
      await harness[Symbol.asyncDispose]();
    },
  };
}

for (const timeoutMS of [undefined, 1000]) {
  describe(`the record of a call that succeeds, timeoutMS ${String(timeoutMS)}`, () => {
    const options = timeoutMS === undefined ? {} : { timeoutMS };

    it('has its stages and its attempts', async () => {
      await using setup = await setUp(options);

      const records = await setup.recordsOf(() => setup.orders.insertOne({}));

      const record = records.get('insertOne') as CallRecord;
      assert.deepEqual(stagesOf(record.timings), ['read 10']);
      assert.deepEqual(textOfAttempts(record.attempts), ['a:27017 10']);
      assert.equal(record.elapsedMS, 10);
    });

    it('has the attempts that failed before, each in its own stage', async () => {
      await using setup = await setUp(options);
      const { harness, clock } = setup;
      const replies = [failure(10107, { errorLabels: ['RetryableWriteError'] }), { ok: 1, n: 1 }];
      harness.answer = () => {
        clock.skip(10);
        return replies.shift() ?? null;
      };

      const records = await setup.recordsOf(async () => {
        const inserted = setup.orders.insertOne({});
        await quiet();
        await clock.advance(600);
        await inserted;
      });

      const record = records.get('insertOne') as CallRecord;
      assert.deepEqual(textOfAttempts(record.attempts).slice(0, 1), ['a:27017 10 code 10107']);
      assert.deepEqual(textOfAttempts(record.attempts).length, 2);
      assert.equal(stagesOf(record.timings)[0], 'server 10');
      assert.equal(stagesOf(record.timings).at(-1), 'read 10');
    });

    it('has all commands of a bulk write', async () => {
      await using setup = await setUp(options);

      const records = await setup.recordsOf(() =>
        setup.orders.bulkWrite([{ insertOne: { document: {} } }, { deleteOne: { filter: {} } }]),
      );

      const record = records.get('bulkWrite') as CallRecord;
      assert.deepEqual(stagesOf(record.timings), ['read 10', 'read 10']);
      assert.deepEqual(textOfAttempts(record.attempts), ['a:27017 10', 'a:27017 10']);
    });

    for (const timeoutMode of ['cursorLifetime', 'iteration'] as const) {
      if (timeoutMS === undefined && timeoutMode === 'iteration') continue;
      const mode = timeoutMS === undefined ? {} : { timeoutMode };

      it(`has all batches of toArray, ${timeoutMode}`, async () => {
        await using setup = await setUp(options);

        const records = await setup.recordsOf(() => setup.orders.find({}, mode).toArray());

        const record = records.get('find.toArray') as CallRecord;
        assert.deepEqual(stagesOf(record.timings), ['read 10', 'read 10']);
        assert.deepEqual(textOfAttempts(record.attempts), ['a:27017 10', 'a:27017 10']);
      });

      it(`is of one read of a cursor, without the time between the reads, ${timeoutMode}`, async () => {
        await using setup = await setUp(options);
        const cursor = setup.orders.find({}, mode);

        const records = await setup.recordsOf(async () => {
          await cursor.next();
          setup.clock.skip(50);
        });
        assert.deepEqual(stagesOf(records.get('find.next')?.timings ?? []), ['read 10']);

        await cursor.close();
      });
    }

    it('of a transaction has the time of the caller, and each operation has its own', async () => {
      await using setup = await setUp(options);
      const { client, clock, orders } = setup;
      const session = client.startSession();
      const work = async () => {
        clock.skip(5);
        await orders.insertOne({}, { session });
        clock.skip(6);
        await orders.find({}, { session }).toArray();
      };

      const records = await setup.recordsOf(() => session.withTransaction(work));

      assert.deepEqual(stagesOf(records.get('insertOne')?.timings ?? []), ['read 10']);
      assert.deepEqual(stagesOf(records.get('find.toArray')?.timings ?? []), ['read 10', 'read 10']);
      assert.deepEqual(stagesOf(records.get('commitTransaction')?.timings ?? []), ['read 10']);
      assert.deepEqual(stagesOf(records.get('withTransaction')?.timings ?? []), [
        ...['caller 5', 'read 10', 'caller 6', 'read 10', 'read 10', 'read 10'],
      ]);
      assert.deepEqual(records.get('withTransaction')?.attempts, []);
      await session.endSession();
    });
  });
}

describe('the record of a call that fails', () => {
  it('is the same as that of one that succeeds', async () => {
    await using setup = await setUp({ timeoutMS: 100 });
    const { harness, clock, orders } = setup;
    harness.answer = () => null;

    const records = await setup.recordsOf(async () => {
      const failed = errorOf(orders.insertOne({}));
      await quiet();
      await clock.advance(100);
      await failed;
    });

    const record = records.get('insertOne') as CallRecord;
    assert.deepEqual(stagesOf(record.timings), ['read 100']);
    assert.deepEqual(textOfAttempts(record.attempts), ['a:27017 100 MongoOperationTimeoutError']);
  });

  it('has the stage in which its server refused it', async () => {
    await using setup = await setUp();
    const { harness, clock, orders } = setup;
    harness.answer = () => {
      clock.skip(10);
      return failure(2);
    };

    const records = await setup.recordsOf(() => errorOf(orders.insertOne({})));

    const record = records.get('insertOne') as CallRecord;
    assert.deepEqual(stagesOf(record.timings), ['server 10']);
    assert.deepEqual(textOfAttempts(record.attempts), ['a:27017 10 code 2']);
  });
});

describe('a call whose record no listener wants', () => {
  it('keeps nothing of its success', async () => {
    await using setup = await setUp();
    const { client, orders } = setup;
    const calls: Call[] = [];
    client.removeAllListeners('operationSucceeded');
    const engine = client.engine.bind(client);
    client.engine = call => {
      calls.push(call);
      return engine(call);
    };

    await orders.insertOne({});
    await orders.insertOne({}, { timeoutMS: 1000 });

    for (const call of calls) {
      assert.equal(call.record(), null);
      assert.deepEqual(call.deadline.timings, []);
    }
    assert.equal(calls.length, 2);
  });
});
