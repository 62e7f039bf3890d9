import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Long } from '../../../src/bson/index.js';
import { runCursorCommand } from '../../../src/commands/run_command.js';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import { MongoInvalidArgumentError, MongoUnexpectedServerResponseError } from '../../../src/errors/driver.js';
import { commandOf, contextWith, resultOf } from './support.js';

const context = contextWith();

describe('runCursorCommand', () => {
  it('sends a copy of the command and inherits nothing', () => {
    const given = { checkMetadataConsistency: 1 };
    const operation = runCursorCommand(contextWith({ readPreference: ReadPreference.secondary }), given, {});
    const command = commandOf(operation);

    command['$db'] = 'shop';

    assert.deepEqual(given, { checkMetadataConsistency: 1 });
    assert.equal(operation.name, 'checkMetadataConsistency');
    assert.equal(operation.readPreference.mode, 'primary');
  });

  it('refuses a reply without a cursor', () => {
    assert.throws(() => resultOf(runCursorCommand(context, { ping: 1 }, {}), {}), MongoUnexpectedServerResponseError);
    const reply = { cursor: { id: Long.fromNumber(5), ns: 'shop.orders', firstBatch: [] } };
    assert.equal(resultOf(runCursorCommand(context, { find: 'orders' }, {}), reply).id, 5n);
  });

  it('refuses a command that is no document, or has no field', () => {
    for (const command of [null, 'ping', [], {}]) {
      assert.throws(() => runCursorCommand(context, command, {}), MongoInvalidArgumentError);
    }
  });
});
