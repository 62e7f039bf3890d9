import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { documentDecoder } from '../../../src/bson/decode.js';
import { type Document, Long, serialize } from '../../../src/bson/index.js';
import { RawDocument } from '../../../src/bson/raw_document.js';
import { MongoServerError, MongoWriteConcernError } from '../../../src/errors/server.js';
import { Reply } from '../../../src/wire/reply.js';
import { element, int32, protocolError, rawDocument } from './bytes.js';

function replyOf(document: Document | Buffer, close: (error: Error) => void = () => undefined): Reply {
  const bytes = Buffer.isBuffer(document) ? document : Buffer.from(serialize(document));
  return new Reply(RawDocument.at(bytes, 0, bytes.length), false, { close });
}

describe('Reply', () => {
  for (const ok of [1, 1.0, true, Long.fromNumber(1)]) {
    it(`is ok with ${typeof ok} ${String(ok)}`, () => assert.equal(replyOf({ ok }).ok, true));
  }

  for (const reply of [{ ok: 0 }, {}, { ok: '1' }, { ok: false }, { ok: null }]) {
    it(`is not ok with ${JSON.stringify(reply)}`, () => assert.equal(replyOf(reply).ok, false));
  }

  it('gives no error when ok', () => assert.equal(replyOf({ ok: 1, code: 5 }).error({}), null));

  it('gives the error of the server with the place where it happened', () => {
    const reply = replyOf({
      ok: 0,
      code: 11600,
      codeName: 'InterruptedAtShutdown',
      errmsg: 'down',
      errorLabels: ['A'],
    });

    const error = reply.error({ host: 'db1:27017', namespace: 'shop.orders', phase: 'server', labels: ['B'] });

    assert.ok(error instanceof MongoServerError);
    assert.deepEqual(
      [error.message, error.code, error.codeName, error.host, error.namespace, error.phase],
      ['down', 11600, 'InterruptedAtShutdown', 'db1:27017', 'shop.orders', 'server'],
    );
    assert.deepEqual(error.errorLabels.sort(), ['A', 'B']);
  });

  it('gives the write concern error of a write that was carried out', () => {
    const reply = replyOf({
      ok: 1,
      n: 1,
      writeConcernError: { code: 64, errmsg: 'waiting', errInfo: { wtimeout: true } },
    });

    const error = reply.writeConcernError({ host: 'db1:27017' });

    assert.ok(error instanceof MongoWriteConcernError);
    assert.deepEqual(
      [error.code, error.message, error.errInfo, error.host],
      [64, 'waiting', { wtimeout: true }, 'db1:27017'],
    );
    assert.equal(error.result['n'], 1);
  });

  it('takes a writeConcernError that is no document for none', () => {
    for (const writeConcernError of [null, 1, 'no']) {
      assert.equal(replyOf({ ok: 1, writeConcernError }).writeConcernError({}), null);
    }
  });

  it('decodes once and keeps the result', () => {
    const reply = replyOf({ ok: 1, x: 'y' });

    assert.deepEqual(reply.document, { ok: 1, x: 'y' });
    assert.equal(reply.document, reply.document);
  });

  it('decodes with the options of the caller', () => {
    assert.deepEqual(replyOf({ n: Long.fromNumber(5) }).decode(documentDecoder({ useBigInt64: true })), { n: 5n });
  });

  it('refuses bad UTF-8 in a reply', () => {
    const reply = replyOf(rawDocument([element(2, 'x', Buffer.concat([int32(2), Buffer.of(0xc3, 0)]))]));

    assert.throws(() => reply.document, protocolError(/Malformed BSON/));
  });

  it('closes the connection it came by when it turns out to be corrupt', () => {
    const closed: Error[] = [];
    const error = new Error('no BSON');

    replyOf({ ok: 1 }, reason => closed.push(reason)).corrupt(error);

    assert.deepEqual(closed, [error]);
  });

  it('keeps a write error whose message the server cut inside a character', () => {
    const cut = element(2, 'errmsg', Buffer.concat([int32(3), Buffer.of(0x61, 0xc3, 0)]));
    const writeErrors = element(4, 'writeErrors', rawDocument([element(3, '0', rawDocument([cut]))]));

    const { document } = replyOf(rawDocument([element(0x10, 'ok', int32(1)), writeErrors]));

    assert.deepEqual(document, { ok: 1, writeErrors: [{ errmsg: 'a\ufffd' }] });
  });
});
