import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as official from 'mongodb';
import { ReadPreference, ReadPreferenceMode, readPreferenceDocument } from '../../../src/concern/read_preference.js';
import { MongoInvalidArgumentError } from '../../../src/errors/driver.js';

describe('ReadPreference', () => {
  it('refuses tags that are neither a list nor the options of the old form', () => {
    for (const tags of ['invalid', 5, true, () => undefined]) {
      assert.throws(() => new ReadPreference('secondary', tags as never), {
        name: 'MongoInvalidArgumentError',
        message: /tags must be an array/,
      });
    }
    assert.equal(new ReadPreference('secondary', { maxStalenessSeconds: 100 } as never).maxStalenessSeconds, 100);
  });

  it('has the modes and constants of the official driver', () => {
    assert.deepEqual(ReadPreferenceMode, official.ReadPreferenceMode);
    assert.equal(ReadPreference.PRIMARY_PREFERRED, official.ReadPreference.PRIMARY_PREFERRED);
    for (const mode of Object.values(ReadPreferenceMode)) {
      assert.equal(ReadPreference[mode].mode, mode);
      assert.equal(Reflect.get(ReadPreference[mode], 'preference'), mode);
      assert.equal(ReadPreference[mode].secondaryOk(), official.ReadPreference[mode].secondaryOk());
      assert.deepEqual(ReadPreference[mode].toJSON(), official.ReadPreference[mode].toJSON());
    }
  });

  it('reads options as the official driver does', () => {
    const cases = [
      undefined,
      {},
      { readPreference: 'secondary' },
      { readPreference: 'nearest', readPreferenceTags: [{ dc: 'ny' }, {}] },
      { readPreference: 'secondary', maxStalenessSeconds: 120, hedge: { enabled: true } },
      { readPreference: { mode: 'secondary', tags: [{ dc: 'ny' }], maxStalenessSeconds: 90 } },
      { readPreference: { preference: 'nearest' } },
      { session: { transaction: { options: { readPreference: 'secondary' } } } },
    ];
    for (const options of cases) {
      const ours = ReadPreference.fromOptions(options as never);
      const theirs = official.ReadPreference.fromOptions(options as never);
      assert.deepEqual(ours?.toJSON(), theirs?.toJSON(), JSON.stringify(options));
    }
  });

  it('returns the instance that it is given, and a copy when tags are added', () => {
    const readPreference = new ReadPreference('nearest', undefined, { maxStalenessSeconds: 100 });

    assert.equal(ReadPreference.fromOptions({ readPreference }), readPreference);
    assert.deepEqual(ReadPreference.fromOptions({ readPreference, readPreferenceTags: [{ a: 'b' }] })?.toJSON(), {
      mode: 'nearest',
      tags: [{ a: 'b' }],
      maxStalenessSeconds: 100,
    });
  });

  it('translates names and objects in options to instances', () => {
    const byName = ReadPreference.translate({ readPreference: 'secondary' });
    const byObject = ReadPreference.translate({ readPreference: { mode: 'nearest', tags: [{ a: 'b' }] } });

    assert.ok(byName.readPreference instanceof ReadPreference);
    assert.deepEqual((byObject.readPreference as ReadPreference).tags, [{ a: 'b' }]);
    assert.throws(() => ReadPreference.translate({ readPreference: 5 as never }), MongoInvalidArgumentError);
  });

  it('takes options in place of tags', () => {
    assert.equal(new ReadPreference('secondary', { maxStalenessSeconds: 90 } as never).maxStalenessSeconds, 90);
  });

  it('knows valid modes', () => {
    assert.equal(ReadPreference.isValid('nearest'), true);
    assert.equal(ReadPreference.isValid('far'), false);
    assert.equal(ReadPreference.nearest.isValid(), true);
    assert.equal(ReadPreference.nearest.isValid('far'), false);
  });

  it('is equal to one of the same mode', () => {
    assert.ok(ReadPreference.nearest.equals(ReadPreference.fromString('nearest')));
    assert.ok(!ReadPreference.nearest.equals(ReadPreference.primary));
  });

  for (const [what, make, message] of [
    [
      'an unknown mode',
      () => new ReadPreference('far' as never),
      /Invalid read preference mode "far"; allowed is one of primary/,
    ],
    ['tags that are no array', () => new ReadPreference('nearest', 'a' as never, {}), /must be an array of objects/],
    ['a tag set that is no object', () => new ReadPreference('nearest', ['a'] as never), /must be an array of objects/],
    [
      'a staleness of 0',
      () => new ReadPreference('nearest', [], { maxStalenessSeconds: 0 }),
      /positive integer, got 0/,
    ],
    ['primary with tags', () => new ReadPreference('primary', [{ a: 'b' }]), /cannot be combined with tags/],
    [
      'primary with a staleness',
      () => new ReadPreference('primary', undefined, { maxStalenessSeconds: 90 }),
      /cannot be combined with maxStalenessSeconds/,
    ],
    [
      'primary with hedge',
      () => new ReadPreference('primary', undefined, { hedge: { enabled: true } }),
      /cannot be combined with hedge/,
    ],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(make, { name: 'MongoInvalidArgumentError', message });
    });
  }

  it('takes [{}] for no tags, as the specifications write it', () => {
    assert.deepEqual(new ReadPreference('primary', [{}]).tags, [{}]);
  });

  it('cannot be changed, also through the objects that it was made of', () => {
    const tags = [{ dc: 'ny' }];
    const readPreference = new ReadPreference('nearest', tags, { hedge: { enabled: true } });
    tags[0]!.dc = 'la';

    assert.deepEqual(readPreference.tags, [{ dc: 'ny' }]);
    for (const part of [readPreference, readPreference.tags, readPreference.tags[0], readPreference.hedge]) {
      assert.ok(Object.isFrozen(part));
    }
  });
});

describe('readPreferenceDocument', () => {
  it('holds what was set', () => {
    const readPreference = new ReadPreference('secondary', [{ dc: 'ny' }], {
      maxStalenessSeconds: 90,
      hedge: { enabled: true },
    });

    assert.deepEqual(readPreferenceDocument(ReadPreference.secondary), { mode: 'secondary' });
    assert.deepEqual(readPreferenceDocument(readPreference), {
      mode: 'secondary',
      tags: [{ dc: 'ny' }],
      maxStalenessSeconds: 90,
      hedge: { enabled: true },
    });
  });
});
