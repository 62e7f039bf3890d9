import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '../../../src/bson/index.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { MongoServerError, MongoWriteConcernError } from '../../../src/errors/server.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { inheritWritten, withWritten, writtenOf } from '../../../src/executor/written.js';
import { EngineHarness, errorOf, failure, write } from '../../support/engine_harness.js';

/** An insert that was carried out, and after which a retry is asked for. */
const unsatisfied = (n: number): Document => ({
  ok: 1,
  n,
  writeConcernError: { code: 6, errmsg: 'host unreachable' },
  errorLabels: ['RetryableWriteError'],
});

/** An insert whose error tells how many documents were inserted. */
const insert = write({
  result({ reply, address }) {
    const result = { n: reply.body.number('n') };
    const error = reply.writeConcernError({ host: address });
    if (error !== null) throw withWritten(error, result);
    return result;
  },
});

/** The error of the insert, whose commands are answered so. */
async function failed(replies: readonly Document[], timeoutMS?: number): Promise<Error> {
  const harness = await EngineHarness.open();
  const error = await errorOf(harness.runAnswered(insert, replies, timeoutMS === undefined ? {} : { timeoutMS }));
  await harness.close();
  return error;
}

describe('writtenOf', () => {
  it('tells what the attempt wrote that ended with the error', async () => {
    const error = await failed([unsatisfied(1), unsatisfied(2)]);

    assert.ok(error instanceof MongoWriteConcernError);
    assert.deepEqual(writtenOf(error), { n: 2 });
  });

  it('tells what an earlier attempt wrote if the last one failed in another way', async () => {
    const error = await failed([unsatisfied(1), failure(13)]);

    assert.ok(error instanceof MongoServerError);
    assert.equal(error.code, 13);
    assert.deepEqual(writtenOf(error), { n: 1 });
  });

  it('tells of the last attempt that wrote, however many follow', async () => {
    const unreachable = failure(6, { errorLabels: ['RetryableWriteError'] });
    const error = await failed([unsatisfied(1), unsatisfied(2), unreachable, unreachable, failure(13)], 1000);

    assert.ok(error instanceof MongoServerError);
    assert.equal(error.code, 13);
    assert.deepEqual(writtenOf(error), { n: 2 });
  });

  it('finds it behind the error that the caller gets for the error of the server', async () => {
    const expired = { code: 50, codeName: 'MaxTimeMSExpired', errmsg: 'time limit' };
    const error = await failed([unsatisfied(1), { ...unsatisfied(2), writeConcernError: expired }], 1000);

    assert.ok(error instanceof MongoOperationTimeoutError);
    assert.deepEqual(writtenOf(error), { n: 2 });
  });

  it('knows nothing of errors that tell nothing', async () => {
    assert.equal(writtenOf(await failed([failure(13)])), undefined);
    assert.equal(writtenOf(new MongoNetworkError('x', { cause: 'y' })), undefined);
    assert.equal(writtenOf('no error'), undefined);
  });

  it('passes over what is no error: a value that the code of a user threw', () => {
    assert.doesNotThrow(() => inheritWritten('thrown', withWritten(new MongoNetworkError('x'), { n: 1 })));
  });

  it('leaves no trace on the error that a caller could see', () => {
    const error = withWritten(new MongoNetworkError('x'), { n: 1 });

    assert.deepEqual(Object.keys(error), Object.keys(new MongoNetworkError('x')));
    assert.deepEqual(Object.getOwnPropertySymbols(error), []);
  });
});
