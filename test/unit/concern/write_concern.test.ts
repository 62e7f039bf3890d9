import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as official from 'mongodb';
import {
  inheritWriteConcern,
  isUnacknowledged,
  WriteConcern,
  writeConcernDocument,
} from '../../../src/concern/write_concern.js';
import { MongoInvalidArgumentError } from '../../../src/errors/driver.js';

describe('WriteConcern', () => {
  it('has the fields of the official driver', () => {
    const cases = [
      [],
      [1],
      ['majority'],
      ['3'],
      ['dc'],
      [2, 500],
      [2, 500, true],
      [1, 0, false],
      [1, 5, undefined, true],
    ];
    for (const parts of cases) {
      const ours = new WriteConcern(...(parts as []));
      const theirs = new official.WriteConcern(...(parts as []));
      assert.deepEqual(Object.entries(ours).sort(), Object.entries(theirs).sort());
    }
  });

  it('reads options as the official driver does', () => {
    const cases: [unknown, unknown?][] = [
      [undefined],
      [{}],
      ['majority'],
      [0],
      [{ writeConcern: {} }],
      [{ writeConcern: { w: 1, wtimeout: 5, j: true } }],
      [{ writeConcern: { fsync: 1 } }],
      [{ writeConcern: { w: 1 } }, { writeConcern: { wtimeoutMS: 7 } }],
      [new official.WriteConcern(2, 3), { writeConcern: { w: 'majority', journal: true } }],
    ];
    for (const [options, inherit] of cases) {
      const ours =
        options instanceof official.WriteConcern
          ? WriteConcern.fromOptions(new WriteConcern(options.w, options.wtimeoutMS), inherit as never)
          : WriteConcern.fromOptions(options as never, inherit as never);
      const theirs = official.WriteConcern.fromOptions(options as never, inherit as never);
      assert.deepEqual(Object.entries(ours ?? {}).sort(), Object.entries(theirs ?? {}).sort());
    }
  });

  it('applies itself to a command as the official driver does', () => {
    const ours = WriteConcern.apply({ insert: 'c' }, new WriteConcern(2, 500, true));
    const theirs = official.WriteConcern.apply({ insert: 'c' }, new official.WriteConcern(2, 500, true));

    assert.deepEqual(ours, theirs);
  });

  it('refuses w=0 with journal=true', () => {
    assert.throws(() => new WriteConcern(0, undefined, true), MongoInvalidArgumentError);
    assert.throws(() => new WriteConcern(0, undefined, undefined, true), MongoInvalidArgumentError);
  });

  for (const [parts, message] of [
    [[-1], /w cannot be -1; allowed is an integer of at least 0, "majority"/],
    [[1.5], /w cannot be 1\.5/],
    [['-3'], /w cannot be "-3"/],
    [[''], /w cannot be ""/],
    [[{}], /w cannot be of type object/],
    [[1, -5], /wtimeoutMS cannot be -5; allowed is a number of milliseconds/],
    [[1, '5'], /wtimeoutMS cannot be "5"/],
    [[1, 5, 'yes'], /journal cannot be "yes"; allowed is true or false/],
  ] as const) {
    it(`refuses ${JSON.stringify(parts)} and says what is allowed`, () => {
      assert.throws(() => new WriteConcern(...(parts as unknown as [])), {
        name: 'MongoInvalidArgumentError',
        message,
      });
    });
  }

  it('cannot be changed', () => {
    assert.ok(Object.isFrozen(new WriteConcern(1)));
  });
});

describe('writeConcernDocument', () => {
  it('sends nothing for the default of the server', () => {
    assert.equal(writeConcernDocument(undefined), undefined);
    assert.equal(writeConcernDocument(new WriteConcern()), undefined);
  });

  it('uses the names of the server', () => {
    assert.deepEqual(writeConcernDocument(new WriteConcern('majority', 500, true)), {
      w: 'majority',
      j: true,
      wtimeout: 500,
    });
  });
});

describe('isUnacknowledged', () => {
  it('is so for w=0 only', () => {
    assert.equal(isUnacknowledged(new WriteConcern(0)), true);
    assert.equal(isUnacknowledged(new WriteConcern(0, 100, false)), true);
    assert.equal(isUnacknowledged(new WriteConcern(1)), false);
    assert.equal(isUnacknowledged(new WriteConcern('majority')), false);
    assert.equal(isUnacknowledged(undefined), false);
  });
});

describe('inheritWriteConcern', () => {
  const parent = new WriteConcern('majority');

  it('takes the concern of the parent when none is set', () => {
    assert.equal(inheritWriteConcern(undefined, parent), parent);
  });

  it('takes an empty concern for the default of the server', () => {
    assert.equal(inheritWriteConcern({}, parent), undefined);
  });

  it('does not mix the own concern with that of the parent', () => {
    assert.deepEqual(writeConcernDocument(inheritWriteConcern({ journal: true }, parent)), { j: true });
  });
});
