import { MongoUnexpectedServerResponseError } from '../errors/driver.js';

/** A peer answers in another protocol. To users it is a MongoUnexpectedServerResponseError; it shows none of the bytes. */
export class ForeignProtocolError extends MongoUnexpectedServerResponseError {
  /** `HTTP`, `TLS`, `SSH`, …. */
  readonly protocol: string;
  /** What to do, as it stands in the message too. */
  readonly hint: string;

  constructor(protocol: string) {
    const hint =
      protocol === TLS ? 'The server wants TLS: set tls=true' : 'Check host and port: that is no MongoDB server';
    super(`Protocol error: the answer looks like ${protocol}, and not like the MongoDB wire protocol. ${hint}`);
    this.protocol = protocol;
    this.hint = hint;
  }
}

const TLS = 'TLS';

/** How the first bytes of other protocols look, as Latin-1; the first that fits counts. */
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

/** So many bytes are looked at. */
const LONGEST_START = 16;

/**
 * What bytes of a peer look like that are no message. Only for bytes that are known to be none: some may begin one.
 *
 * @param bytes - the first that came, or those at which a message should have begun
 */
export function foreignProtocol(bytes: Buffer): string | undefined {
  const start = bytes.toString('latin1', 0, LONGEST_START);
  return PROTOCOLS.find(([pattern]) => pattern.test(start))?.[1];
}
