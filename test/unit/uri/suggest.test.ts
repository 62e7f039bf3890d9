import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { OPTION_NAMES } from '../../../src/uri/options/table.js';
import { suggestName } from '../../../src/uri/suggest.js';

describe('suggestName', () => {
  it('finds a name with one wrong, missing or added letter', () => {
    const known = OPTION_NAMES.filter(name => name.length > 8);
    fc.assert(
      fc.property(fc.constantFrom(...known), fc.nat(), fc.constantFrom('q', ''), (name, position, letter) => {
        const at = position % name.length;
        const wrong = name.slice(0, at) + letter + name.slice(at + 1);
        assert.notEqual(suggestName(wrong, known), undefined);
      }),
    );
  });

  it('finds a name in which two neighbouring letters are exchanged', () => {
    assert.equal(suggestName('maxPoolSzie', ['minPoolSize', 'maxPoolSize'], 1), 'maxPoolSize');
  });

  it('compares names without case', () => {
    assert.equal(suggestName('MAXPOOLSIZES', ['maxPoolSize'], 1), 'maxPoolSize');
  });

  it('finds nothing for a name that differs in more letters than allowed', () => {
    assert.equal(suggestName('maxPolSizes', ['maxPoolSize'], 1), undefined);
    assert.equal(suggestName('maxPolSizes', ['maxPoolSize'], 2), 'maxPoolSize');
  });

  it('finds nothing for a name that is far from all', () => {
    assert.equal(suggestName('useUnifiedTopology', OPTION_NAMES), undefined);
    assert.equal(suggestName('x', OPTION_NAMES), undefined);
  });
});
