import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { ClientHarness } from '../../support/client_harness.js';
import { errorOf, failure } from '../../support/engine_harness.js';
import { quiet } from '../../support/scripted_server.js';

/** ReadConcernMajorityNotAvailableYet: the command may be repeated, on the same server. */
const NOT_YET = 134;
const REFUSAL = failure(NOT_YET, { errorLabels: ['RetryableWriteError'] });

async function timeoutOf(harness: ClientHarness, run: () => Promise<unknown>): Promise<MongoOperationTimeoutError> {
  const failed = errorOf(run(), MongoOperationTimeoutError);
  await quiet();
  await harness.clock.advance(1000);
  return await failed;
}

const orders = ({ client }: ClientHarness) => client.db('shop').collection('orders');

describe('the error of an operation that ran out of time', () => {
  it('tells its method, its time and where that was set', async () => {
    await using harness = await ClientHarness.connected({ timeoutMS: 100 });

    const error = await timeoutOf(harness, () => orders(harness).findOne({}));

    const { operationName, timeoutMS, timeoutSource, namespace, phase } = error;
    assert.deepEqual(
      { operationName, timeoutMS, timeoutSource, namespace, phase },
      {
        operationName: 'findOne',
        timeoutMS: 100,
        timeoutSource: 'the client',
        namespace: 'shop.orders',
        phase: 'read',
      },
    );
  });

  it('tells the maxTimeMS that the server was sent', async () => {
    await using harness = await ClientHarness.connected();

    const error = await timeoutOf(harness, () => orders(harness).findOne({}, { timeoutMS: 100 }));

    assert.equal(error.maxTimeMS, 100);
    assert.equal(harness.received.at(-1)?.body['maxTimeMS'], 100);
  });

  it('tells what each attempt met, and how long it took', async () => {
    await using harness = await ClientHarness.connected();
    const { clock } = harness;
    let refusals = 2;
    harness.answer = () => {
      if (refusals-- <= 0) return null;
      clock.skip(20);
      return REFUSAL;
    };

    const error = await timeoutOf(harness, () => orders(harness).insertOne({}, { timeoutMS: 100 }));

    assert.deepEqual(
      error.attempts.map(attempt => [
        attempt.host,
        attempt.durationMS,
        (attempt.error as { code?: number } | undefined)?.code,
      ]),
      [
        ['a:27017', 20, NOT_YET],
        ['a:27017', 20, NOT_YET],
        ['a:27017', 60, undefined],
      ],
    );
    assert.match(
      error.message,
      /Attempts: a:27017 20\.0 ms MongoServerError 134; a:27017 20\.0 ms MongoServerError 134; a:27017 60\.0 ms$/,
    );
    const { attempts } = JSON.parse(JSON.stringify(error)) as { attempts: readonly [{ error: object }] };
    const shown = ['name', 'message', 'code', 'phase', 'connectionId', 'errorLabels'];
    assert.deepEqual(Object.keys(attempts[0].error), shown);
  });

  it('counts the time of an attempt of a later command from its begin', async () => {
    await using harness = await ClientHarness.connected();
    const { clock } = harness;
    harness.answer = ({ name }) => {
      clock.skip(30);
      return name === 'find'
        ? { ok: 1, cursor: { id: 7n, ns: 'shop.orders', firstBatch: [{ a: 1 }] } }
        : name === 'killCursors'
          ? { ok: 1 }
          : null;
    };

    const error = await timeoutOf(harness, () => orders(harness).find({}, { timeoutMS: 100 }).toArray());

    assert.equal(error.operationName, 'find.toArray');
    assert.deepEqual(
      error.attempts.map(({ durationMS }) => durationMS),
      [70],
    );
  });

  it('keeps the first attempts and the last of very many', async () => {
    await using harness = await ClientHarness.connected();
    harness.answer = () => {
      harness.clock.skip(1);
      return REFUSAL;
    };

    const error = await timeoutOf(harness, () => orders(harness).insertOne({}, { timeoutMS: 990 }));

    assert.equal(error.attempts.length, 16);
  });

  it('has no attempts when none began', async () => {
    const harness = new ClientHarness();
    harness.server.hello = () => null;

    const error = await timeoutOf(harness, () => harness.client.connect({ timeoutMS: 50 }));

    assert.deepEqual(error.attempts, []);
    assert.equal(error.operationName, 'connect');
    await harness.client.close();
  });
});
