import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { type Document, Long, ObjectId, serialize } from '../../../src/bson/index.js';
import { lazyDecoder } from '../../../src/bson/lazy_document.js';

const DOCUMENT = {
  _id: new ObjectId(),
  name: 'tea',
  price: 3.5,
  tags: ['a', 'b'],
  nested: { deep: { x: 1 } },
  größe: 'L',
  nothing: null,
  last: true,
};

function lazy(document: Document = DOCUMENT, options = {}): Document {
  // Not at the start, as in a reply.
  const bytes = Buffer.concat([Buffer.from([1, 2, 3]), serialize(document), Buffer.from([9])]);
  return lazyDecoder(options)(bytes, 3);
}

describe('a lazy document', () => {
  it('gives each field as if it had been decoded at once', () => {
    const document = lazy();

    for (const [name, value] of Object.entries(DOCUMENT)) assert.deepEqual(document[name], value, name);
    assert.equal(document['missing'], undefined);
    assert.equal(document['tags'], document['tags']);
  });

  it('has the keys of the document in their order, also after some were read', () => {
    const document = lazy();
    const nested = document['nested'] as unknown;
    assert.equal(document['last'], true);

    assert.deepEqual(Object.keys(document), Object.keys(DOCUMENT));
    assert.equal(document['nested'], nested);
    assert.deepEqual({ ...document }, DOCUMENT);
  });

  it('is a plain object to those who ask', () => {
    assert.deepStrictEqual(lazy(), DOCUMENT);
    assert.equal(JSON.stringify(lazy()), JSON.stringify(DOCUMENT));
    assert.equal(Object.getPrototypeOf(lazy()), Object.prototype);
    assert.equal(lazy()['constructor'], Object);
    assert.equal(Object.prototype.toString.call(lazy()), '[object Object]');
    assert.deepEqual(
      ['name' in lazy(), 'missing' in lazy(), 'größe' in lazy(), 'toString' in lazy()],
      [true, false, true, true],
    );
    assert.equal(Object.hasOwn(lazy(), 'name'), true);
    assert.equal(inspect(lazy()), inspect(DOCUMENT));
    assert.equal(Object.isFrozen(Object.freeze(lazy())), true);
  });

  it('can be changed', () => {
    const document = lazy();
    document['name'] = 'coffee';
    document['extra'] = 1;
    delete document['last'];

    const { last: _, ...rest } = DOCUMENT;
    assert.deepEqual({ ...document }, { ...rest, name: 'coffee', extra: 1 });
    assert.equal(document['name'], 'coffee');
    assert.equal(document['last'], undefined);
  });

  it('can be encoded again', () => {
    assert.deepEqual(serialize(lazy()), serialize(DOCUMENT));
  });

  it('decodes by the options', () => {
    const number = { n: Long.fromNumber(7) };

    assert.equal(lazy(number)['n'], 7);
    assert.ok(lazy(number, { promoteLongs: false })['n'] instanceof Long);
    assert.equal(lazy(number, { useBigInt64: true })['n'], 7n);
  });

  it('does not let a field change its prototype', () => {
    const document = lazy(JSON.parse('{"__proto__": {"bad": 1}, "a": 2}') as Document);

    assert.equal(document['bad'], undefined);
    assert.deepEqual(Object.keys(document), ['__proto__', 'a']);
    assert.equal(document['bad'], undefined);
  });

  it('is refused when it is malformed', () => {
    const bytes = Buffer.from(serialize({ a: 'text' }));
    bytes.writeInt32LE(1000, 7);

    assert.throws(() => lazyDecoder({})(bytes, 0), /^MongoUnexpectedServerResponseError: Malformed BSON in a reply/);
  });
});
