import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addCounts, MongoBulkWriteError, MongoClientBulkWriteError } from '../../../src/bulk/errors.js';
import { BulkWriteResult, emptyState, WriteConcernError, WriteError } from '../../../src/bulk/result.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';

const refused = new WriteError({ index: 3, code: 11000, errmsg: 'duplicate', errInfo: { a: 1 }, op: { _id: 1 } });

const FULL = {
  ...emptyState(),
  writeErrors: [refused],
  writeConcernErrors: [{ code: 64, errmsg: 'late' }],
  insertedIds: [{ index: 0, _id: 'a' }],
  upserted: [{ index: 2, _id: 'u' }],
  nInserted: 1,
  nMatched: 2,
  nModified: 3,
  nRemoved: 4,
  nUpserted: 5,
};

describe('BulkWriteResult', () => {
  it('has the counts by their names of today, and the state by the names of the old interface', () => {
    const result = new BulkWriteResult(FULL);

    const { insertedCount, matchedCount, modifiedCount, deletedCount, upsertedCount } = result;
    assert.deepEqual([insertedCount, matchedCount, modifiedCount, deletedCount, upsertedCount], [1, 2, 3, 4, 5]);
    assert.deepEqual([result.insertedIds, result.upsertedIds], [{ 0: 'a' }, { 2: 'u' }]);
    assert.equal(result.getRawResponse(), FULL);
    assert.equal(result.result, FULL);
    assert.deepEqual([result.ok, result.isOk()], [1, true]);
    assert.equal(new BulkWriteResult({ ...FULL, ok: 0 }).isOk(), false);
  });

  it('finds errors and upserts by their places in its lists', () => {
    const result = new BulkWriteResult(FULL);

    assert.deepEqual([result.hasWriteErrors(), result.getWriteErrorCount()], [true, 1]);
    assert.deepEqual([result.getWriteErrorAt(0), result.getWriteErrorAt(1)], [refused, undefined]);
    assert.deepEqual(result.getWriteErrors(), [refused]);
    assert.deepEqual([result.getUpsertedIdAt(0), result.getUpsertedIdAt(1)], [{ index: 2, _id: 'u' }, undefined]);
    assert.equal(new BulkWriteResult(emptyState()).hasWriteErrors(), false);
  });

  it('has one write concern error for all', () => {
    const of = (...errmsgs: string[]) =>
      new BulkWriteResult({
        ...emptyState(),
        writeConcernErrors: errmsgs.map((errmsg, index) => ({ code: 64 + index, errmsg })),
      }).getWriteConcernError();

    assert.equal(of(), undefined);
    assert.deepEqual([of('late')?.code, of('late')?.errmsg], [64, 'late']);
    assert.deepEqual([of('a', 'b', 'c')?.code, of('a', 'b', 'c')?.errmsg], [64, 'a and b and c']);
  });

  it('is legible as a text', () => {
    assert.match(new BulkWriteResult(FULL).toString(), /^BulkWriteResult\(\{"ok":1,.*"nInserted":1.*\}\)$/);
  });
});

describe('WriteError', () => {
  it('has what the server said, and the write itself', () => {
    const { code, index, errmsg, errInfo } = refused;

    assert.deepEqual([code, index, errmsg, errInfo], [11000, 3, 'duplicate', { a: 1 }]);
    assert.deepEqual(refused.getOperation(), { _id: 1 });
  });

  it('is legible as JSON and as a text', () => {
    const json = { code: 11000, index: 3, errmsg: 'duplicate', op: { _id: 1 } };

    assert.deepEqual(JSON.parse(JSON.stringify(refused)), json);
    assert.equal(String(refused), `WriteError(${JSON.stringify(json)})`);
  });
});

describe('WriteConcernError', () => {
  it('has what the server said, as fields, as JSON and as a text', () => {
    const data = { code: 64, errmsg: 'late', errInfo: { wtimeout: true } };
    const error = new WriteConcernError(data);

    assert.deepEqual([error.code, error.errmsg, error.errInfo], [64, 'late', { wtimeout: true }]);
    assert.deepEqual(error.toJSON(), data);
    assert.equal(String(error), 'WriteConcernError(late)');
  });
});

describe('MongoBulkWriteError', () => {
  it('shows what its result shows', () => {
    const result = new BulkWriteResult(FULL);
    const error = new MongoBulkWriteError({ message: 'duplicate', code: 11000 }, result);

    assert.ok(error instanceof MongoServerError);
    const { insertedCount, matchedCount, modifiedCount, deletedCount, upsertedCount } = error;
    assert.deepEqual([insertedCount, matchedCount, modifiedCount, deletedCount, upsertedCount], [1, 2, 3, 4, 5]);
    assert.deepEqual([error.insertedIds, error.upsertedIds], [{ 0: 'a' }, { 2: 'u' }]);
    assert.deepEqual([error.writeErrors, error.err?.code, error.result], [[refused], 64, result]);
  });
});

describe('addCounts', () => {
  it('puts on an error of another class what a MongoBulkWriteError shows', () => {
    const result = new BulkWriteResult(FULL);
    const error = new MongoOperationTimeoutError('late');

    addCounts(error, result);

    const { insertedCount, matchedCount, modifiedCount, deletedCount, upsertedCount } = error;
    assert.deepEqual([insertedCount, matchedCount, modifiedCount, deletedCount, upsertedCount], [1, 2, 3, 4, 5]);
    assert.deepEqual([error.insertedIds, error.upsertedIds], [{ 0: 'a' }, { 2: 'u' }]);
    assert.deepEqual([error.result, error.writeErrors], [result, [refused]]);
  });
});

describe('MongoClientBulkWriteError', () => {
  it('has no errors of writes and no partial result if it is given none', () => {
    const error = new MongoClientBulkWriteError({ message: 'x' });

    assert.deepEqual([error.writeConcernErrors, error.writeErrors.size], [[], 0]);
    assert.equal('partialResult' in error, false);
  });
});
