import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BSONRegExp, type Document } from '../../../src/bson/index.js';
import { checkedDocument, idOf, insertOne, withId } from '../../../src/commands/insert.js';
import { WriteConcern } from '../../../src/concern/write_concern.js';
import { MongoInvalidArgumentError } from '../../../src/errors/driver.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { commandOf, contextWith, resultOf } from './support.js';

const context = contextWith();
const createPk = () => 'made';

describe('insertOne', () => {
  it('sends the document beside the command', () => {
    const document = { _id: 1 };
    const operation = insertOne(contextWith({ writeConcern: new WriteConcern('majority') }), document, {
      bypassDocumentValidation: true,
      comment: 'why',
    });

    assert.deepEqual(commandOf(operation), {
      insert: 'orders',
      ordered: true,
      writeConcern: { w: 'majority' },
      comment: 'why',
      bypassDocumentValidation: true,
    });
    assert.deepEqual(operation.sequence, { field: 'documents', documents: [document], from: 0 });
    assert.deepEqual([operation.retryable, operation.access, operation.unacknowledged], [true, 'write', false]);
  });

  it('results in the _id of the document', () => {
    const operation = insertOne(context, { _id: 'a' }, {});

    assert.deepEqual(resultOf(operation, { n: 1 }, 1), { acknowledged: true, insertedId: 'a' });
    assert.deepEqual(operation.unacknowledgedResult?.(1), { acknowledged: false, insertedId: 'a' });
  });

  it('throws the error of the write', () => {
    const reply = { n: 0, writeErrors: [{ index: 0, code: 11000, errmsg: 'duplicate' }] };

    assert.throws(() => resultOf(insertOne(context, { _id: 1 }, {}), reply, 1), MongoServerError);
  });

  it('expects no reply under an unacknowledged write concern', () => {
    assert.equal(insertOne(contextWith({ writeConcern: new WriteConcern(0) }), {}, {}).unacknowledged, true);
  });
});

describe('withId', () => {
  it('keeps a document that has an _id, also one of null', () => {
    for (const document of [{ _id: 1 }, { a: 1, _id: null }, new Map([['_id', 1]])]) {
      assert.equal(withId(document, createPk), document);
    }
  });

  it('puts a missing _id on the document, and first in what is sent', () => {
    const document: Document = { a: 1 };
    const map = new Map([['a', 1]]);

    assert.deepEqual(Object.entries(withId(document, createPk)), [
      ['_id', 'made'],
      ['a', 1],
    ]);
    assert.equal(document['_id'], 'made');
    assert.deepEqual(
      [...(withId(map, createPk) as unknown as Map<string, unknown>)],
      [
        ['_id', 'made'],
        ['a', 1],
      ],
    );
    assert.equal(map.get('_id'), 'made');
  });

  it('leaves a frozen document as it is', () => {
    const document = Object.freeze({ a: 1 });

    assert.deepEqual(withId(document, createPk), { _id: 'made', a: 1 });
    assert.equal('_id' in document, false);
  });

  it('takes the _id from a getter of a class', () => {
    class Order {
      readonly a = 1;
      get _id() {
        return 'own';
      }
    }

    assert.deepEqual(withId(new Order(), createPk), { _id: 'own', a: 1 });
  });

  it('puts the _id into the result of toBSON', () => {
    const without = { a: 1, toBSON: () => ({ b: 1 }) } as Document;
    const own = { _id: 'own', toBSON: () => ({ b: 1 }) };

    assert.deepEqual(withId(without, createPk), { _id: 'made', b: 1 });
    assert.equal(without['_id'], 'made');
    assert.deepEqual(withId(own, createPk), { _id: 'own', b: 1 });
    assert.deepEqual(withId({ toBSON: () => ({ _id: 'made there' }) }, createPk), { _id: 'made there' });
  });

  it('refuses a toBSON that results in no document', () => {
    assert.throws(() => withId({ toBSON: () => 5 }, createPk), MongoInvalidArgumentError);
  });
});

describe('checkedDocument', () => {
  it('refuses values that are no documents', () => {
    for (const value of [null, undefined, 5, 'x', [{}]]) {
      assert.throws(() => checkedDocument(value), /^MongoInvalidArgumentError: A document to insert must be an object/);
    }
  });

  it('refuses an _id of a type that servers refuse', () => {
    const forbidden = [() => 1, Symbol('x'), [1], /x/, new BSONRegExp('x')];
    for (const _id of forbidden) {
      assert.throws(() => checkedDocument({ _id }), /The _id of a document cannot be/);
      assert.throws(() => checkedDocument(new Map([['_id', _id]])), /The _id of a document cannot be/);
    }
  });
});

describe('idOf', () => {
  it('finds own _ids only', () => {
    assert.deepEqual(
      [idOf({ _id: 1 }), idOf(new Map([['_id', 2]])), idOf({}), idOf(new Map())],
      [1, 2, undefined, undefined],
    );
    assert.equal(idOf(Object.create({ _id: 1 }) as Document), undefined);
  });
});
