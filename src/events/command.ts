import { inspect } from 'node:util';
import type { Document, ObjectId } from '../bson/index.js';
import { type EventStamp, MonitoringEvent } from './event.js';
import { redactFailure } from './redact.js';

/** A value, or the function that makes it when a listener first looks. */
export type Lazy<T> = T | (() => T);

/** What the events of one command share. */
export interface CommandEventFields {
  /** `host:port` of the server, or the path of its Unix socket. */
  readonly address: string;
  /** The connection's number in its pool, as pool events have it. */
  readonly connectionId: number;
  /** The connection's number on the server. */
  readonly serverConnectionId: bigint | null;
  readonly serviceId?: ObjectId | undefined;
  /** The same for the start and the end of one command, and new for each attempt. */
  readonly requestId: number;
  /** The same for all commands of one operation: attempts, batches, getMores. */
  readonly operationId: number;
  /** The public method: `insertOne`; of a cursor `find.toArray`. */
  readonly operationName: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly databaseName: string;
  readonly commandName: string;
  /** Whether the command is one whose contents must not be shown; then they are empty. */
  readonly redacted: boolean;
}

/** What the three command events have in common. @public */
export abstract class CommandEvent extends MonitoringEvent {
  /** `host:port` of the server, or the path of its Unix socket. */
  declare readonly address: string;
  /** The connection's number in its pool. */
  declare readonly connectionId: number;
  /** The connection's number on the server; null when the server does not tell. */
  declare readonly serverConnectionId: bigint | null;
  /** Only behind a load balancer: the server behind it. */
  declare readonly serviceId?: ObjectId;
  /** The same for the start and the end of one command, and new for each attempt. */
  declare readonly requestId: number;
  /** The same for all commands of one operation: attempts, batches, getMores. */
  declare readonly operationId: number;
  /** The public method: `insertOne`; of a cursor `find.toArray`. */
  declare readonly operationName: string;
  /** 1 for the first attempt. */
  declare readonly attempt: number;
  /** The database that the command is sent to. */
  declare readonly databaseName: string;
  /** The first field of the command. */
  declare readonly commandName: string;
  /** Whether the command is one whose contents must not be shown; then they are empty. */
  declare readonly redacted: boolean;

  /** @internal */
  constructor(fields: CommandEventFields, stamp: EventStamp) {
    super(stamp);
    this.address = fields.address;
    this.connectionId = fields.connectionId;
    this.serverConnectionId = fields.serverConnectionId;
    this.requestId = fields.requestId;
    this.operationId = fields.operationId;
    this.operationName = fields.operationName;
    this.attempt = fields.attempt;
    this.databaseName = fields.databaseName;
    this.commandName = fields.commandName;
    this.redacted = fields.redacted;
    if (fields.serviceId !== undefined) this.serviceId = fields.serviceId;
  }

  /** Whether there is a `serviceId`. */
  get hasServiceId(): boolean {
    return this.serviceId !== undefined;
  }

  /** Own fields and contents; JSON has no bigint. */
  toJSON(): Document {
    const id = this.serverConnectionId;
    return Object.assign({}, this, { serverConnectionId: id === null ? null : Number(id) });
  }
}

/**
 * A command is about to be sent.
 *
 * @public
 */
export class CommandStartedEvent extends CommandEvent {
  #command: Lazy<Document>;

  /** @internal */
  constructor(fields: CommandEventFields, command: Lazy<Document>, stamp: EventStamp) {
    super(fields, stamp);
    this.#command = fields.redacted ? {} : command;
    Object.freeze(this);
  }

  get name() {
    return 'commandStarted' as const;
  }

  /** The command as it is sent, with `$db`, `lsid` and the rest; document sequences stand as arrays. Decoded when it is first read. */
  get command(): Document {
    return (this.#command = valueOf(this.#command));
  }

  override toJSON(): Document {
    return { ...super.toJSON(), command: this.command };
  }

  [inspect.custom](_depth: number, options: object): string {
    return `CommandStartedEvent ${inspect(this.toJSON(), options)}`;
  }
}

/**
 * A server answered a command with `ok: 1`, which does not exclude write errors in the reply.
 *
 * @public
 */
export class CommandSucceededEvent extends CommandEvent {
  /** Milliseconds from sending the command until its reply was read. */
  declare readonly duration: number;
  /** The same as `duration`. */
  declare readonly durationMS: number;
  #reply: Lazy<Document>;
  readonly #cursorId: () => bigint | undefined;

  /** @internal */
  constructor(
    fields: CommandEventFields,
    durationMS: number,
    reply: Lazy<Document>,
    stamp: EventStamp,
    cursorId: () => bigint | undefined = () => undefined,
  ) {
    super(fields, stamp);
    this.#cursorId = cursorId;
    this.duration = durationMS;
    this.durationMS = durationMS;
    this.#reply = fields.redacted ? {} : reply;
    Object.freeze(this);
  }

  get name() {
    return 'commandSucceeded' as const;
  }

  /** The cursor that the server keeps open; undefined if there is none, or no more. */
  get cursorId(): bigint | undefined {
    return this.#cursorId();
  }

  /** The server's reply; decoded when it is first read. */
  get reply(): Document {
    return (this.#reply = valueOf(this.#reply));
  }

  override toJSON(): Document {
    return { ...super.toJSON(), reply: this.reply };
  }

  [inspect.custom](_depth: number, options: object): string {
    return `CommandSucceededEvent ${inspect(this.toJSON(), options)}`;
  }
}

/**
 * A server answered a command with an error, or the answer could not be had.
 *
 * @public
 */
export class CommandFailedEvent extends CommandEvent {
  /** Milliseconds from sending the command until it had failed. */
  declare readonly duration: number;
  /** The same as `duration`. */
  declare readonly durationMS: number;
  /** Why it failed; of a redacted command only code, codeName and labels. */
  declare readonly failure: Error;

  /** @internal */
  constructor(fields: CommandEventFields, durationMS: number, failure: Error, stamp: EventStamp) {
    super(fields, stamp);
    this.duration = durationMS;
    this.durationMS = durationMS;
    this.failure = fields.redacted ? redactFailure(failure) : failure;
    Object.freeze(this);
  }

  get name() {
    return 'commandFailed' as const;
  }
}

function valueOf(lazy: Lazy<Document>): Document {
  return typeof lazy === 'function' ? (lazy as () => Document)() : lazy;
}
