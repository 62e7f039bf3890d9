import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { count, estimatedDocumentCount } from '../../../src/commands/count.js';
import { ReadConcern } from '../../../src/concern/read_concern.js';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import { commandOf, contextWith, resultOf } from './support.js';

const context = contextWith();

describe('count', () => {
  it('sends the filter and the options that are fields of the command', () => {
    const options = { skip: 1, limit: 2, hint: 'a_1', collation: { locale: 'en' }, comment: 'why' };

    assert.deepEqual(commandOf(count(context, { a: 1 }, options)), { count: 'orders', query: { a: 1 }, ...options });
  });

  it('reads by the read preference and with the read concern of the context, and is retried', () => {
    const own = { readConcern: new ReadConcern('local'), readPreference: ReadPreference.secondary };
    const operation = count(contextWith(own), {}, {});

    assert.deepEqual(commandOf(operation)['readConcern'], { level: 'local' });
    assert.deepEqual([operation.readPreference.mode, operation.retryable], ['secondary', true]);
  });

  it('gives the count, or 0 if the reply has none', () => {
    assert.deepEqual([resultOf(count(context, {}, {}), { n: 5 }), resultOf(count(context, {}, {}), {})], [5, 0]);
  });
});

describe('estimatedDocumentCount', () => {
  it('sends neither a filter nor options of a filter', () => {
    const options = { maxTimeMS: 5, limit: 3, collation: { locale: 'en' } };

    assert.deepEqual(commandOf(estimatedDocumentCount(context, options)), { count: 'orders', maxTimeMS: 5 });
  });
});
