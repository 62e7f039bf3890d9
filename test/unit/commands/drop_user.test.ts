import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dropUser } from '../../../src/commands/drop_user.js';
import { MongoInvalidArgumentError } from '../../../src/errors/driver.js';
import { MongoWriteConcernError } from '../../../src/errors/server.js';
import { commandOf, contextWith, resultOf } from './support.js';

const context = contextWith();

describe('dropUser', () => {
  it('names the user, and results in true or throws the write concern error', () => {
    const operation = dropUser(context, 'tea', {});

    assert.deepEqual(commandOf(operation), { dropUser: 'tea' });
    assert.equal(resultOf(operation, {}), true);
    assert.throws(
      () => resultOf(operation, { writeConcernError: { code: 64, errmsg: 'late' } }),
      MongoWriteConcernError,
    );
  });

  it('refuses a name that is no string', () => {
    assert.throws(() => dropUser(context, undefined, {}), MongoInvalidArgumentError);
  });
});
