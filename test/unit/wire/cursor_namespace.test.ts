import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cursorNamespace } from '../../../src/wire/cursor_namespace.js';

describe('the namespace of a cursor', () => {
  it('is a database up to the first dot, and a collection that may have more of them', () => {
    assert.deepEqual(cursorNamespace('shop.orders'), { database: 'shop', collection: 'orders' });
    assert.deepEqual(cursorNamespace('shop.$cmd.aggregate'), { database: 'shop', collection: '$cmd.aggregate' });
  });

  it('is none without a database, without a collection, or with a NUL', () => {
    for (const namespace of ['', 'nodot', '.orders', 'shop.', '.', 'shop.or\0ders', 'sh\0op.orders']) {
      assert.equal(cursorNamespace(namespace), null, JSON.stringify(namespace));
    }
  });
});
