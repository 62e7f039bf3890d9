import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as official from 'mongodb';
import * as driver from '../../../src/errors/driver.js';

describe('errors with a message of their own', () => {
  const noArguments: readonly (new () => Error)[] = [
    driver.MongoBatchReExecutionError,
    driver.MongoCursorExhaustedError,
    driver.MongoCursorInUseError,
    driver.MongoExpiredSessionError,
    driver.MongoServerClosedError,
    driver.MongoTailableCursorError,
    driver.MongoTopologyClosedError,
    driver.MongoClientClosedError,
  ];
  for (const errorClass of noArguments) {
    it(`${errorClass.name} says what the official one says`, () => {
      const theirClass = (official as unknown as Record<string, new () => Error>)[errorClass.name]!;

      assert.equal(new errorClass().message, new theirClass().message);
    });
  }

  it('MongoMissingDependencyError names the package', () => {
    const error = new driver.MongoMissingDependencyError('x', { dependencyName: 'snappy' });

    assert.equal(error.dependencyName, 'snappy');
  });
});
