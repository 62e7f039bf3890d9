import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Deferred } from '../../support/deferred.js';

describe('Deferred', () => {
  it('is resolved from outside', async () => {
    const deferred = new Deferred<number>();

    deferred.resolve(5);
    deferred.resolve(6);

    assert.equal(await deferred.promise, 5);
  });

  it('is rejected from outside', async () => {
    const deferred = new Deferred<number>();
    const error = new Error('x');

    deferred.reject(error);

    await assert.rejects(deferred.promise, error);
  });
});
