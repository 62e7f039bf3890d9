import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { budgetAt, validateTimeoutMS } from '../../../src/call/budget.js';
import { MongoInvalidArgumentError } from '../../../src/errors/driver.js';

const INHERITED = Object.freeze({ timeoutMS: 500, source: 'the client' });

describe('budgetAt', () => {
  it('is what the level says, with the level as its source', () => {
    assert.deepEqual(budgetAt('the collection', 40, INHERITED), { timeoutMS: 40, source: 'the collection' });
  });

  for (const given of [undefined, null]) {
    it(`is what is inherited, without a new object, for ${String(given)}`, () => {
      assert.equal(budgetAt('insertOne', given, INHERITED), INHERITED);
    });
  }

  it('takes 0 as a value: it overrides, it does not inherit', () => {
    assert.deepEqual(budgetAt('insertOne', 0, INHERITED), { timeoutMS: 0, source: 'insertOne' });
  });

  it('refuses what is no number of milliseconds, naming the level', () => {
    assert.throws(
      () => budgetAt('the database', -1, INHERITED),
      /^MongoInvalidArgumentError: timeoutMS of the database is -1/,
    );
  });
});

describe('validateTimeoutMS', () => {
  for (const value of [0, 1, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
    it(`takes ${value}`, () => assert.equal(validateTimeoutMS(value, 'find'), value));
  }

  for (const value of [undefined, null]) {
    it(`takes ${String(value)} for "inherit"`, () => assert.equal(validateTimeoutMS(value, 'find'), undefined));
  }

  for (const [value, shown] of [
    [-1, '-1 (number)'],
    [0.5, '0.5 (number)'],
    [-Number.MIN_VALUE, '-5e-324 (number)'],
    [2 ** 53, '9007199254740992 (number)'],
    [2 ** 63, '9223372036854776000 (number)'],
    [NaN, 'NaN (number)'],
    [Infinity, 'Infinity (number)'],
    [-Infinity, '-Infinity (number)'],
    ['500', '"500" (string)'],
    ['', '"" (string)'],
    [5n, '5 (bigint)'],
    [true, 'true (boolean)'],
    [{}, 'of type object'],
    [[5], 'of type object'],
    [() => 5, 'of type function'],
  ] as const) {
    it(`refuses ${shown}, naming the option, the value and what is allowed`, () => {
      assert.throws(
        () => validateTimeoutMS(value, 'insertOne'),
        (error: unknown) =>
          error instanceof MongoInvalidArgumentError &&
          error.message ===
            `timeoutMS of insertOne is ${shown}; allowed are milliseconds as an integer from 0 to 9007199254740991, where 0 means no limit`,
      );
    });
  }

  it('shows the beginning of a long string only', () => {
    assert.throws(
      () => validateTimeoutMS('x'.repeat(1000), 'find'),
      (error: unknown) => error instanceof Error && error.message.length < 200,
    );
  });
});
