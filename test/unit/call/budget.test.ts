import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { budgetOf, type TimeoutLevels, validateTimeoutMS } from '../../../src/call/budget.js';
import { MongoInvalidArgumentError } from '../../../src/errors/driver.js';

const PRECEDENCE = ['operation', 'cursor', 'transaction', 'session', 'collection', 'database', 'client'] as const;

describe('budgetOf', () => {
  const all: TimeoutLevels = {
    operation: 1,
    cursor: 2,
    transaction: 3,
    session: 4,
    collection: 5,
    database: 6,
    client: 7,
  };

  for (const [index, source] of PRECEDENCE.entries()) {
    it(`takes ${source} when nothing of higher precedence is set`, () => {
      const higher = PRECEDENCE.slice(0, index).map(level => [level, undefined]);
      const levels = { ...all, ...(Object.fromEntries(higher) as TimeoutLevels) };

      assert.deepEqual(budgetOf(levels), { timeoutMS: index + 1, source });
    });
  }

  it('takes 0 as a value: it overrides, it does not inherit', () => {
    assert.deepEqual(budgetOf({ operation: 0, client: 500 }), { timeoutMS: 0, source: 'operation' });
  });

  it('is not in use when no level sets it', () => {
    assert.deepEqual(budgetOf({}), { timeoutMS: undefined, source: undefined });
  });
});

describe('validateTimeoutMS', () => {
  for (const value of [0, 0.5, 1, 2 ** 40]) {
    it(`takes ${value}`, () => assert.equal(validateTimeoutMS(value, 'find'), value));
  }

  for (const value of [undefined, null]) {
    it(`takes ${String(value)} for "inherit"`, () => assert.equal(validateTimeoutMS(value, 'find'), undefined));
  }

  for (const [value, shown] of [
    [-1, '-1 (number)'],
    [-Number.MIN_VALUE, '-5e-324 (number)'],
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
            `timeoutMS of insertOne is ${shown}; allowed are milliseconds as a number from 0 on, where 0 means no limit`,
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
