import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoUnexpectedServerResponseError } from '../../../src/errors/driver.js';
import {
  asProtocolError,
  endOfExchange,
  nameOfStep,
  textOf,
  wrongOpCode,
} from '../../../src/pool/connection_errors.js';
import { attempt } from '../../support/pool_harness.js';

describe('nameOfStep', () => {
  it('names the steps of establishing a connection, and nothing of an established one', () => {
    assert.equal(nameOfStep('tls'), 'TLS handshake with');
    assert.equal(nameOfStep('read'), undefined);
  });
});

describe('textOf', () => {
  it("is the system's message on one line", () => {
    assert.equal(
      textOf(new Error('error:0A000126:SSL routines\n  unexpected eof \r\n')),
      'error:0A000126:SSL routines unexpected eof',
    );
  });

  it('joins the messages of several addresses, whatever was thrown', () => {
    assert.equal(
      textOf(new AggregateError([new Error('refused ::1'), 'refused 127.0.0.1'])),
      'refused ::1, refused 127.0.0.1',
    );
  });

  it('is the message of several errors that have one together', () => {
    assert.equal(textOf(new AggregateError([new Error('refused ::1')], 'all were refused')), 'all were refused');
  });
});

describe('asProtocolError', () => {
  it('adds the host to a protocol error', () => {
    const error = new MongoUnexpectedServerResponseError('Protocol error: too long');

    assert.equal(asProtocolError(error, 'db1:27017'), error);
    assert.equal(error.host, 'db1:27017');
    assert.equal(error.message, 'Protocol error: too long (from db1:27017)');
  });

  it('leaves any other error alone', () => {
    const error = new RangeError('Array buffer allocation failed');

    assert.equal(asProtocolError(error, 'db1:27017'), error);
    assert.equal(error.message, 'Array buffer allocation failed');
  });

  it('makes an error with the host of a thrown value that is none', () => {
    const error = asProtocolError('odd', 'db1:27017');

    assert.ok(error instanceof MongoUnexpectedServerResponseError);
    assert.deepEqual([error.message, error.host], ['odd', 'db1:27017']);
  });
});

describe('wrongOpCode', () => {
  it('names the protocol that the bytes look like, or the opcode', () => {
    const http = Buffer.from('HTTP/1.1 400 Bad Request\r\n');

    assert.throws(() => wrongOpCode(1, Buffer.alloc(16)), { message: /a message with opcode 1/ });
    assert.throws(() => wrongOpCode(http.readInt32LE(12), http), { message: /HTTP/ });
  });
});

describe('endOfExchange', () => {
  it('says that a request that was sent in full may have been applied', () => {
    const { during, phase, maybeApplied } = endOfExchange('db1:27017', attempt(), 'read', true);

    assert.equal(during, 'while waiting for db1:27017 to answer find shop.orders');
    assert.deepEqual([phase, maybeApplied], ['read', true]);
  });

  it('says that a request that was not sent in full was not applied', () => {
    const { during, phase, maybeApplied } = endOfExchange('db1:27017', attempt(), 'read', false);

    assert.match(during, /^while sending \S+ \S+ to \S+$/);
    assert.deepEqual([phase, maybeApplied], ['write', false]);
  });
});
