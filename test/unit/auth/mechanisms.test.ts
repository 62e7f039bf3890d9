import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoCredentials } from '../../../src/auth/credentials.js';
import { authenticatorFor } from '../../../src/auth/mechanisms.js';
import { systemRandom } from '../../../src/runtime/random.js';

describe('other mechanisms', () => {
  it('are not there yet', () => {
    const credentials = new MongoCredentials({ mechanism: 'GSSAPI', username: 'ann' });
    assert.equal(authenticatorFor(credentials, systemRandom), undefined);
  });
});
