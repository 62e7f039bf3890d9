import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoServerError, MongoWriteConcernError } from '../../../src/errors/server.js';

describe('MongoServerError', () => {
  for (const [reply, message] of [
    [{ errmsg: 'a' }, 'a'],
    [{ message: 'b', errmsg: 'a' }, 'b'],
    [{ $err: 'c' }, 'c'],
    [{}, 'n/a'],
  ] as const) {
    it(`takes its message from ${JSON.stringify(reply)}`, () =>
      assert.equal(new MongoServerError(reply).message, message));
  }

  it('has the fields of the reply, and the reply itself', () => {
    const reply = { ok: 0, code: 11000, codeName: 'DuplicateKey', errmsg: 'dup', keyPattern: { _id: 1 } };

    const error = new MongoServerError(reply);

    assert.equal(error.errorResponse, reply);
    assert.deepEqual(
      [error.ok, error.code, error.codeName, error['keyPattern']],
      [0, 11000, 'DuplicateKey', { _id: 1 }],
    );
  });

  it('has no code when the server sent one that is none', () => {
    for (const code of [NaN, '18', { valueOf: 1 }, null]) {
      const error = new MongoServerError({ errmsg: 'x', code: code as number });
      assert.equal(error.code, undefined);
      assert.ok('code' in error.errorResponse);
    }
  });

  it('joins the labels of the server and of the driver', () => {
    const error = new MongoServerError({ errorLabels: ['A', 'B'] }, { labels: ['B', 'C'] });

    assert.deepEqual(error.errorLabels.sort(), ['A', 'B', 'C']);
  });

  it('ignores errorLabels that are no list', () => {
    assert.deepEqual(new MongoServerError({ errorLabels: 'A' as unknown as string[] }).errorLabels, []);
  });

  it('lets no field of the reply replace a method, or what the driver itself says', () => {
    const names = [
      'name',
      'stack',
      'message',
      'hasErrorLabel',
      'addErrorLabel',
      'toString',
      'constructor',
      'errorLabelSet',
    ];
    const reply = Object.fromEntries(
      [...names, 'errorResponse', 'host', 'namespace', 'phase', 'cause'].map(name => [name, 'hostile']),
    );
    const plain = new MongoServerError({ errmsg: 'hostile' });

    const error = new MongoServerError(reply);

    assert.equal(error.name, 'MongoServerError');
    assert.match(error.stack ?? '', /^MongoServerError: hostile\n.*server\.test/);
    for (const name of ['hasErrorLabel', 'addErrorLabel', 'toString', 'constructor']) {
      assert.equal((error as Record<string, unknown>)[name], (plain as Record<string, unknown>)[name], name);
    }
    assert.equal(error.errorResponse, reply);
    for (const name of ['host', 'namespace', 'phase', 'cause']) assert.equal(name in error, false, name);
  });

  it('keeps its prototype whatever the reply says', () => {
    const reply = JSON.parse('{"errmsg": "x", "__proto__": {"hasErrorLabel": 1}}') as Record<string, unknown>;

    const error = new MongoServerError(reply);

    assert.equal(Object.getPrototypeOf(error), MongoServerError.prototype);
    assert.equal(error.hasErrorLabel('x'), false);
  });
});

describe('MongoWriteConcernError', () => {
  const result = {
    ok: 1,
    n: 2,
    writeConcernError: { code: 64, codeName: 'WriteConcernFailed', errmsg: 'waiting', errInfo: { w: 3 } },
  };

  it('has code, message and errInfo of the write concern error, and the reply as result', () => {
    const error = new MongoWriteConcernError(result, { host: 'db1:27017' });

    assert.deepEqual(
      [error.code, error.codeName, error.message, error.errInfo, error.host],
      [64, 'WriteConcernFailed', 'waiting', { w: 3 }, 'db1:27017'],
    );
    assert.equal(error.result, result);
  });

  it('keeps the labels of the reply when its writeConcernError has labels of its own, or an empty list of them', () => {
    const labelsOf = (errorLabels: unknown, nested: unknown) =>
      new MongoWriteConcernError({
        ok: 1,
        ...(errorLabels !== undefined && { errorLabels: errorLabels as string[] }),
        writeConcernError: {
          code: 91,
          errmsg: 'down',
          ...(nested !== undefined && { errorLabels: nested as string[] }),
        },
      }).errorLabels;

    assert.deepEqual(labelsOf(['RetryableWriteError'], []), ['RetryableWriteError']);
    assert.deepEqual(labelsOf(['RetryableWriteError'], ['Other']), ['RetryableWriteError', 'Other']);
    assert.deepEqual(labelsOf(undefined, ['RetryableWriteError']), ['RetryableWriteError']);
    assert.deepEqual(labelsOf([], []), []);
    assert.deepEqual(labelsOf(['RetryableWriteError'], 5), ['RetryableWriteError']);
  });

  it('keeps the labels of the reply', () => {
    assert.deepEqual(new MongoWriteConcernError({ ...result, errorLabels: ['RetryableWriteError'] }).errorLabels, [
      'RetryableWriteError',
    ]);
  });
});
