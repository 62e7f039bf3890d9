import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Long } from '../../../src/bson/index.js';
import { checkOptions } from '../../../src/commands/check_options.js';
import { MongoInvalidArgumentError } from '../../../src/errors/driver.js';

describe('checkOptions', () => {
  it('lets pass what may be given, and what is not', () => {
    checkOptions({ limit: -3, skip: 0, batchSize: Long.fromNumber(4), upsert: false, hint: { a: 1 }, let: { a: 1 } });
    checkOptions({ limit: null, skip: undefined, ordered: null });
    checkOptions({ hint: 'a_1', projection: { a: 1 }, arrayFilters: [], collation: { locale: 'en' }, comment: 7 });
  });

  it('refuses an option of a wrong type', () => {
    const wrong: object[] = [
      { limit: '3' },
      { limit: Number.NaN },
      { batchSize: true },
      { skip: -1 },
      { maxTimeMS: '100' },
      { upsert: 1 },
      { ordered: 'false' },
      { let: [] },
      { collation: 'en' },
      { arrayFilters: {} },
      { hint: 3 },
      { projection: 'a' },
    ];
    for (const options of wrong) assert.throws(() => checkOptions(options), MongoInvalidArgumentError);
  });

  it('says which option, what it may be and what was given', () => {
    assert.throws(() => checkOptions({ skip: -1 }), {
      message: 'Option "skip" must be a number from 0 on, got -1',
    });
    assert.throws(() => checkOptions({ hint: 3 }), {
      message: 'Option "hint" must be the name of an index or its keys, got 3',
    });
  });
});
