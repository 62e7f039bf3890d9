import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { frozenCopy, frozenWithSecrets } from '../../../src/uri/frozen.js';

describe('frozenCopy', () => {
  it('freezes copies at every depth and leaves the original as it was', () => {
    const given = { list: [{ a: 1 }], inner: { b: 2 } };
    const copy = frozenCopy(given);

    assert.deepEqual(copy, given);
    for (const part of [copy, copy.list, copy.list[0], copy.inner]) assert.ok(Object.isFrozen(part));
    for (const part of [given, given.list, given.list[0], given.inner]) assert.ok(!Object.isFrozen(part));
  });

  it('copies an object without a prototype', () => {
    const given = Object.assign(Object.create(null) as object, { a: 1 });

    assert.notEqual(frozenCopy(given), given);
  });

  it('passes on instances of classes and functions as they are', () => {
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

  it('adds no field that can be enumerated, and freezes the object', () => {
    assert.deepEqual(Object.keys(options), ['host', 'password', 'key']);
    assert.ok(Object.isFrozen(options));
  });
});
