import { type DocumentDecoder, decodeDocument, decodeErrorReply } from '../bson/decode.js';
import type { Document } from '../bson/index.js';
import type { RawDocument } from '../bson/raw_document.js';
import { ReplyFields } from '../bson/reply_fields.js';
import type { ErrorDetails } from '../errors/base.js';
import { MongoServerError, MongoWriteConcernError, type WriteConcernErrorResult } from '../errors/server.js';

/** Where a reply came from: to be closed when the reply turns out to be no BSON. */
export interface ReplySource {
  close(error: Error): void;
}

/** A server's reply to a command, read in place: fields are decoded only when they are read. */
export class Reply {
  readonly body: RawDocument;
  /** The server will send another reply without being asked. */
  readonly moreToCome: boolean;
  readonly #source: ReplySource;
  #document: Document | null = null;

  constructor(body: RawDocument, moreToCome: boolean, source: ReplySource) {
    this.body = body;
    this.moreToCome = moreToCome;
    this.#source = source;
  }

  /** What was read late turned out to be malformed: the connection it came by cannot be trusted. */
  corrupt(error: Error): void {
    this.#source.close(error);
  }

  /** Whether the server carried the command out; write errors and write concern errors may still be in it. */
  get ok(): boolean {
    return this.body.number('ok') === 1;
  }

  /** The whole reply as a JavaScript object, decoded at the first call. */
  get document(): Document {
    this.#document ??= decodeDocument(this.body.bytes, this.body.start);
    return this.#document;
  }

  decode(decoder: DocumentDecoder): Document {
    return decoder(this.body.bytes, this.body.start);
  }

  /** The error that this reply is, or null: a command that failed. */
  error(details: ErrorDetails): MongoServerError | null {
    if (this.ok) return null;
    this.#document ??= decodeErrorReply(this.body.bytes, this.body.start);
    return new MongoServerError(this.#document, details);
  }

  /**
   * The write concern error in the reply to a write that was carried out, or null.
   *
   * @throws MongoUnexpectedServerResponseError if its code or message is of a wrong type
   */
  writeConcernError(details: ErrorDetails): MongoWriteConcernError | null {
    if (this.body.document('writeConcernError') === undefined) return null;
    const error = ReplyFields.of(this.document['writeConcernError'], 'writeConcernError of a reply', details.host);
    error.number('code');
    error.string('errmsg');
    return new MongoWriteConcernError(this.document as WriteConcernErrorResult, details);
  }
}

/** The reply that a write without acknowledgement is taken to have (Command Logging and Monitoring). */
export const UNACKNOWLEDGED_REPLY: Document = Object.freeze({ ok: 1 });
