import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as official from 'mongodb';
import {
  inheritReadConcern,
  ReadConcern,
  ReadConcernLevel,
  readConcernDocument,
} from '../../../src/concern/read_concern.js';
import { MongoInvalidArgumentError } from '../../../src/errors/driver.js';

describe('ReadConcern', () => {
  it('has the levels of the official driver', () => {
    assert.deepEqual(ReadConcernLevel, official.ReadConcernLevel);
    assert.equal(ReadConcern.MAJORITY, 'majority');
    assert.equal(ReadConcern.AVAILABLE, 'available');
    assert.equal(ReadConcern.LINEARIZABLE, 'linearizable');
    assert.equal(ReadConcern.SNAPSHOT, 'snapshot');
  });

  it('reads options as the official driver does', () => {
    const cases = [
      undefined,
      {},
      { readConcern: 'majority' },
      { readConcern: { level: 'local' } },
      { level: 'snapshot' },
    ];
    for (const options of cases) {
      const ours = ReadConcern.fromOptions(options as never);
      const theirs = official.ReadConcern.fromOptions(options as never);
      assert.deepEqual(ours?.toJSON(), theirs?.toJSON());
    }
  });

  it('returns the instance that it is given', () => {
    const readConcern = new ReadConcern('majority');

    assert.equal(ReadConcern.fromOptions({ readConcern }), readConcern);
  });

  it('passes on a level that it does not know', () => {
    assert.equal(new ReadConcern('future' as never).level, 'future');
  });

  it('refuses a level that is not a name', () => {
    assert.throws(() => new ReadConcern(5 as never), MongoInvalidArgumentError);
    assert.throws(() => new ReadConcern('' as never), MongoInvalidArgumentError);
  });

  it('cannot be changed', () => {
    assert.ok(Object.isFrozen(new ReadConcern('local')));
  });
});

describe('readConcernDocument', () => {
  it('sends nothing for the default of the server', () => {
    assert.equal(readConcernDocument(undefined), undefined);
    assert.deepEqual(readConcernDocument(new ReadConcern('majority')), { level: 'majority' });
  });
});

describe('inheritReadConcern', () => {
  const parent = new ReadConcern('majority');

  it('takes the concern of the parent when none is set', () => {
    assert.equal(inheritReadConcern(undefined, parent), parent);
  });

  it('prefers the own concern', () => {
    assert.equal(inheritReadConcern({ level: 'local' }, parent)?.level, 'local');
  });

  it('takes an empty concern for the default of the server', () => {
    assert.equal(inheritReadConcern({}, parent), undefined);
  });
});
