import { type Document, Long } from '../bson/index.js';
import { Attempt } from '../call/attempt.js';
import { Call } from '../call/call.js';
import type { Deadline } from '../call/deadline.js';
import { type CursorNamespace, cursorNamespace } from '../wire/cursor_namespace.js';
import { nextRequestId } from '../wire/header.js';
import { BODY_OFFSET, type MessageEncoder } from '../wire/message_encoder.js';
import { MsgFlag } from '../wire/op_msg.js';
import { encodeOpQuery } from '../wire/op_query.js';
import type { Reply } from '../wire/reply.js';
import { DEFAULT_LIMITS, type HandshakeOptions } from './handshake.js';
import type { ReplySink, WireConnection } from './wire_connection.js';

export type CommandStep = 'hello' | 'auth';
type OwnCommand = CommandStep | 'probe' | 'killCursors';

/** What the driver's own commands need to know: those that no operation asks for. */
export interface OwnCommandSettings {
  readonly handshake: Pick<HandshakeOptions, 'apiFields'>;
  readonly connectTimeoutMS: number;
  readonly encoder: MessageEncoder;
}

/** A probe or `killCursors` that takes longer closes its connection. */
const LONGEST_WAIT_MS = 1000;

/** The names of the driver's own commands in errors. */
const NAMES: Record<OwnCommand, string> = {
  hello: 'hello',
  auth: 'authentication',
  probe: 'ping',
  killCursors: 'killCursors',
};

function attemptOf(what: OwnCommand, deadline: Deadline): Attempt {
  return new Attempt(Call.background(NAMES[what], deadline), NAMES[what], 'admin', 1);
}

/** Checks that the server answers on a connection. */
export async function probe(
  connection: WireConnection,
  settings: OwnCommandSettings,
  deadline: Deadline,
): Promise<void> {
  const command = { ping: 1, ...settings.handshake.apiFields, $db: 'admin' };
  await runCommand(connection, command, settings.encoder, 'probe', bounded(settings, deadline));
}

/** A cursor that a server has opened for a caller that is gone. */
export interface LateCursor extends CursorNamespace {
  readonly id: bigint;
}

/** The cursor in the late reply to a command, if the command opened one. The cursor of a getMore has an owner, which closes it. */
export function lateCursor(reply: Reply, { commandName }: Attempt): LateCursor | null {
  if (commandName === 'getMore') return null;
  const cursor = reply.body.document('cursor');
  const id = cursor?.bigint('id') ?? 0n;
  const namespace = cursorNamespace(cursor?.string('ns') ?? '');
  return id === 0n || namespace === null ? null : { id, ...namespace };
}

/** Closes a cursor on the server. The content of the reply does not matter. */
export async function killCursor(
  connection: WireConnection,
  { database, collection, id }: LateCursor,
  settings: OwnCommandSettings,
  deadline: Deadline,
): Promise<void> {
  const cursors = [Long.fromBigInt(id)];
  const command = { killCursors: collection, cursors, ...settings.handshake.apiFields, $db: database };
  await runCommand(connection, command, settings.encoder, 'killCursors', bounded(settings, deadline));
}

function bounded({ connectTimeoutMS }: OwnCommandSettings, deadline: Deadline): Deadline {
  return deadline.within('read', connectTimeoutMS).within('read', LONGEST_WAIT_MS);
}

/** Sends the first hello on a connection as OP_QUERY, which servers without OP_MSG and simple test servers understand, too. */
export function queryHello(
  connection: WireConnection,
  command: Document,
  encoder: MessageEncoder,
  deadline: Deadline,
): Promise<Reply> {
  const requestId = nextRequestId();
  const { $db: _, ...body } = command;
  const message = encodeOpQuery(requestId, encodeCommand(requestId, body, encoder, 0).subarray(BODY_OFFSET));
  return connection.queryHello(message, requestId, attemptOf('hello', deadline));
}

/** Sends a later hello. */
export function runHello(
  connection: WireConnection,
  command: Document,
  encoder: MessageEncoder,
  deadline: Deadline,
): Promise<Reply> {
  return runCommand(connection, command, encoder, 'hello', deadline);
}

/** Sends an awaitable hello, to which the server may answer again and again (Server Monitoring, "Streaming Protocol"). */
export function followHello(
  connection: WireConnection,
  command: Document,
  encoder: MessageEncoder,
  sink: ReplySink,
  deadline: Deadline,
): void {
  const requestId = nextRequestId();
  const message = encodeCommand(requestId, command, encoder, MsgFlag.exhaustAllowed);
  connection.follow(message, requestId, 'hello', sink, attemptOf('hello', deadline));
}

/** Sends a command of the driver's own. */
export function runCommand(
  connection: WireConnection,
  command: Document,
  encoder: MessageEncoder,
  what: OwnCommand,
  deadline: Deadline,
): Promise<Reply> {
  const requestId = nextRequestId();
  const message = encodeCommand(requestId, command, encoder, 0);
  const phase = what === 'hello' || what === 'auth' ? what : 'read';
  return connection.roundTrip(message, requestId, phase, attemptOf(what, deadline));
}

function encodeCommand(requestId: number, command: Document, encoder: MessageEncoder, flags: number): Buffer {
  return encoder.encode(
    { requestId, flags, body: command, rawFields: [], maxTimeMS: 0, sequence: undefined },
    DEFAULT_LIMITS,
    {},
  );
}
