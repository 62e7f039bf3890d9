import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { listDatabases } from '../../../src/commands/list_databases.js';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import { commandOf, contextWith, resultOf } from './support.js';

const context = contextWith();

describe('listDatabases', () => {
  it('sends the options that are fields of the command, and results in the reply', () => {
    const options = { filter: { name: 'shop' }, nameOnly: true, authorizedDatabases: false, comment: 'why' };

    assert.deepEqual(commandOf(listDatabases(context, options)), { listDatabases: 1, ...options });
    assert.deepEqual(resultOf(listDatabases(context, {}), { databases: [] }), { ok: 1, databases: [] });
  });

  it('selects the primary unless the call has a read preference', () => {
    const secondary = contextWith({ readPreference: ReadPreference.secondary });

    assert.equal(listDatabases(secondary, {}).readPreference.mode, 'primary');
    assert.equal(listDatabases(secondary, { readPreference: 'secondary' }).readPreference.mode, 'secondary');
  });
});
