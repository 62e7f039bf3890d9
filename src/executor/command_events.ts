import { decodeDocument } from '../bson/decode.js';
import type { Document } from '../bson/index.js';
import type { Attempt } from '../call/attempt.js';
import { CommandFailedEvent, CommandStartedEvent, CommandSucceededEvent } from '../events/command.js';
import type { EventPublisher } from '../events/publisher.js';
import { carriesData, isSensitive } from '../events/redact.js';
import type { Connection } from '../pool/connection.js';
import type { Clock } from '../runtime/clock.js';
import { decodeOpMsg } from '../wire/op_msg.js';
import { type Reply, UNACKNOWLEDGED_REPLY } from '../wire/reply.js';

/** The events of one command on one connection. Made only when a sink wants one of them. */
export class CommandEvents {
  readonly #publisher: EventPublisher;
  readonly #clock: Clock;
  readonly #fields: ReturnType<typeof commonFields>;
  #startedAt = 0;

  private constructor(publisher: EventPublisher, clock: Clock, fields: ReturnType<typeof commonFields>) {
    this.#publisher = publisher;
    this.#clock = clock;
    this.#fields = fields;
  }

  /**
   * Publishes the start of a command, if a sink wants the event.
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
    attempt: Attempt,
    redacted: boolean,
  ): CommandEvents | null {
    const wantsStart = publisher.wants('commandStarted');
    if (!wantsStart && !publisher.wants('commandSucceeded') && !publisher.wants('commandFailed')) return null;
    const events = new CommandEvents(publisher, clock, commonFields(connection, requestId, body, attempt, redacted));
    if (wantsStart) {
      // Decoded now: the message's memory is used again for the next one.
      const command = events.#fields.redacted ? {} : commandIn(message);
      publisher.publish('commandStarted', stamp => new CommandStartedEvent({ ...events.#fields, command }, stamp));
    }
    events.#startedAt = clock.now();
    return events;
  }

  /** @param reply - null when the server does not answer */
  succeeded(reply: Reply | null): void {
    const fields = { ...this.#fields, durationMS: this.#clock.now() - this.#startedAt };
    const document = reply === null ? { ...UNACKNOWLEDGED_REPLY } : () => reply.document;
    this.#publisher.publish(
      'commandSucceeded',
      stamp => new CommandSucceededEvent({ ...fields, reply: document }, stamp),
    );
  }

  failed(failure: Error): void {
    const fields = { ...this.#fields, durationMS: this.#clock.now() - this.#startedAt, failure };
    this.#publisher.publish('commandFailed', stamp => new CommandFailedEvent(fields, stamp));
  }
}

function commonFields(connection: Connection, requestId: number, body: Document, attempt: Attempt, redacted: boolean) {
  const { serverConnectionId } = connection.description;
  const commandName = Object.keys(body)[0] ?? attempt.commandName;
  return {
    address: connection.address,
    connectionId: connection.id,
    serverConnectionId,
    serviceId: connection.service?.id,
    requestId,
    operationId: attempt.operationId,
    attempt: attempt.number,
    databaseName: String(body['$db']),
    commandName,
    redacted,
  };
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
