import { decodeDocument } from '../bson/decode.js';
import type { Document } from '../bson/index.js';
import { ElementType } from '../bson/raw_document.js';
import { isDocument } from '../bson/reply_fields.js';
import {
  type CommandEventFields,
  CommandFailedEvent,
  CommandStartedEvent,
  CommandSucceededEvent,
} from '../events/command.js';
import type { EventPublisher } from '../events/publisher.js';
import { carriesData, isSensitive, type Redact } from '../events/redact.js';
import type { CommandTrace } from '../events/tracer.js';
import type { Connection } from '../pool/connection.js';
import type { Clock } from '../runtime/clock.js';
import { decodeOpMsg } from '../wire/op_msg.js';
import { type Reply, UNACKNOWLEDGED_REPLY } from '../wire/reply.js';
import type { CommandAttempt } from './command_attempt.js';

/** Tells sinks and the tracer of one command on one connection. Made only when one of them wants to know. */
export class CommandEvents {
  readonly #publisher: EventPublisher;
  readonly #clock: Clock;
  readonly #attempt: CommandAttempt<unknown>;
  readonly #fields: CommandEventFields;
  #startedAt = 0;
  /** Null if nothing traces the command. */
  #trace: CommandTrace | null = null;

  private constructor(
    publisher: EventPublisher,
    clock: Clock,
    attempt: CommandAttempt<unknown>,
    fields: CommandEventFields,
  ) {
    this.#publisher = publisher;
    this.#clock = clock;
    this.#attempt = attempt;
    this.#fields = fields;
  }

  /**
   * Reports the start of a command.
   *
   * @param message - the OP_MSG about to be sent
   * @param body - the document it was made from: its first field is the command's name
   * @param redacted - whether it must not be shown
   */
  static start(
    publisher: EventPublisher,
    clock: Clock,
    connection: Connection,
    requestId: number,
    message: Buffer,
    body: Document,
    attempt: CommandAttempt<unknown>,
    redacted: boolean,
  ): CommandEvents | null {
    const { redact, tracer } = publisher;
    const { started, succeeded, failed } = publisher.commands;
    const wantsStart = started.isWanted;
    const isTraced = tracer !== null && tracer.isActive;
    if (!wantsStart && !isTraced && !succeeded.isWanted && !failed.isWanted) return null;
    const fields = commandFields(connection, requestId, body, attempt, redacted);
    const events = new CommandEvents(publisher, clock, attempt, fields);
    if (wantsStart) {
      // Decoded when a listener looks at it; by then the memory holds another message.
      const copy = Buffer.from(message);
      const command = () => shown(redact, fields.commandName, commandIn(copy));
      started.publish(new CommandStartedEvent(fields, command, started.stamp()), attempt);
    }
    if (isTraced) {
      const facts = {
        namespace: attempt.namespace,
        sessionId: attempt.serverSession?.uuid,
        txnNumber: attempt.txnNumber,
        body,
        shown: () => shown(redact, fields.commandName, commandIn(message)),
      };
      events.#trace = tracer.commandStarted(attempt.call, fields, facts);
    }
    return events;
  }

  /** @param now - the clock's time, of a caller that has just looked at it */
  sent(now = this.#clock.now()): void {
    this.#startedAt = now;
  }

  /**
   * Tells that the command succeeded: publishes `commandSucceeded`, if a sink wants it.
   *
   * @param reply - null when the server does not answer
   */
  succeeded(reply: Reply | null): void {
    const { commands, redact, tracer } = this.#publisher;
    if (this.#trace !== null) tracer?.commandSucceeded(this.#trace, openCursorIn(reply));
    const topic = commands.succeeded;
    if (!topic.isWanted) return;
    const fields = this.#fields;
    const now = this.#clock.now();
    const document = () => replyShown(redact, fields.commandName, reply);
    const cursorId = () => openCursorIn(reply);
    const event = new CommandSucceededEvent(fields, now - this.#startedAt, document, topic.stamp(now), cursorId);
    topic.publish(event, this.#attempt);
  }

  /** Tells that the command failed: publishes `commandFailed`, if a sink wants it. */
  failed(failure: Error): void {
    const { commands, tracer } = this.#publisher;
    if (this.#trace !== null) tracer?.commandFailed(this.#trace, failure);
    const topic = commands.failed;
    if (!topic.isWanted) return;
    const now = this.#clock.now();
    const event = new CommandFailedEvent(this.#fields, now - this.#startedAt, failure, topic.stamp(now));
    topic.publish(event, this.#attempt);
  }
}

function commandFields(
  { address, id, description, service }: Connection,
  requestId: number,
  body: Document,
  attempt: CommandAttempt<unknown>,
  redacted: boolean,
): CommandEventFields {
  return {
    address,
    connectionId: id,
    serverConnectionId: description.serverConnectionId,
    serviceId: service?.id,
    requestId,
    operationId: attempt.operationId,
    operationName: attempt.operationName,
    attempt: attempt.number,
    databaseName: String(body['$db']),
    commandName: firstName(body) ?? attempt.commandName,
    redacted,
  };
}

/** The name of a document's first field. `Object.keys` would make an array of all names. */
function firstName(document: Document): string | undefined {
  for (const name in document) if (Object.hasOwn(document, name)) return name;
  return undefined;
}

/** The cursor in a reply that the server keeps open, read where it lies. */
function openCursorIn(reply: Reply | null): bigint | undefined {
  const cursor = reply?.body.document('cursor');
  const offset = cursor?.typedOffset('id', ElementType.int64) ?? -1;
  if (cursor === undefined || offset < 0) return undefined;
  const id = cursor.bytes.readBigInt64LE(offset);
  return id === 0n ? undefined : id;
}

function replyShown(redact: Redact | null, commandName: string, reply: Reply | null): Document {
  if (reply === null) return { ...UNACKNOWLEDGED_REPLY };
  if (redact === null) return reply.document;
  // The hook may change what it gets, and the reply's own document may be the caller's result.
  return shown(redact, commandName, decodeDocument(reply.body.bytes, reply.body.start));
}

/** What the program's own hook leaves of a document; nothing if the hook fails. */
function shown(redact: Redact | null, commandName: string, document: Document): Document {
  if (redact === null) return document;
  try {
    const left: unknown = redact(commandName, document);
    // An async function is no hook: what it rejects with must not end the process.
    if (left instanceof Promise) left.catch(() => undefined);
    return isDocument(left) ? left : {};
  } catch {
    return {};
  }
}

/** One of these words, in any case, is in every command that holds credentials. */
const SENSITIVE_WORDS = /authenticate|sasl|nonce|user|copydb|pwd/i;
/** Where the name of the first field is: behind the header, the flags, the kind of the section, the size and the type. */
const NAME_OFFSET = 16 + 4 + 1 + 4 + 1;

/** Whether a command of the user's own must not be shown: looked for in what is sent, which need not look like what was given. */
export function holdsCredentials(message: Buffer): boolean {
  const name = message.toString('utf8', NAME_OFFSET, message.indexOf(0, NAME_OFFSET));
  // A find may be one of an old kind of command (`$cmd`); of the others the data are not looked at.
  if (carriesData(name) && name.toLowerCase() !== 'find') return false;
  return SENSITIVE_WORDS.test(message.toString('latin1', NAME_OFFSET)) && isSensitive(name, commandIn(message));
}

/**
 * The command in a message, with its document sequences put back as arrays. Of a copy: binary values are views of what they are decoded
 * from, a listener must not change what is sent, and the next message must not change an event.
 */
function commandIn(message: Buffer): Document {
  const { body, sequences } = decodeOpMsg(Buffer.from(message));
  const command = decodeDocument(body.bytes, body.start);
  for (const { identifier, documents } of sequences) {
    command[identifier] = documents.map(({ bytes, start }) => decodeDocument(bytes, start));
  }
  return command;
}
