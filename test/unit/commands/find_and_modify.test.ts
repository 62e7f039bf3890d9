import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findOneAndDelete, findOneAndReplace, findOneAndUpdate } from '../../../src/commands/find_and_modify.js';
import { WriteConcern } from '../../../src/concern/write_concern.js';
import { MongoCompatibilityError, MongoInvalidArgumentError } from '../../../src/errors/driver.js';
import { MongoWriteConcernError } from '../../../src/errors/server.js';
import { commandOf, contextWith, resultOf, targetWith } from './support.js';

const context = contextWith();

describe('findAndModify', () => {
  it('returns the document, or with metadata the whole reply', () => {
    const reply = { value: { _id: 1 }, lastErrorObject: { n: 1 } };

    assert.deepEqual(resultOf(findOneAndDelete(context, {}, {}), reply), { _id: 1 });
    assert.deepEqual(resultOf(findOneAndDelete(context, {}, { includeResultMetadata: true }), reply), {
      ok: 1,
      ...reply,
    });
    assert.equal(resultOf(findOneAndDelete(context, {}, {}), { value: null }), null);
  });

  it('throws the write concern error of a document that was modified', () => {
    const reply = { value: { _id: 1 }, writeConcernError: { code: 64, errmsg: 'late' } };

    assert.throws(() => resultOf(findOneAndUpdate(context, {}, { $set: { a: 1 } }, {}), reply), MongoWriteConcernError);
  });

  it('refuses an update without operators and a replacement with them', () => {
    for (const update of [{ a: 1 }, {}, [], [{ a: 1 }], null, 'x']) {
      assert.throws(() => findOneAndUpdate(context, {}, update, {}), MongoInvalidArgumentError);
    }
    for (const replacement of [{ $set: { a: 1 } }, [], null]) {
      assert.throws(() => findOneAndReplace(context, {}, replacement, {}), MongoInvalidArgumentError);
    }
  });

  it('refuses a hint of an unacknowledged write that an old server does not know', () => {
    const unheard = contextWith({ writeConcern: new WriteConcern(0) });
    const operation = findOneAndDelete(unheard, {}, { hint: { a: 1 } });

    assert.throws(() => commandOf(operation, targetWith(8)), MongoCompatibilityError);
    assert.deepEqual(commandOf(operation, targetWith(9))['hint'], { a: 1 });
  });

  it('refuses an update with undefined values only, if they are not encoded', () => {
    const ignoring = contextWith({ bsonOptions: { ignoreUndefined: true } });

    assert.throws(
      () => findOneAndUpdate(ignoring, {}, { $set: undefined }, {}),
      /atomic operators have defined values/,
    );
  });
});
