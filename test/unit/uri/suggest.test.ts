import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { OPTION_NAMES } from '../../../src/uri/options/table.js';
import { suggestName } from '../../../src/uri/suggest.js';

describe('suggestName', () => {
  it('a name with one wrong, missing or added letter is found', () => {
    const known = OPTION_NAMES.filter(name => name.length > 8);
    fc.assert(
      fc.property(fc.constantFrom(...known), fc.nat(), fc.constantFrom('q', ''), (name, position, letter) => {
        const at = position % name.length;
        const wrong = name.slice(0, at) + letter + name.slice(at + 1);
        assert.notEqual(suggestName(wrong, known), undefined);
      }),
    );
  });

  it('a name with two exchanged neighbouring letters is found', () => {
    assert.equal(suggestName('maxPoolSzie', ['minPoolSize', 'maxPoolSize'], 1), 'maxPoolSize');
  });

  it('names are compared without case', () => {
    assert.equal(suggestName('MAXPOOLSIZES', ['maxPoolSize'], 1), 'maxPoolSize');
  });

  it('a name that differs in more letters than allowed is not found', () => {
    assert.equal(suggestName('maxPolSizes', ['maxPoolSize'], 1), undefined);
    assert.equal(suggestName('maxPolSizes', ['maxPoolSize'], 2), 'maxPoolSize');
  });

  it('no name is suggested for one that is far from all', () => {
    assert.equal(suggestName('useUnifiedTopology', OPTION_NAMES), undefined);
    assert.equal(suggestName('x', OPTION_NAMES), undefined);
  });
});
