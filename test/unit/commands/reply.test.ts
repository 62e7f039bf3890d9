import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { documentDecoder } from '../../../src/bson/decode.js';
import { type BSONSerializeOptions, type Document, Long } from '../../../src/bson/index.js';
import {
  countIn,
  replyDocument,
  replyDocumentDecoded,
  throwWriteConcernError,
  throwWriteErrors,
  upsertedIn,
  writeErrorsIn,
} from '../../../src/commands/reply.js';
import { MongoUnexpectedServerResponseError } from '../../../src/errors/driver.js';
import { MongoServerError, MongoWriteConcernError } from '../../../src/errors/server.js';
import { contextWith, replyOf } from './support.js';

const context = contextWith();
const withOptions = (bsonOptions: BSONSerializeOptions) =>
  contextWith({ bsonOptions, decode: documentDecoder(bsonOptions) });

/** What a function throws. */
function thrown(run: () => unknown): MongoServerError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof MongoServerError, String(error));
    return error;
  }
  return assert.fail('must throw');
}

describe('replyDocument', () => {
  const reply = () => replyOf({ n: Long.fromNumber(5), value: { a: 1 } });

  it('decodes with the options of the user', () => {
    assert.equal(replyDocument(reply(), withOptions({ useBigInt64: true }))['n'], 5n);
    assert.equal(replyDocument(reply(), context)['n'], 5);
  });

  it('leaves documents in the reply as bytes with the option raw, unless the driver reads them', () => {
    const raw = withOptions({ raw: true });

    assert.ok(Buffer.isBuffer(replyDocument(reply(), raw)['value']));
    assert.deepEqual(replyDocumentDecoded(reply(), raw)['value'], { a: 1 });
    assert.equal(replyDocumentDecoded(reply(), withOptions({ raw: true, useBigInt64: true }))['n'], 5n);
  });
});

describe('throwWriteErrors', () => {
  const writeErrors = [{ index: 0, code: 11000, errmsg: 'duplicate', errInfo: { a: 1 } }];
  const writeConcernError = { code: 64, errmsg: 'late' };

  it('throws nothing for a write that succeeded', () => {
    assert.doesNotThrow(() => throwWriteErrors(replyOf({ n: 1 }, 1), context));
  });

  it('throws the error of the write, with its labels and where it comes from', () => {
    const error = thrown(() => throwWriteErrors(replyOf({ writeErrors, errorLabels: ['Custom'] }, 1), context));

    assert.deepEqual([error.code, error.message, error.errInfo], [11000, 'duplicate', { a: 1 }]);
    assert.deepEqual([error.host, error.namespace, error.errorLabels], ['db1:27017', 'shop.orders', ['Custom']]);
  });

  it('throws the write concern error if the write itself succeeded', () => {
    const both = thrown(() => throwWriteErrors(replyOf({ writeErrors, writeConcernError }, 1), context));
    const late = thrown(() => throwWriteErrors(replyOf({ n: 1, writeConcernError }, 1), context));

    assert.equal(both instanceof MongoWriteConcernError, false);
    assert.ok(late instanceof MongoWriteConcernError);
    assert.deepEqual([late.code, late.namespace], [64, 'shop.orders']);
  });
});

describe('throwWriteConcernError', () => {
  it('throws the write concern error, if there is one', () => {
    const reply = replyOf({ writeConcernError: { code: 64, errmsg: 'late' } });

    assert.doesNotThrow(() => throwWriteConcernError(replyOf({}), context));
    const error = thrown(() => throwWriteConcernError(reply, context));
    assert.ok(error instanceof MongoWriteConcernError);
    assert.deepEqual([error.code, error.host, error.namespace], [64, 'db1:27017', 'shop.orders']);
  });
});

describe('writeErrorsIn', () => {
  const errorsOf = (writeErrors: unknown, taken = 2) => writeErrorsIn(replyOf({ writeErrors }, taken));

  it('gives the errors of single statements', () => {
    const errors = [
      { index: 0, code: 1 },
      { index: 1, code: 2 },
    ];

    assert.deepEqual(errorsOf(errors), errors);
    assert.deepEqual(writeErrorsIn(replyOf({ n: 1 }, 1)), []);
  });

  it('takes an error without index for that of the only statement', () => {
    assert.deepEqual(errorsOf([{ code: 1 }], 1), [{ code: 1 }]);
    assert.throws(() => errorsOf([{ code: 1 }], 2), MongoUnexpectedServerResponseError);
  });

  it('refuses errors that are malformed, or of statements that were not sent', () => {
    const malformed: unknown[] = [{}, 5, [5], [{ index: 2 }], [{ index: -1 }], [{ index: 0.5 }]];
    for (const wrong of [...malformed, [{ index: 0, code: 'x' }], [{ index: 0, errmsg: 5 }]]) {
      assert.throws(() => errorsOf(wrong), MongoUnexpectedServerResponseError, JSON.stringify(wrong));
    }
  });
});

describe('upsertedIn', () => {
  const upsertedOf = (upserted: unknown, used = context) => upsertedIn(replyOf({ upserted }, 2), used);

  it('gives the _ids of upserts, decoded with the options of the user', () => {
    const upserted = [{ index: 1, _id: Long.fromNumber(5) }];

    assert.deepEqual(upsertedOf(upserted), [{ index: 1, _id: 5 }]);
    assert.deepEqual(upsertedOf(upserted, withOptions({ useBigInt64: true })), [{ index: 1, _id: 5n }]);
    assert.deepEqual(upsertedOf(upserted, withOptions({ raw: true })), [{ index: 1, _id: 5 }]);
    assert.deepEqual(upsertedIn(replyOf({}, 2), context), []);
  });

  it('refuses upserts that are malformed, or of statements that were not sent', () => {
    for (const wrong of [{}, [5], [{ index: 2, _id: 1 }], [{ _id: 1 }]]) {
      assert.throws(() => upsertedOf(wrong), MongoUnexpectedServerResponseError, JSON.stringify(wrong));
    }
  });
});

describe('countIn', () => {
  const count = (fields: Document) => countIn(replyOf(fields), 'n');

  it('gives a count of any numeric type', () => {
    assert.deepEqual([count({ n: 5 }), count({ n: 0 }), count({ n: Long.fromNumber(7) })], [5, 0, 7]);
  });

  it('gives undefined for a count that is missing or null', () => {
    assert.deepEqual([count({}), count({ n: null })], [undefined, undefined]);
  });

  it('refuses any other value', () => {
    for (const n of [-1, 0.5, '5', Number.NaN, {}]) {
      assert.throws(() => count({ n }), MongoUnexpectedServerResponseError, JSON.stringify(n));
    }
  });
});
