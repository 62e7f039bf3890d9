import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Int32 } from '../../../src/bson/index.js';
import { formatSort } from '../../../src/commands/sort.js';
import { MongoInvalidArgumentError } from '../../../src/errors/driver.js';
import type { Sort } from '../../../src/types/sort.js';

const of = (sort: unknown, direction?: 'desc') => {
  const formatted = formatSort(sort as Sort, direction);
  return formatted === undefined ? undefined : [...formatted];
};

describe('formatSort', () => {
  const META = { $meta: 'textScore' };
  const FORMS: [what: string, sort: unknown, pairs: unknown][] = [
    ['a name', 'a', [['a', 1]]],
    [
      'an object',
      { a: 1, b: 'desc' },
      [
        ['a', 1],
        ['b', -1],
      ],
    ],
    [
      'a Map',
      new Map([
        ['a', 'ascending'],
        ['b', 'descending'],
      ]),
      [
        ['a', 1],
        ['b', -1],
      ],
    ],
    [
      'a list of pairs',
      [
        ['a', 'asc'],
        ['b', '-1'],
      ],
      [
        ['a', 1],
        ['b', -1],
      ],
    ],
    ['a pair', ['a', -1], [['a', -1]]],
    [
      'a list of names',
      ['a', 'b'],
      [
        ['a', 1],
        ['b', 1],
      ],
    ],
    ['a list of two names, of which the second is a direction', ['a', 'desc'], [['a', -1]]],
    ['a direction in capitals', { a: 'DESC' }, [['a', -1]]],
    ['a number of a BSON type', { a: new Int32(-1) }, [['a', -1]]],
    ['a $meta', { a: META }, [['a', META]]],
    ['nothing', undefined, undefined],
    ['null', null, undefined],
    ['an empty object', {}, undefined],
    ['an empty list', [], undefined],
  ];
  for (const [what, sort, pairs] of FORMS) {
    it(`takes ${what}`, () => assert.deepEqual(of(sort), pairs));
  }

  it('takes a direction for the name of a field', () => {
    assert.deepEqual(of('a', 'desc'), [['a', -1]]);
  });

  it('refuses anything else, and names the field', () => {
    for (const wrong of [{ a: 2 }, { a: 'up' }, { a: null }, [['a', 0]], { a: {} }]) {
      assert.throws(
        () => of(wrong),
        (error: Error) =>
          error instanceof MongoInvalidArgumentError && error.message.startsWith("Invalid sort direction for 'a'"),
      );
    }
    assert.throws(() => of(5), /Invalid sort format/);
  });
});
