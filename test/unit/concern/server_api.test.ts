import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseServerApi, serverApiFields } from '../../../src/concern/server_api.js';

describe('parseServerApi', () => {
  it('accepts a version alone and with flags', () => {
    assert.deepEqual(parseServerApi('1'), { version: '1' });
    assert.deepEqual(parseServerApi({ version: '1', strict: true, deprecationErrors: false }), {
      version: '1',
      strict: true,
      deprecationErrors: false,
    });
    assert.ok(Object.isFrozen(parseServerApi('1')));
  });

  for (const [given, message] of [
    ['2', /Invalid server API version=2; must be one of the following: "1"/],
    [{}, /must specify a version from the following: "1"/],
    ['', /must specify a version/],
    [{ version: {} }, /version=object/],
    [{ version: '1', strict: 'yes' }, /`serverApi.strict` must be true or false, got string/],
  ] as const) {
    it(`refuses ${JSON.stringify(given)}`, () => {
      assert.throws(() => parseServerApi(given), { name: 'MongoParseError', message });
    });
  }
});

describe('serverApiFields', () => {
  it('sends only what was set', () => {
    assert.deepEqual(serverApiFields({ version: '1' }), { apiVersion: '1' });
    assert.deepEqual(serverApiFields({ version: '1', strict: false, deprecationErrors: true }), {
      apiVersion: '1',
      apiStrict: false,
      apiDeprecationErrors: true,
    });
  });
});
