import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createIndex,
  createIndexes,
  type IndexSpecification,
  indexKeys,
  indexName,
} from '../../../src/commands/create_indexes.js';
import { MongoInvalidArgumentError } from '../../../src/errors/driver.js';
import { commandOf, contextWith } from './support.js';

const context = contextWith();

describe('indexKeys', () => {
  const forms: readonly (readonly [IndexSpecification, string])[] = [
    ['a', 'a_1'],
    [{ a: 1, b: -1 }, 'a_1_b_-1'],
    [['a', 'b'], 'a_1_b_1'],
    [['a', -1], 'a_-1'],
    [['a', '2dsphere'], 'a_2dsphere'],
    [['a', ['b', -1]], 'a_1_b_-1'],
    [
      [
        ['a', -1],
        ['b', 'text'],
      ],
      'a_-1_b_text',
    ],
    [[{ a: 1 }, { b: 'hashed' }], 'a_1_b_hashed'],
    [
      new Map([
        ['b', 1],
        ['a', -1],
      ]),
      'b_1_a_-1',
    ],
  ];
  for (const [specification, name] of forms) {
    it(`takes ${JSON.stringify(specification instanceof Map ? [...specification] : specification)}`, () => {
      assert.equal(indexName(indexKeys(specification)), name);
    });
  }

  it('refuses keys in any other form', () => {
    for (const wrong of [null, 3, [3], true]) {
      assert.throws(() => indexKeys(wrong as never), MongoInvalidArgumentError);
    }
  });
});

describe('createIndex', () => {
  it('tells options of the index from those of the command', () => {
    const operation = createIndex(context, 'a', { unique: true, commitQuorum: 2, maxTimeMS: 5, version: 2 }, undefined);

    assert.deepEqual(commandOf(operation), {
      createIndexes: 'orders',
      indexes: [{ name: 'a_1', key: new Map([['a', 1]]), unique: true, v: 2 }],
      commitQuorum: 2,
      maxTimeMS: 5,
    });
  });

  it('sends unknown options of the index if those of the command are given apart', () => {
    const operation = createIndex(context, 'a', { newOption: 1, languageOverride: 'l' }, { comment: 'c' });

    assert.deepEqual(commandOf(operation), {
      createIndexes: 'orders',
      indexes: [{ name: 'a_1', key: new Map([['a', 1]]), newOption: 1, language_override: 'l' }],
      comment: 'c',
    });
  });

  it('says which index has no key', () => {
    assert.throws(() => createIndexes(context, [{ key: { a: 1 } }, {} as never], {}, false), /position 1/);
  });
});
