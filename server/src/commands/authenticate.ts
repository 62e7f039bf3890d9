import { randomBytes } from 'node:crypto';
import { Binary, Int32 } from 'bson';
import { parseClientFirst, provesPassword, ScramConversation, type ScramMechanism } from '../auth/scram.js';
import { scramMechanisms } from '../auth/users.js';
import { type Document, isDocument, typeOf } from '../bson/types.js';
import { ErrorCode } from '../errors/codes.js';
import { CommandError } from '../errors/command_error.js';
import { type CommandContext } from './context.js';
import { fieldsOf } from './fields.js';

export function saslStart(context: CommandContext): Document {
  const { connection, database } = context;
  const fields = fieldsOf(context);
  const mechanism = fields.string('mechanism');
  const payload = payloadOf(fields.raw('payload'));
  connection.conversation = undefined;
  if (mechanism === 'PLAIN') return startPlain(context, payload);
  const scram = scramMechanisms.find(name => name === mechanism);
  if (scram === undefined) {
    throw new CommandError(
      ErrorCode.MechanismUnavailable,
      `Received authentication for mechanism ${mechanism} which is unknown or not enabled`,
    );
  }
  const first = parseClientFirst(payload.toString());
  if (first === undefined) throw failed();
  const conversation = conversationOf(context, scram, first);
  const options = fields.raw('options');
  connection.conversation = {
    id: 1,
    user: { user: first.user, db: database },
    scram: conversation,
    skipsEmptyExchange: isDocument(options) && options['skipEmptyExchange'] === true,
    isProven: false,
  };
  return step(1, false, conversation.serverFirst);
}

function conversationOf(
  { deployment, database }: CommandContext,
  mechanism: ScramMechanism,
  first: { user: string; bare: string; nonce: string },
): ScramConversation {
  const user = deployment.users.find(database, first.user);
  const credential = user?.mechanisms.includes(mechanism) === true ? user.credentials.get(mechanism) : undefined;
  if (credential === undefined) throw failed();
  return new ScramConversation(mechanism, credential, first, randomBytes(18).toString('base64'));
}

export function saslContinue(context: CommandContext): Document {
  const { connection } = context;
  const fields = fieldsOf(context);
  const { conversation } = connection;
  if (conversation === undefined || fields.count('conversationId') !== conversation.id) {
    throw new CommandError(ErrorCode.ProtocolError, 'No SASL session state found');
  }
  const payload = payloadOf(fields.raw('payload')).toString();
  if (conversation.isProven) {
    connection.conversation = undefined;
    login(context, conversation.user);
    return step(conversation.id, true, '');
  }
  const proof = conversation.scram.finish(payload);
  if (proof === undefined) {
    connection.conversation = undefined;
    throw failed();
  }
  conversation.isProven = true;
  if (!conversation.skipsEmptyExchange) return step(conversation.id, false, proof);
  connection.conversation = undefined;
  login(context, conversation.user);
  return step(conversation.id, true, proof);
}

/** `\0user\0password`, to be used behind TLS only. */
function startPlain(context: CommandContext, payload: Buffer): Document {
  const [, name = '', password = ''] = payload.toString().split('\0');
  const user = context.deployment.users.find(context.database, name);
  const credential = user?.mechanisms.includes('PLAIN') === true ? user.credentials.get('SCRAM-SHA-256') : undefined;
  if (credential === undefined || !provesPassword('SCRAM-SHA-256', credential, name, password)) throw failed();
  login(context, { user: name, db: context.database });
  return step(1, true, '');
}

/** X.509: the subject of the client's certificate is the user. */
export function authenticate(context: CommandContext): Document {
  const fields = fieldsOf(context);
  const mechanism = fields.optionalString('mechanism') ?? '';
  const { subject } = context.connection;
  if (mechanism !== 'MONGODB-X509' || subject === undefined) throw failed();
  const user = fields.optionalString('user') ?? subject;
  if (user !== subject || context.deployment.users.find('$external', subject) === undefined) throw failed();
  login(context, { user, db: '$external' });
  return { dbname: '$external', user };
}

export function logout({ connection, database }: CommandContext): Document {
  connection.users = connection.users.filter(({ db }) => db !== database);
  return {};
}

/** Of a mechanism that is gone; old clients still ask. */
export function getnonce(): Document {
  return { nonce: randomBytes(8).toString('hex') };
}

/** What hello answers to a first message of authentication that came with it; nothing when that fails. */
export function speculate(context: CommandContext, command: Document): Document | undefined {
  const name = ['saslStart', 'authenticate'].find(known => known in command);
  const database = typeof command['db'] === 'string' ? command['db'] : '$external';
  const inner: CommandContext = { ...context, name: name ?? '', database, body: command };
  try {
    return name === 'saslStart' ? saslStart(inner) : authenticate(inner);
  } catch {
    return undefined;
  }
}

function login({ connection }: CommandContext, user: { user: string; db: string }): void {
  connection.users = [...connection.users.filter(({ db }) => db !== user.db), user];
}

function payloadOf(payload: unknown): Buffer {
  if (payload instanceof Binary) return Buffer.from(payload.value());
  if (typeof payload === 'string') return Buffer.from(payload, 'base64');
  throw new CommandError(
    ErrorCode.TypeMismatch,
    `BSON field 'payload' is the wrong type '${typeOf(payload)}', expected type 'binData'`,
  );
}

function step(conversationId: number, done: boolean, payload: string): Document {
  return { conversationId: new Int32(conversationId), done, payload: new Binary(Buffer.from(payload)) };
}

/** The same whatever is wrong: names of users are not told. */
function failed(): CommandError {
  return new CommandError(ErrorCode.AuthenticationFailed, 'Authentication failed.');
}
