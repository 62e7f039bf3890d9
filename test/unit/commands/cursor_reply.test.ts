import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeDocument } from '../../../src/bson/decode.js';
import { DocumentReader } from '../../../src/bson/document_reader.js';
import { type Document, Long } from '../../../src/bson/index.js';
import { cursorReplyOf, documentAsBatch, firstDocumentOf } from '../../../src/commands/cursor_reply.js';
import { killCursors } from '../../../src/commands/get_more.js';
import { MongoUnexpectedServerResponseError } from '../../../src/errors/driver.js';
import type { OpenCursor } from '../../../src/executor/operation.js';
import { commandOf, contextWith, replyOf } from './support.js';

const ns = 'shop.orders';
const KNOWN = 'shop.known';

const cursorOf = (cursor: unknown, known = KNOWN) => cursorReplyOf(replyOf({ cursor }), 'firstBatch', known);

describe('cursorReplyOf', () => {
  it('gives the cursor and its documents', () => {
    const { id, namespace, address, batch } = cursorOf({ id: Long.fromNumber(5), ns, firstBatch: [{ a: 1 }] });

    assert.deepEqual([id, namespace, address], [5n, ns, 'db1:27017']);
    const reader = new DocumentReader(batch, decodeDocument);
    assert.deepEqual([reader.next(), reader.next()], [{ a: 1 }, undefined]);
  });

  it('reads the batch of a getMore from its own field', () => {
    const reply = { cursor: { id: 0, ns, nextBatch: [] } };

    assert.equal(cursorReplyOf(replyOf(reply), 'nextBatch', '').id, 0n);
    assert.throws(() => cursorReplyOf(replyOf(reply), 'firstBatch', ''), MongoUnexpectedServerResponseError);
  });

  it('takes the known namespace if the server names none that can be used', () => {
    for (const wrong of [undefined, '', 'shop', '.orders', 'shop.']) {
      assert.equal(cursorOf({ id: 5, ns: wrong, firstBatch: [] }).namespace, KNOWN);
    }
  });

  it('refuses an open cursor of which no namespace is known', () => {
    assert.throws(() => cursorOf({ id: 5, firstBatch: [] }, ''), /namespace names no database and collection/);
    assert.equal(cursorOf({ id: 0, firstBatch: [] }, '').namespace, '');
  });

  it('refuses a reply without cursor, id or batch', () => {
    const wrong = [undefined, {}, { id: 5, ns }, { ns, firstBatch: [] }, { id: 2 ** 63, ns, firstBatch: [] }];
    for (const cursor of wrong) {
      assert.throws(() => cursorOf(cursor), /^MongoUnexpectedServerResponseError: A reply of db1:27017 lacks cursor/);
    }
  });
});

describe('firstDocumentOf', () => {
  const firstOf = (cursor: unknown) => {
    const reply = replyOf({ cursor });
    const killed: OpenCursor[] = [];
    const document = firstDocumentOf(reply, decodeDocument, KNOWN, open => {
      killed.push(open);
      return killCursors(open, contextWith());
    });
    return { document, killed, closing: reply.closing };
  };

  it('gives the first document, or undefined', () => {
    assert.deepEqual(firstOf({ id: 0, ns, firstBatch: [{ a: 1 }, { a: 2 }] }).document, { a: 1 });
    assert.equal(firstOf({ id: 0, ns, firstBatch: [] }).document, undefined);
    assert.equal(firstOf({ firstBatch: [] }).document, undefined);
  });

  it('asks for the close of a cursor that the server keeps open', () => {
    const { killed, closing } = firstOf({ id: Long.fromNumber(5), ns, firstBatch: [{ a: 1 }] });

    assert.deepEqual(killed, [{ id: 5n, namespace: ns, address: 'db1:27017' }]);
    assert.deepEqual(commandOf(closing!), { killCursors: 'orders', cursors: [Long.fromNumber(5)] });
    assert.equal(firstOf({ id: 0, ns, firstBatch: [] }).closing, undefined);
  });

  it('refuses a reply without a batch', () => {
    for (const cursor of [undefined, {}, { id: 0, ns }] as (Document | undefined)[]) {
      assert.throws(() => firstOf(cursor), MongoUnexpectedServerResponseError);
    }
  });
});

describe('documentAsBatch', () => {
  it('has the whole reply for its only document', () => {
    const { id, batch } = documentAsBatch(replyOf({ queryPlanner: { a: 1 } }));
    const reader = new DocumentReader(batch, decodeDocument);

    assert.equal(id, 0n);
    assert.deepEqual([reader.next(), reader.next()], [{ ok: 1, queryPlanner: { a: 1 } }, undefined]);
  });
});
