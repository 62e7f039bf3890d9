import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dbStats } from '../../../src/commands/db_stats.js';
import { commandOf, contextWith, resultOf } from './support.js';

const context = contextWith();

describe('dbStats', () => {
  it('sends the scale, and results in the reply', () => {
    assert.deepEqual(commandOf(dbStats(context, { scale: 1024 })), { dbStats: true, scale: 1024 });
    assert.deepEqual(resultOf(dbStats(context, {}), { collections: 2 }), { ok: 1, collections: 2 });
  });
});
