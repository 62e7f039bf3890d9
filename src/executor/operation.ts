import type { BSONSerializeOptions, Document } from '../bson/index.js';
import type { ReadPreference } from '../concern/read_preference.js';
import type { ConnectionDescription } from '../pool/handshake.js';
import type { ServerSelector } from '../sdam/server_selection.js';
import type { SessionRole } from '../sessions/session_fields.js';
import type { SessionState } from '../sessions/session_state.js';
import type { DocumentSequence } from '../wire/message_encoder.js';
import type { Reply } from '../wire/reply.js';

/** What a command is built for. */
export interface CommandTarget {
  readonly connection: ConnectionDescription;
}

/** A cursor as the server knows it. */
export interface OpenCursor {
  readonly id: bigint;
  /** `database.collection` of the server's own telling: a command on a database reads a collection of another name. */
  readonly namespace: string;
  readonly address: string;
}

/** What an operation gets to make its result of. */
export interface OperationReply {
  readonly reply: Reply;
  /** Documents of the sequence that were sent. */
  readonly taken: number;
  /** The server that answered; cursors go on there. */
  readonly address: string;
  /** Set by an operation that reads one batch only, if the server keeps its cursor open nevertheless: the command that closes it. */
  closing?: Operation<void>;
}

/**
 * An operation as plain data and pure functions: how its command looks for a connection, and what a reply to it means. The executor
 * knows the rest.
 */
export interface Operation<T> {
  /** Name of the command. */
  readonly name: string;
  readonly database: string;
  /** `database.collection`, or `database`. */
  readonly namespace: string;
  readonly access: 'read' | 'write';
  /** Whether it changes data: a write does, and so does an aggregation with `$out`, which goes where reads go. */
  readonly writes: boolean;
  /** Whether it may be sent again after a failure that leaves open whether it was carried out. */
  readonly retryable: boolean;
  readonly selector: ServerSelector;
  readonly readPreference: ReadPreference;
  /** The first wire version that is told the read preference; 0: all are. */
  readonly readPreferenceSince: number;
  /**
   * How its `maxTimeMS` comes about under `timeoutMS`: from what remains, not at all, or from what remains and at most so much (CSOT,
   * "Cursors").
   */
  readonly maxTime: 'remaining' | 'omit' | number;
  /** The server does not answer (`w: 0`). */
  readonly unacknowledged: boolean;
  readonly bsonOptions: BSONSerializeOptions;
  /** The user's session, if it is part of one. */
  readonly session: SessionState | null;
  readonly sessionRole: SessionRole;
  readonly sequence: DocumentSequence | undefined;
  /** A new document for each attempt; the executor adds `$db`, `lsid` and the like. The command's name comes first. */
  readonly command: (target: CommandTarget) => Document;
  /**
   * Checks the message as it was encoded, before it is sent. Throws if a write has become another than was asked for. Undefined where there
   * is nothing to check.
   */
  readonly checkEncoded: ((message: Buffer) => void) | undefined;
  /** Throws if the reply holds the error of a write; `withWritten` lets the error tell what was written. Not called for an unacknowledged operation. */
  readonly result: (reply: OperationReply) => T;
  /** The result of an unacknowledged operation of which so many documents were sent. */
  readonly unacknowledgedResult: ((taken: number) => T) | undefined;
}
