import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Document, Int32, Long } from '../../../src/bson/index.js';
import { insertMany } from '../../../src/bulk/bulk_write.js';
import { MongoBulkWriteError } from '../../../src/bulk/errors.js';
import { WriteConcern } from '../../../src/concern/write_concern.js';
import {
  MongoClientClosedError,
  MongoInvalidArgumentError,
  MongoUnexpectedServerResponseError,
} from '../../../src/errors/driver.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { type EngineHarness, errorOf, failure, LOAD_BALANCED } from '../../support/engine_harness.js';
import { quiet } from '../../support/scripted_server.js';
import { contextWith } from '../commands/support.js';
import {
  commands,
  deleteMany,
  deleteOne,
  fieldOf,
  insert,
  ok,
  RETRYABLE,
  run,
  scripted,
  unsatisfied,
  updateMany,
  updateOne,
} from './support.js';

const UNACKNOWLEDGED = { writeConcern: new WriteConcern(0) };

const inserts = (count: number, more: Document = {}) =>
  Array.from({ length: count }, (_, index) => insert(index, more));

/** Nothing of a bulk write may be left behind: no operation, no connection in use, no session that is not in the pool. */
async function close(harness: EngineHarness): Promise<void> {
  harness.assertReleased();
  await harness.close();
}

describe('bulkWrite, batches', () => {
  it('sends a command for each run of writes of one kind, in order', async () => {
    const harness = await scripted([ok(2), ok(1, { nModified: 1 }), ok(1), ok(1)]);

    const tally = await run(harness, [insert(1), insert(2), updateOne(), deleteOne(), insert(3)]);

    assert.deepEqual(commands(harness), [
      ['insert', 2],
      ['update', 1],
      ['delete', 1],
      ['insert', 1],
    ]);
    const { insertedCount, matchedCount, modifiedCount, deletedCount, insertedIds } = tally.result();
    assert.deepEqual([insertedCount, matchedCount, modifiedCount, deletedCount], [3, 1, 1, 1]);
    assert.deepEqual(insertedIds, { 0: 1, 1: 2, 4: 3 });
    await close(harness);
  });

  it('begins a new message at maxWriteBatchSize', async () => {
    const harness = await scripted([ok(2), ok(2), ok(1)], { maxWriteBatchSize: 2 });

    const tally = await run(harness, inserts(5));

    assert.deepEqual(commands(harness), [
      ['insert', 2],
      ['insert', 2],
      ['insert', 1],
    ]);
    const sent = harness.received.flatMap(({ sequences }) => sequences['documents']!.map(({ _id }) => _id as unknown));
    assert.deepEqual(sent, [0, 1, 2, 3, 4]);
    assert.equal(tally.insertedCount, 5);
    await close(harness);
  });

  it('begins a new message at maxMessageSizeBytes', async () => {
    const harness = await scripted([ok(3), ok(3), ok(1)], { maxMessageSizeBytes: 4000 });

    await run(harness, inserts(7, { text: 'x'.repeat(1000) }));

    assert.deepEqual(commands(harness), [
      ['insert', 3],
      ['insert', 3],
      ['insert', 1],
    ]);
    await close(harness);
  });

  it('refuses a document above maxBsonObjectSize by its position, with what the earlier batches inserted', async () => {
    const harness = await scripted([ok(2)], { maxWriteBatchSize: 2, maxBsonObjectSize: 1000 });

    const error = await errorOf(
      run(harness, [...inserts(2), insert(2, { text: 'x'.repeat(1000) })]),
      MongoInvalidArgumentError,
    );

    assert.match(error.message, /The document at index 2 is \d+ bytes of BSON, and the server takes at most 1000/);
    assert.deepEqual(commands(harness), [['insert', 2]]);
    assert.equal((error as unknown as Document)['insertedCount'], 2);
    await close(harness);
  });

  it('sends every batch in the same session, and gives the session back', async () => {
    const harness = await scripted([ok(1), ok(1), ok(1)], { maxWriteBatchSize: 1 });

    await run(harness, inserts(3));

    assert.equal(new Set(fieldOf(harness, 'lsid').map(lsid => JSON.stringify(lsid))).size, 1);
    assert.deepEqual(fieldOf(harness, 'txnNumber').map(Number), [1, 2, 3]);
    assert.deepEqual(fieldOf(harness, 'ordered'), [true, true, true]);
    assert.equal(harness.engine.sessions.size, 1);
    await close(harness);
  });

  it('gives the session back after an error too', async () => {
    const harness = await scripted([failure(13)]);

    await errorOf(run(harness, inserts(1)));

    assert.equal(harness.engine.sessions.size, 1);
    await close(harness);
  });

  it('puts the options of the whole on each command that has such a field', async () => {
    const harness = await scripted([ok(1), ok(1), ok(1)]);

    await run(harness, [insert(1), updateOne(), deleteOne()], {
      options: { bypassDocumentValidation: true, let: { x: 1 }, comment: 'why', ordered: false, maxTimeMS: 50 },
      context: { writeConcern: new WriteConcern('majority') },
    });

    assert.deepEqual(fieldOf(harness, 'bypassDocumentValidation'), [true, true, undefined]);
    assert.deepEqual(fieldOf(harness, 'let'), [undefined, { x: 1 }, { x: 1 }]);
    assert.deepEqual(fieldOf(harness, 'comment'), ['why', 'why', 'why']);
    assert.deepEqual(fieldOf(harness, 'ordered'), [false, false, false]);
    assert.deepEqual(fieldOf(harness, 'maxTimeMS'), [50, 50, 50]);
    assert.deepEqual(fieldOf(harness, 'writeConcern'), Array(3).fill({ w: 'majority' }));
    assert.deepEqual(fieldOf(harness, 'insert')[0], 'orders');
    await close(harness);
  });

  it('keeps no connection to itself behind a load balancer', async () => {
    const harness = await scripted([ok(1), ok(1)], {}, LOAD_BALANCED);

    await run(harness, [insert(1), deleteOne()]);

    assert.equal(harness.serverAt('lb:27017').pool.stats().idle, 1);
    await close(harness);
  });

  it('refuses to send nothing', async () => {
    const harness = await scripted([]);

    for (const empty of [run(harness, []), run(harness, [], { options: { ordered: false } })]) {
      assert.match((await errorOf(empty, MongoInvalidArgumentError)).message, /Batch cannot be empty/);
    }

    assert.deepEqual(commands(harness), []);
    await close(harness);
  });

  it('refuses a collation of the whole, which no write would have, unless all are inserts', async () => {
    const harness = await scripted([ok(1)]);
    const options = { collation: { locale: 'en' } };

    const error = await errorOf(run(harness, [insert(1), updateOne()], { options }), MongoInvalidArgumentError);
    await run(harness, [insert(1)], { options });

    assert.match(error.message, /no collation of its own/);
    assert.deepEqual(commands(harness), [['insert', 1]]);
    await close(harness);
  });
});

describe('bulkWrite, errors of single writes', () => {
  const duplicate = (index: number): Document => ({ index, code: 11000, errmsg: 'E11000 duplicate key' });

  it('sends no further batch after an error if ordered', async () => {
    const harness = await scripted([ok(1, { writeErrors: [duplicate(1)] }), ok(1)], { maxWriteBatchSize: 3 });

    const error = await errorOf(run(harness, [...inserts(4), deleteOne()]), MongoBulkWriteError);

    assert.deepEqual(commands(harness), [['insert', 3]]);
    assert.deepEqual([error.code, error.message, error.namespace], [11000, 'E11000 duplicate key', 'shop.orders']);
    assert.deepEqual([error.insertedCount, error.insertedIds], [1, { 0: 0 }]);
    assert.equal(error.operationId, 1);
    await close(harness);
  });

  it('sends the other batches if unordered, and numbers the errors by their positions in the whole', async () => {
    const harness = await scripted(
      [
        ok(1, { writeErrors: [duplicate(1)] }),
        ok(0, { writeErrors: [{ index: 0, code: 11000, errmsg: 'again', errInfo: { why: 1 } }] }),
        ok(1, { writeErrors: [{ ...duplicate(0), code: 7 }] }),
      ],
      { maxWriteBatchSize: 2 },
    );
    const models = [insert('a'), updateOne(), insert('b'), updateOne(), insert('c')];

    const error = await errorOf(run(harness, models, { options: { ordered: false } }), MongoBulkWriteError);

    assert.deepEqual(commands(harness), [
      ['insert', 2],
      ['insert', 1],
      ['update', 2],
    ]);
    assert.deepEqual(
      error.writeErrors.map(({ index, code, errmsg }) => [index, code, errmsg]),
      [
        [1, 7, 'E11000 duplicate key'],
        [2, 11000, 'E11000 duplicate key'],
        [4, 11000, 'again'],
      ],
    );
    assert.deepEqual(error.writeErrors[2]!.errInfo, { why: 1 });
    assert.deepEqual(error.writeErrors[2]!.getOperation(), { _id: 'c' });
    assert.deepEqual(error.insertedIds, { 0: 'a' });
    await close(harness);
  });

  it('counts upserts apart from matches, with their positions and _ids as the user wants them decoded', async () => {
    const upserted = [
      { index: 0, _id: new Int32(7) },
      { index: 1, _id: new Long(8) },
    ];
    const harness = await scripted([ok(2), ok(3, { nModified: 1, upserted })]);

    const tally = await run(harness, [insert(1), insert(2), updateOne(), updateOne(), updateOne()], {
      context: { bsonOptions: {} },
    });

    const result = tally.result();
    assert.deepEqual([result.matchedCount, result.modifiedCount, result.upsertedCount], [1, 1, 2]);
    assert.deepEqual(result.upsertedIds, { 2: 7, 3: 8 });
    await close(harness);
  });

  it('gives the upserts in the order of their positions, in whichever order the server lists them', async () => {
    const upserted = [
      { index: 1, _id: 'b' },
      { index: 0, _id: 'a' },
    ];
    const harness = await scripted([ok(2, { upserted })]);

    const result = (await run(harness, [updateOne(), updateOne()])).result();

    assert.deepEqual([result.getUpsertedIdAt(0), result.getUpsertedIdAt(1)], [upserted[1], upserted[0]]);
    await close(harness);
  });

  it('names the documents that were inserted beside those that failed', async () => {
    const harness = await scripted([ok(2, { writeErrors: [duplicate(0), duplicate(2)] })]);

    const error = await errorOf(run(harness, inserts(4), { options: { ordered: false } }), MongoBulkWriteError);

    assert.deepEqual(error.insertedIds, { 1: 1, 3: 3 });
    await close(harness);
  });

  it('names no document that was not sent, even if the server claims to have inserted more', async () => {
    const harness = await scripted([ok(5), failure(13)], { maxWriteBatchSize: 2 });

    const error = await errorOf(run(harness, inserts(3)), MongoBulkWriteError);

    assert.deepEqual(error.insertedIds, { 0: 0, 1: 1 });
    await close(harness);
  });

  it('names no _id of a document whose _id the server makes', async () => {
    const harness = await scripted([ok(2)]);

    const result = (await run(harness, [{ insertOne: { document: { a: 1 } } }, insert(2)])).result();

    assert.deepEqual(result.insertedIds, { 1: 2 });
    await close(harness);
  });

  it('reports the errors in the order of their positions although batches come by kind', async () => {
    const harness = await scripted([
      ok(0, { writeErrors: [duplicate(0)] }),
      ok(1, { upserted: [{ index: 1, _id: 'u1' }], writeErrors: [{ ...duplicate(0), errmsg: 'first' }] }),
      ok(1),
    ]);
    const models = [updateOne(), insert(1), updateOne(), deleteMany()];

    const error = await errorOf(run(harness, models, { options: { ordered: false } }), MongoBulkWriteError);

    assert.equal(error.message, 'first');
    assert.deepEqual(
      error.writeErrors.map(({ index }) => index),
      [0, 1],
    );
    assert.deepEqual([error.upsertedIds, error.deletedCount], [{ 2: 'u1' }, 1]);
    await close(harness);
  });

  it('reports a timeout if the server stopped a write because the time of the call was up', async () => {
    const writeErrors = [{ index: 0, code: 50, errmsg: 'operation exceeded time limit' }];
    const harness = await scripted([ok(1), ok(0, { writeErrors })]);

    const error = await errorOf(
      run(harness, [insert(1), deleteMany()], { timeoutMS: 1000 }),
      MongoOperationTimeoutError,
    );

    assert.equal(error.phase, 'server');
    assert.equal(error.maybeApplied, true);
    assert.match(error.message, /on the server \(bulk write to shop\.orders\)/);
    assert.deepEqual([error.insertedCount, error.writeErrors?.length, error.operationId], [1, 1, 1]);
    assert.ok(error.cause instanceof MongoBulkWriteError);
    await close(harness);
  });

  it('reports the error of the server as it is if the call has no timeoutMS', async () => {
    const writeErrors = [{ index: 0, code: 50, errmsg: 'operation exceeded time limit' }];
    const harness = await scripted([ok(0, { writeErrors })]);

    const error = await errorOf(run(harness, [deleteMany()], { options: { maxTimeMS: 5 } }), MongoBulkWriteError);

    assert.equal(error.code, 50);
    await close(harness);
  });
});

describe('bulkWrite, write concern errors', () => {
  it('sends the batches that follow, and reports the error at the end with all counts', async () => {
    const harness = await scripted([ok(1, unsatisfied()), ok(1, { nModified: 1 })]);

    const error = await errorOf(run(harness, [insert(1), updateOne()]), MongoBulkWriteError);

    assert.deepEqual(commands(harness), [
      ['insert', 1],
      ['update', 1],
    ]);
    assert.deepEqual([error.code, error.message], [100, 'not enough members']);
    assert.deepEqual([error.insertedCount, error.modifiedCount, error.insertedIds], [1, 1, { 0: 1 }]);
    assert.deepEqual([error.writeErrors, error.err?.code], [[], 100]);
    await close(harness);
  });

  it('joins the write concern errors of several batches', async () => {
    const late = unsatisfied({ code: 64, errmsg: 'waiting timed out', errInfo: { wtimeout: true } });
    const harness = await scripted([ok(1, unsatisfied()), ok(1, late)]);

    const error = await errorOf(run(harness, [insert(1), deleteOne()]), MongoBulkWriteError);

    assert.deepEqual([error.code, error.message], [64, 'waiting timed out']);
    assert.equal(error.err?.errmsg, 'not enough members and waiting timed out');
    await close(harness);
  });

  it('reports the error of a write before that of the write concern', async () => {
    const writeErrors = [{ index: 0, code: 11000, errmsg: 'duplicate' }];
    const harness = await scripted([ok(0, { writeErrors, ...unsatisfied() })]);

    const error = await errorOf(run(harness, [insert(1)]), MongoBulkWriteError);

    assert.deepEqual([error.code, error.err?.code, error.insertedCount], [11000, 100, 0]);
    await close(harness);
  });

  it('keeps the details of the error', async () => {
    const harness = await scripted([ok(1, unsatisfied({ errInfo: { writeConcern: { w: 9 } } }))]);

    const error = await errorOf(run(harness, [insert(1)]), MongoBulkWriteError);

    assert.deepEqual(error.err?.errInfo, { writeConcern: { w: 9 } });
    await close(harness);
  });

  it('sends a batch again by the same number if the error asks for it, and counts the batch once', async () => {
    const harness = await scripted([ok(2, RETRYABLE), ok(2), ok(1)]);

    const tally = await run(harness, [insert(1), insert(2), deleteOne()]);

    assert.deepEqual(commands(harness), [
      ['insert', 2],
      ['insert', 2],
      ['delete', 1],
    ]);
    assert.deepEqual(fieldOf(harness, 'txnNumber').map(Number), [1, 1, 2]);
    assert.deepEqual([tally.insertedCount, tally.writeConcernErrors], [2, []]);
    await close(harness);
  });

  it('never sends a batch again that writes many documents', async () => {
    const harness = await scripted([ok(3, RETRYABLE), ok(1)]);

    const error = await errorOf(run(harness, [updateOne(), updateMany(), insert(1)]), MongoBulkWriteError);

    assert.deepEqual(commands(harness), [
      ['update', 2],
      ['insert', 1],
    ]);
    assert.deepEqual(fieldOf(harness, 'txnNumber').map(Number), [Number.NaN, 1]);
    assert.deepEqual([error.code, error.matchedCount, error.insertedCount], [6, 3, 1]);
    await close(harness);
  });

  it('reports the error of the retry too, with what the batch did, and sends the batches that follow', async () => {
    const harness = await scripted([ok(2, RETRYABLE), ok(2, unsatisfied()), ok(1)]);

    const error = await errorOf(run(harness, [insert(1), insert(2), deleteOne()]), MongoBulkWriteError);

    assert.deepEqual([error.code, error.insertedCount, error.deletedCount], [100, 2, 1]);
    assert.equal(error.err?.errmsg, 'not enough members');
    await close(harness);
  });

  it('tells what the first attempt wrote if the connection breaks during the retry', async () => {
    const harness = await scripted([ok(1), ok(2, RETRYABLE), 'reset'], { maxWriteBatchSize: 2 });

    const error = await errorOf(run(harness, [deleteOne(), insert(1), insert(2), insert(3)]), MongoBulkWriteError);

    assert.ok(error.cause instanceof MongoNetworkError);
    assert.equal(error.cause.cause instanceof MongoServerError, false);
    assert.deepEqual([error.deletedCount, error.insertedCount, error.insertedIds], [1, 2, { 1: 1, 2: 2 }]);
    assert.equal(error.err?.errmsg, 'host unreachable');
    assert.deepEqual(commands(harness).length, 3);
    await close(harness);
  });

  it('tells what the first attempt wrote if the server refuses the retry', async () => {
    const harness = await scripted([ok(2, RETRYABLE), failure(13)]);

    const error = await errorOf(run(harness, inserts(2)), MongoBulkWriteError);

    assert.deepEqual([error.code, error.insertedCount, error.err?.code], [13, 2, 6]);
    await close(harness);
  });

  it('reports what the first attempt wrote as its result if the retry certainly wrote nothing', async () => {
    const refused = failure(91, { errorLabels: ['RetryableWriteError', 'NoWritesPerformed'] });
    const harness = await scripted([ok(2, RETRYABLE), refused, ok(1)]);

    const failed = errorOf(run(harness, [...inserts(2), deleteOne()]), MongoBulkWriteError);
    await quiet();
    await harness.clock.advance(500);
    const error = await failed;

    assert.deepEqual([error.code, error.insertedCount, error.deletedCount], [6, 2, 1]);
    await close(harness);
  });

  it('reports what the first attempt wrote as its result if no server is found for the retry', async () => {
    const closing = () => {
      harness.hellos.delete('a:27017');
      return ok(2, { ...RETRYABLE, writeConcernError: { code: 91, errmsg: 'shutting down' } });
    };
    const harness = await scripted([closing], {}, { options: { serverSelectionTimeoutMS: 5000 } });

    const failed = errorOf(run(harness, inserts(2)), MongoBulkWriteError);
    await quiet();
    await harness.clock.advance(5000);
    const error = await failed;

    assert.deepEqual([error.code, error.insertedCount, error.err?.errmsg], [91, 2, 'shutting down']);
    await close(harness);
  });

  it('tells what the first attempt wrote if the time of the call ends before the retry', async () => {
    const harness = await scripted([ok(2, RETRYABLE), 'silence']);

    const failed = errorOf(run(harness, inserts(2), { timeoutMS: 1000 }), MongoOperationTimeoutError);
    await harness.clock.advance(1000);
    const error = await failed;

    assert.deepEqual([error.insertedCount, error.maybeApplied], [2, true]);
    assert.match(error.message, /An earlier attempt had failed: host unreachable/);
    await close(harness);
  });

  it('tells what the first attempt wrote if the client closes before the retry', async () => {
    const harness = await scripted([
      () => {
        harness.engine.lifetime.end();
        return ok(2, RETRYABLE);
      },
    ]);

    const error = await errorOf(run(harness, inserts(2)), MongoClientClosedError);

    assert.equal((error as unknown as Document)['insertedCount'], 2);
    await close(harness);
  });

  it('reports a timeout with what was written if the server stopped waiting because the time of the call was up', async () => {
    const late = { writeConcernError: { code: 50, codeName: 'MaxTimeMSExpired', errmsg: 'time limit' } };
    const harness = await scripted([ok(1), ok(2, late)], { maxWriteBatchSize: 2 });

    const error = await errorOf(
      run(harness, [deleteOne(), ...inserts(3)], { timeoutMS: 1000 }),
      MongoOperationTimeoutError,
    );

    assert.deepEqual([error.phase, error.maybeApplied], ['server', true]);
    assert.deepEqual([error.deletedCount, error.insertedCount, error.insertedIds], [1, 2, { 1: 0, 2: 1 }]);
    assert.deepEqual(commands(harness).length, 2);
    await close(harness);
  });

  it('advises to turn retryable writes off where the deployment has none, with what was written', async () => {
    const illegal = { writeConcernError: { code: 20, errmsg: 'Transaction numbers are only allowed on' } };
    const harness = await scripted([ok(1, illegal)]);

    const error = await errorOf(run(harness, inserts(1)), MongoBulkWriteError);

    assert.match(error.message, /does not support retryable writes/);
    assert.equal(error.insertedCount, 1);
    await close(harness);
  });
});

describe('bulkWrite, errors of a whole command', () => {
  it('reports what a server refused, with the counts of the earlier batches, and sends no more', async () => {
    const harness = await scripted([ok(2), failure(13, { errorLabels: ['Custom'], errInfo: { a: 1 } }), ok(1)]);

    const error = await errorOf(
      run(harness, [...inserts(2), deleteOne(), updateOne()], { options: { ordered: false } }),
      MongoBulkWriteError,
    );

    assert.deepEqual(commands(harness), [
      ['insert', 2],
      ['update', 1],
    ]);
    assert.deepEqual([error.code, error.message, error.insertedCount], [13, 'error 13', 2]);
    assert.deepEqual([error.insertedIds, error.writeErrors], [{ 0: 0, 1: 1 }, []]);
    assert.ok(error.hasErrorLabel('Custom'));
    assert.ok(error.cause instanceof MongoServerError);
    assert.deepEqual([error.host, error.namespace, error.phase], ['a:27017', 'shop.orders', 'server']);
    assert.deepEqual([error.operationId, error.connectionId], [1, error.cause.connectionId]);
    await close(harness);
  });

  it('reports a lost connection as the failure of the bulk write', async () => {
    const harness = await scripted([ok(2), 'reset'], { maxWriteBatchSize: 2 }, { options: { retryWrites: false } });

    const error = await errorOf(run(harness, inserts(3)), MongoBulkWriteError);

    assert.ok(error.cause instanceof MongoNetworkError);
    assert.deepEqual([error.insertedCount, error.insertedIds], [2, { 0: 0, 1: 1 }]);
    assert.deepEqual([error.host, error.phase], ['a:27017', 'read']);
    await close(harness);
  });

  it('sends a batch again after a lost connection, and goes on with the next', async () => {
    const harness = await scripted([ok(2), 'reset', ok(1), ok(1)], { maxWriteBatchSize: 2 });

    const running = run(harness, [...inserts(3), deleteOne()]);
    await quiet();
    await harness.clock.advance(500);
    const tally = await running;

    assert.deepEqual(commands(harness), [
      ['insert', 2],
      ['insert', 1],
      ['insert', 1],
      ['delete', 1],
    ]);
    assert.deepEqual(fieldOf(harness, 'txnNumber').map(Number), [1, 2, 2, 3]);
    assert.equal(tally.insertedCount, 3);
    await close(harness);
  });

  const MALFORMED: [string, Document][] = [
    ['a negative count', { n: -1 }],
    ['a count that is no number', { n: 'many' }],
    ['write errors that are no array', { n: 1, writeErrors: {} }],
    ['a write error that is no document', { n: 1, writeErrors: [1] }],
    ['the error of a write that was not sent', { n: 1, writeErrors: [{ index: 1, code: 1 }] }],
    ['a write error whose code is a text', { n: 1, writeErrors: [{ index: 0, code: '11000' }] }],
    ['a write error whose message is a number', { n: 1, writeErrors: [{ index: 0, code: 1, errmsg: 5 }] }],
    ['a write concern error that is a text', { n: 1, writeConcernError: 'no' }],
    ['a write concern error whose code is a text', { n: 1, writeConcernError: { code: 'no' } }],
  ];
  for (const [what, reply] of MALFORMED) {
    it(`refuses a reply with ${what}, and closes the connection`, async () => {
      const harness = await scripted([ok(1), { ok: 1, ...reply }], {}, { options: { retryWrites: false } });

      const error = await errorOf<Error & { deletedCount?: number }>(run(harness, [deleteOne(), insert(1)]));

      const cause = error instanceof MongoUnexpectedServerResponseError ? error : (error.cause as Error).cause;
      assert.ok(cause instanceof MongoUnexpectedServerResponseError, String(error));
      assert.equal(error.deletedCount, 1);
      assert.equal(harness.serverAt().pool.stats().total, 0);
      await close(harness);
    });
  }

  it('refuses an upsert of a statement that was not sent', async () => {
    const harness = await scripted([ok(1, { upserted: [{ index: 3, _id: 1 }] })]);

    const error = await errorOf(run(harness, [updateOne(), updateOne()]), MongoUnexpectedServerResponseError);

    assert.match(error.message, /'index' in the upserted document of a reply must be below 2/);
    await close(harness);
  });

  it('takes an error without index, code and message for that of the only write', async () => {
    const harness = await scripted([ok(1), ok(0, { writeErrors: [{}] })]);

    const error = await errorOf(run(harness, [deleteOne(), insert(1)]), MongoBulkWriteError);

    assert.deepEqual(
      error.writeErrors.map(({ index, code, errmsg, errInfo }) => [index, code, errmsg, errInfo]),
      [[1, 0, 'n/a', undefined]],
    );
    assert.deepEqual(error.writeErrors[0]!.getOperation(), { _id: 1 });
    await close(harness);
  });

  it('takes an answer without counts for nothing done', async () => {
    const harness = await scripted([{ ok: 1 }, { ok: 1 }]);

    const result = (await run(harness, [updateOne(), deleteOne()])).result();

    assert.deepEqual([result.matchedCount, result.modifiedCount, result.deletedCount], [0, 0, 0]);
    await close(harness);
  });

  it('does not send a statement that became another while it was waiting, wherever it stands in its batch', async () => {
    const harness = await scripted([ok(1), ok(1)], { maxWriteBatchSize: 2 });
    const update = { $set: { a: 1 } } as Document;
    const changing = { updateOne: { filter: { a: 1 }, update } };
    const first = errorOf(run(harness, [insert(1), changing]), MongoInvalidArgumentError);
    const last = errorOf(run(harness, [updateOne(), updateOne(), updateOne(), changing]), MongoInvalidArgumentError);
    delete update['$set'];
    update['a'] = 1;

    assert.match((await first).message, /atomic operators/);
    assert.match((await last).message, /atomic operators/);
    assert.deepEqual(commands(harness), [
      ['insert', 1],
      ['update', 2],
    ]);
    await close(harness);
  });
});

describe('bulkWrite, time and aborts', () => {
  it('has one time for all batches: each command gets what remains', async () => {
    const harness = await scripted(
      [
        () => {
          harness.clock.skip(300);
          return ok(1);
        },
        ok(1),
      ],
      { maxWriteBatchSize: 1 },
    );

    await run(harness, inserts(2), { timeoutMS: 1000 });

    assert.deepEqual(fieldOf(harness, 'maxTimeMS'), [1000, 700]);
    await close(harness);
  });

  it('times out in a later batch, with the counts of the earlier ones', async () => {
    const harness = await scripted([ok(2), 'silence'], { maxWriteBatchSize: 2 });

    const failed = errorOf(run(harness, inserts(4), { timeoutMS: 1000 }), MongoOperationTimeoutError);
    await harness.clock.advance(1000);
    const error = await failed;

    assert.deepEqual([error.insertedCount, error.insertedIds, error.maybeApplied], [2, { 0: 0, 1: 1 }, true]);
    assert.equal(error.result?.insertedCount, 2);
    assert.deepEqual(error.writeErrors, []);
    await close(harness);
  });

  it('sends no batch after the end of its time, and says that something may have been written', async () => {
    const harness = await scripted(
      [
        () => {
          harness.clock.skip(1000);
          return ok(2);
        },
      ],
      { maxWriteBatchSize: 2 },
    );

    const error = await errorOf(run(harness, inserts(4), { timeoutMS: 1000 }), MongoOperationTimeoutError);

    assert.deepEqual([error.phase, error.maybeApplied, error.insertedCount], ['read', true, 2]);
    assert.deepEqual(commands(harness), [['insert', 2]]);
    await close(harness);
  });

  it('says that nothing was written if its time ends before the first batch', async () => {
    const harness = await scripted([]);
    const call = harness.call({ timeoutMS: 1000 });
    harness.clock.skip(1000);

    const error = await errorOf(run(harness, inserts(1), { call }), MongoOperationTimeoutError);

    assert.deepEqual([error.maybeApplied, error.insertedCount], [false, 0]);
    assert.deepEqual(commands(harness), []);
    await close(harness);
  });

  it('accounts for the time of each batch on its own', async () => {
    const slowly = () => {
      harness.clock.skip(200);
      return ok(1);
    };
    const harness = await scripted([slowly, slowly, 'silence'], { maxWriteBatchSize: 1 });

    const failed = errorOf(run(harness, inserts(3), { timeoutMS: 1000 }), MongoOperationTimeoutError);
    await quiet();
    await harness.clock.advance(600);
    const error = await failed;

    const reads = error.timings.filter(({ stage }) => stage === 'read').map(({ durationMS }) => durationMS);
    assert.deepEqual(reads, [200, 200, 600]);
    await close(harness);
  });

  it('ends with the reason of an abort between two batches, and leaves the reason as it is', async () => {
    const controller = new AbortController();
    const reason = new MongoServerError({ message: 'the caller has left' });
    const harness = await scripted(
      [
        () => {
          controller.abort(reason);
          return ok(1);
        },
      ],
      { maxWriteBatchSize: 1 },
    );

    const error = await errorOf(run(harness, inserts(2), { signal: controller.signal }));

    assert.equal(error, reason);
    assert.equal('insertedCount' in error, false);
    assert.deepEqual(commands(harness), [['insert', 1]]);
    await close(harness);
  });

  it('passes on what is no error of the driver', async () => {
    const harness = await scripted([]);
    const bad = {
      get a() {
        throw new TypeError('a getter that throws');
      },
    };

    const error = await errorOf(run(harness, [{ updateOne: { filter: { bad }, update: { $set: { a: 1 } } } }]));

    assert.ok(error instanceof TypeError);
    assert.equal('result' in error, false);
    await close(harness);
  });
});

describe('bulkWrite, unacknowledged', () => {
  it('sends every batch without waiting, and counts nothing', async () => {
    const harness = await scripted(['silence', 'silence', 'silence'], { maxWriteBatchSize: 2 });

    const tally = await run(harness, [...inserts(3), updateOne()], {
      context: UNACKNOWLEDGED,
      options: { ordered: false },
    });
    await quiet();

    assert.deepEqual(commands(harness), [
      ['insert', 2],
      ['insert', 1],
      ['update', 1],
    ]);
    assert.deepEqual(fieldOf(harness, 'writeConcern'), Array(3).fill({ w: 0 }));
    assert.deepEqual(fieldOf(harness, 'lsid'), Array(3).fill(undefined));
    assert.deepEqual(fieldOf(harness, 'txnNumber'), Array(3).fill(undefined));
    const result = tally.result();
    assert.equal(tally.acknowledged, false);
    assert.deepEqual([result.insertedCount, result.matchedCount], [0, 0]);
    assert.deepEqual(result.insertedIds, { 0: 0, 1: 1, 2: 2 });
    await close(harness);
  });
});

describe('insertMany', () => {
  const many = (harness: EngineHarness, documents: readonly Document[], context: object = {}) =>
    insertMany(harness.engine, contextWith(context), documents, {}, harness.call({}, 'insertMany'));

  it('returns the _ids by the positions of the documents, and none where the server makes it', async () => {
    const harness = await scripted([ok(2), ok(1)], { maxWriteBatchSize: 2 });

    const result = await many(harness, [{ _id: 'a' }, { name: 'b' }, new Map([['_id', 'c']])]);

    assert.deepEqual(result, { acknowledged: true, insertedCount: 3, insertedIds: { 0: 'a', 2: 'c' } });
    await close(harness);
  });

  it('says that an insert without an answer is not acknowledged', async () => {
    const harness = await scripted(['silence']);

    const result = await many(harness, [{ _id: 1 }], UNACKNOWLEDGED);

    assert.deepEqual(result, { acknowledged: false, insertedCount: 0, insertedIds: { 0: 1 } });
    await close(harness);
  });

  it('names in its error only the documents that were inserted', async () => {
    const writeErrors = [{ index: 1, code: 11000, errmsg: 'duplicate' }];
    const harness = await scripted([ok(1, { writeErrors })]);

    const error = await errorOf(many(harness, [{ _id: 1 }, { _id: 1 }, { _id: 2 }]), MongoBulkWriteError);

    assert.deepEqual(error.insertedIds, { 0: 1 });
    await close(harness);
  });

  it('refuses an empty list', async () => {
    const harness = await scripted([]);

    assert.match((await errorOf(many(harness, []), MongoInvalidArgumentError)).message, /cannot be empty/);
    await close(harness);
  });
});
