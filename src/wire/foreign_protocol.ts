import { MongoUnexpectedServerResponseError } from '../errors/driver.js';

/** A peer answers in another protocol. For users it is a MongoUnexpectedServerResponseError. It shows none of the bytes. */
export class ForeignProtocolError extends MongoUnexpectedServerResponseError {
  /** The advice that also stands in the message. */
  readonly hint: string;

  /** @param protocol - `HTTP`, `TLS`, `SSH`, … */
  constructor(protocol: string) {
    const hint =
      protocol === TLS ? 'The server wants TLS: set tls=true' : 'Check host and port: that is no MongoDB server';
    super(`Protocol error: the answer looks like ${protocol}, and not like the MongoDB wire protocol. ${hint}`);
    this.hint = hint;
  }
}

const TLS = 'TLS';

/** First bytes of other protocols, as Latin-1. The first pattern that matches counts. */
const PROTOCOLS: readonly (readonly [RegExp, string])[] = [
  // A record of the types 20 to 23 (alert, handshake, …) of SSL 3.0 to TLS 1.3.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  [/^[\x14-\x17]\x03[\x00-\x04]/, TLS],
  [/^HTTP\/?|^<(!DOCTYPE|!doc|html|HTML|\?xml)/, 'HTTP'],
  // The SETTINGS frame with which a server begins.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  [/^\x00\x00[^]\x04[\x00\x01]\x00{4}/, 'HTTP/2'],
  [/^SSH-/, 'SSH'],
  [/^RFB /, 'VNC'],
  [/^AMQP/, 'AMQP'],
  [/^\d{3}[ -]/, 'the greeting of an SMTP or FTP server'],
  [/^(\+OK |\* (OK|BYE))/, 'the greeting of a POP3 or IMAP server'],
  [/^(-(ERR|NOAU|DENI|WRON)|\+(OK\r|PONG)|[$:*]\d+\r)/, 'Redis'],
  // A packet of less than 64 KiB with the number 0, and version 10 of the protocol.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  [/^..\x00\x00\x0a\d/s, 'MySQL'],
  // An error message, whose first field is the severity.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  [/^E\x00\x00..S/s, 'PostgreSQL'],
  [/^[\x20-\x7e\t\r\n]{4,}$/, 'plain text'],
];

/** Bytes that are looked at. */
const LONGEST_START = 16;

/**
 * The protocol to which bytes of a peer seem to belong. Call it only for bytes that cannot be a message: the patterns also match the
 * begin of some messages.
 *
 * @param bytes - the first bytes of the peer, or those at which a message should begin
 */
export function foreignProtocol(bytes: Buffer): string | undefined {
  const start = bytes.toString('latin1', 0, LONGEST_START);
  return PROTOCOLS.find(([pattern]) => pattern.test(start))?.[1];
}
