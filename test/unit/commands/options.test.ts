import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { find } from '../../../src/commands/find.js';
import { commandOf, contextWith, targetWith } from './support.js';

const context = contextWith();

describe('rawData', () => {
  it('is sent to servers that know it', () => {
    assert.equal(commandOf(find(context, {}, { rawData: true }), targetWith(27))['rawData'], true);
    assert.equal('rawData' in commandOf(find(context, {}, { rawData: true }), targetWith(26)), false);
  });
});
