import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { profilingLevel, setProfilingLevel } from '../../../src/commands/profiling_level.js';
import { MongoInvalidArgumentError, MongoUnexpectedServerResponseError } from '../../../src/errors/driver.js';
import { commandOf, contextWith, resultOf } from './support.js';

const context = contextWith();

describe('profilingLevel', () => {
  it('asks without a change, and gives the name of the level', () => {
    const operation = profilingLevel(context, {});

    assert.deepEqual(commandOf(operation), { profile: -1 });
    assert.deepEqual(
      [0, 1, 2].map(was => resultOf(operation, { was })),
      ['off', 'slow_only', 'all'],
    );
  });

  it('refuses a level that it does not know', () => {
    for (const reply of [{ was: 3 }, {}, { was: 'off' }]) {
      assert.throws(() => resultOf(profilingLevel(context, {}), reply), MongoUnexpectedServerResponseError);
    }
  });
});

describe('setProfilingLevel', () => {
  it('sends the number of the level, and results in its name', () => {
    const operation = setProfilingLevel(context, 'slow_only', {});

    assert.deepEqual(commandOf(operation), { profile: 1 });
    assert.equal(resultOf(operation, { was: 0 }), 'slow_only');
  });

  it('refuses a level that is none', () => {
    assert.throws(() => setProfilingLevel(context, 'some' as never, {}), MongoInvalidArgumentError);
  });
});
