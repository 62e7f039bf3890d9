import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ForeignProtocolError, foreignProtocol } from '../../../src/wire/foreign_protocol.js';
import { FrameReader } from '../../../src/wire/frame_reader.js';
import { body, int32, message } from './bytes.js';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** First bytes of servers that are no MongoDB servers. */
const GREETINGS: readonly (readonly [string, Buffer])[] = [
  ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n')],
  ['HTTP', Buffer.from('<!DOCTYPE html>')],
  ['HTTP/2', hex('000012 04 00 00000000 0003 00000080')],
  ['SSH', Buffer.from('SSH-2.0-OpenSSH_9.6\r\n')],
  ['the greeting of an SMTP or FTP server', Buffer.from('220 mail.example.com ESMTP\r\n')],
  ['the greeting of an SMTP or FTP server', Buffer.from('220-FTP server ready\r\n')],
  ['the greeting of a POP3 or IMAP server', Buffer.from('* OK IMAP4rev1\r\n')],
  ['the greeting of a POP3 or IMAP server', Buffer.from('+OK POP3 ready\r\n')],
  ['Redis', Buffer.from("-ERR unknown command 'x'\r\n")],
  ['Redis', Buffer.from('-NOAUTH Authentication required.\r\n')],
  ['Redis', Buffer.from('+PONG\r\n')],
  ['plain text', Buffer.from('ERROR\r\n')],
  ['plain text', Buffer.from('who are you?\r\n')],
];

/** Those whose first four bytes may be the length of a message. */
const SHORT: readonly (readonly [string, Buffer])[] = [
  ['TLS', hex('15 0301 0002 02 46')],
  ['TLS', hex('15 0303 0002 02 28')],
  ['TLS', hex('16 0303 007a 02')],
  ['MySQL', hex('4a000000 0a 382e302e3336 00 08000000')],
  ['PostgreSQL', Buffer.concat([hex('45 00000085'), Buffer.from('SFATAL\0')])],
];

describe('foreignProtocol', () => {
  for (const [protocol, bytes] of [...GREETINGS, ...SHORT]) {
    it(`knows ${protocol} by ${JSON.stringify(bytes.toString('latin1'))}`, () => {
      assert.equal(foreignProtocol(bytes), protocol);
    });
  }

  it('takes no message for another protocol', () => {
    for (const size of [0, 10, 100, 1000, 70_000]) {
      assert.equal(foreignProtocol(message(2013, [int32(0), body({ ok: 1, x: 'x'.repeat(size) })], 1)), undefined);
    }
    for (const length of [0, -1, 15, 50_000_000, 0x7f_ff_ff_ff])
      assert.equal(foreignProtocol(int32(length)), undefined);
    assert.equal(foreignProtocol(Buffer.alloc(0)), undefined);
  });
});

describe('a frame reader to which a server of another protocol answers', () => {
  for (const [protocol, bytes] of GREETINGS) {
    // The frame of HTTP/2 is known by more than the four bytes of a length.
    for (const chunkSize of protocol === 'HTTP/2' ? [bytes.length] : [bytes.length, 1, 3]) {
      it(`says ${protocol} and not a length, in chunks of ${chunkSize}, and shows no byte of the answer`, () => {
        const reader = new FrameReader({ onFrame: () => assert.fail('no frame') }, 48_000_000);
        assert.throws(
          () => {
            for (let at = 0; at < bytes.length; at += chunkSize) reader.push(bytes.subarray(at, at + chunkSize));
          },
          (error: unknown) => {
            assert.ok(error instanceof ForeignProtocolError);
            assert.equal(error.name, 'MongoUnexpectedServerResponseError');
            assert.match(
              error.message,
              /^Protocol error: the answer looks like .*, and not like the MongoDB wire protocol/,
            );
            assert.doesNotMatch(error.message, /OpenSSH|mail\.example|NOAUTH|who are you|\d{6}/);
            return true;
          },
        );
      });
    }
  }

  it('knows what a partial message looks like', () => {
    for (const [protocol, bytes] of SHORT.filter(([name]) => name === 'TLS')) {
      const reader = new FrameReader({ onFrame: () => undefined }, 48_000_000);
      assert.equal(reader.foreignProtocol, undefined);
      reader.push(bytes);
      assert.equal(reader.foreignProtocol, protocol);
    }
  });
});
