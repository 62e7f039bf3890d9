import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { frozenCopy, frozenWithSecrets } from '../../../src/uri/frozen.js';

describe('frozenCopy', () => {
  it('a frozen copy is frozen at every depth, and the original is not', () => {
    const given = { list: [{ a: 1 }], inner: { b: 2 } };
    const copy = frozenCopy(given);

    assert.deepEqual(copy, given);
    for (const part of [copy, copy.list, copy.list[0], copy.inner]) assert.ok(Object.isFrozen(part));
    for (const part of [given, given.list, given.list[0], given.inner]) assert.ok(!Object.isFrozen(part));
  });

  it('an object without a prototype is copied', () => {
    const given = Object.assign(Object.create(null) as object, { a: 1 });

    assert.notEqual(frozenCopy(given), given);
  });

  it('instances of classes and functions are not copied', () => {
    const given = { date: new Date(0), bytes: Buffer.from('x'), run: () => 1 };
    const copy = frozenCopy(given);

    assert.equal(copy.date, given.date);
    assert.equal(copy.bytes, given.bytes);
    assert.equal(copy.run, given.run);
    assert.ok(!Object.isFrozen(given.date));
  });
});

describe('frozenWithSecrets', () => {
  const options = frozenWithSecrets({ host: 'h', password: 'secret1', key: undefined }, ['password', 'key', 'none']);

  it('a secret can be read from its field, and is shown neither in the console nor in JSON', () => {
    assert.equal(options.password, 'secret1');
    assert.equal(inspect(options), "{ host: 'h', password: '***', key: undefined }");
    assert.equal(JSON.stringify(options), '{"host":"h","password":"***"}');
  });

  it('hiding secrets adds no enumerable field, and the object is frozen', () => {
    assert.deepEqual(Object.keys(options), ['host', 'password', 'key']);
    assert.ok(Object.isFrozen(options));
  });
});
