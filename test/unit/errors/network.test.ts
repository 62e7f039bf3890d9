import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoNetworkError, MongoNetworkTimeoutError } from '../../../src/errors/network.js';

describe('MongoNetworkError', () => {
  it('knows whether the handshake was over', () => {
    assert.equal(new MongoNetworkError('x').beforeHandshake, false);
    assert.equal(new MongoNetworkTimeoutError('x', { beforeHandshake: true }).beforeHandshake, true);
  });
});
