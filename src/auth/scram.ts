import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { ServerErrorCode } from '../errors/codes.js';
import { MongoInvalidArgumentError, MongoRuntimeError } from '../errors/driver.js';
import { MongoServerError } from '../errors/server.js';
import { saslprep } from './saslprep.js';

export type ScramMechanism = 'SCRAM-SHA-1' | 'SCRAM-SHA-256';

/** What a client proves itself with, and recognizes the server by. Takes thousands of hashes to compute. */
export interface ScramKeys {
  readonly client: Buffer;
  readonly stored: Buffer;
  readonly server: Buffer;
}

/** What the server asks for in its first message. */
export interface ScramChallenge {
  readonly text: string;
  readonly nonce: string;
  readonly salt: Buffer;
  readonly iterations: number;
}

/** RFC 7677 demands no fewer; Authentication, "SCRAM-SHA-1" and "SCRAM-SHA-256". */
const FEWEST_ITERATIONS = 4096;
/**
 * No more are computed: each iteration is a hash on one of Node's four threads, which files and DNS need too, and which cannot be stopped.
 * These take a second or two. Servers ask for 10,000 or 15,000 unless they are told otherwise.
 */
export const MOST_ITERATIONS = 2_000_000;
/** The messages of a server take a few hundred bytes. */
const LONGEST_MESSAGE = 16 * 1024;
/** GS2 header: no channel binding, no other identity. */
const GS2_HEADER = 'n,,';
/** Its base64, which the final message repeats. */
const GS2_HEADER_BASE64 = Buffer.from(GS2_HEADER).toString('base64');

const HASHES = {
  'SCRAM-SHA-1': { name: 'sha1', length: 20 },
  'SCRAM-SHA-256': { name: 'sha256', length: 32 },
} as const;

const pbkdf2Async = promisify(pbkdf2);

/** The client's first message without its GS2 header (RFC 5802, section 7). */
export function firstBare(username: string, nonce: string): string {
  return `n=${username.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`;
}

export function firstMessage(bare: string): Buffer {
  return Buffer.from(`${GS2_HEADER}${bare}`);
}

/**
 * @throws MongoRuntimeError if the server's first message is none, or asks for too little or too much
 * @throws MongoServerError if it is a refusal
 */
export function parseChallenge(payload: Buffer, clientNonce: string): ScramChallenge {
  const text = textOf(payload);
  // RFC 5802, "Formal Syntax": the order is fixed; what may follow is an extension that is not mandatory.
  const [nonceField, saltField, iterationsField] = text.split(',');
  const nonce = valueOf(nonceField, 'r');
  const salt = valueOf(saltField, 's');
  const iterations = valueOf(iterationsField, 'i');
  // The server must have read our nonce, and must add to it: both sides have a say in what is signed.
  if (nonce === undefined || !nonce.startsWith(clientNonce) || nonce.length === clientNonce.length) {
    throw new MongoRuntimeError(
      'Server returned an invalid nonce: it must begin with that of the client, and be longer',
    );
  }
  if (salt === undefined || !BASE64.test(salt)) {
    throw new MongoRuntimeError('Server returned an invalid salt: it must be base64, and not empty');
  }
  return { text, nonce, salt: Buffer.from(salt, 'base64'), iterations: checkedIterations(iterations) };
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$/;

/** RFC 5802, "Formal Syntax": `posit-number`. */
function checkedIterations(text: string | undefined): number {
  // Words of the server that are no number are not repeated.
  const count = text !== undefined && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : NaN;
  if (count >= FEWEST_ITERATIONS && count <= MOST_ITERATIONS) return count;
  const shown = Number.isNaN(count) ? 'one that is no number' : String(count);
  throw new MongoRuntimeError(
    `Server returned an invalid iteration count for SCRAM, ${shown}: it must be from ${FEWEST_ITERATIONS} to ${MOST_ITERATIONS}`,
  );
}

/** Derives the keys of a user. Done by a thread of Node's pool. */
export async function deriveKeys(
  mechanism: ScramMechanism,
  { username, password }: { readonly username: string; readonly password: string },
  { salt, iterations }: Pick<ScramChallenge, 'salt' | 'iterations'>,
): Promise<ScramKeys> {
  const { name, length } = HASHES[mechanism];
  const secret = mechanism === 'SCRAM-SHA-256' ? prepared(password) : legacyDigest(username, password);
  const salted = await pbkdf2Async(secret, salt, iterations, length, name);
  const client = hmac(name, salted, 'Client Key');
  return { client, stored: createHash(name).update(client).digest(), server: hmac(name, salted, 'Server Key') };
}

/**
 * @throws MongoInvalidArgumentError if SASLprep refuses the password: it has a character that no password may have, or letters of both directions
 */
function prepared(password: string): string {
  try {
    return saslprep(password);
  } catch (cause) {
    throw new MongoInvalidArgumentError(
      'The password cannot be used with SCRAM-SHA-256: SASLprep (RFC 4013) refuses one of its characters, or their directions. Change it',
      { cause },
    );
  }
}

/** The client's final message, and the signature with which the server has to answer it. */
export function prove(
  mechanism: ScramMechanism,
  keys: ScramKeys,
  bare: string,
  challenge: ScramChallenge,
): { readonly message: Buffer; readonly serverSignature: Buffer } {
  const { name } = HASHES[mechanism];
  const withoutProof = `c=${GS2_HEADER_BASE64},r=${challenge.nonce}`;
  const authMessage = `${bare},${challenge.text},${withoutProof}`;
  const signature = hmac(name, keys.stored, authMessage);
  const proof = keys.client.map((byte, index) => byte ^ (signature[index] ?? 0));
  return {
    message: Buffer.from(`${withoutProof},p=${Buffer.from(proof).toString('base64')}`),
    serverSignature: hmac(name, keys.server, authMessage),
  };
}

/**
 * @throws MongoRuntimeError if the server does not know the user's keys either
 * @throws MongoServerError if the server does not accept the proof
 */
export function verifyServer(payload: Buffer, serverSignature: Buffer): void {
  const signature = valueOf(textOf(payload).split(',')[0], 'v') ?? '';
  const given = Buffer.from(signature, 'base64');
  if (given.length !== serverSignature.length || !timingSafeEqual(given, serverSignature)) {
    throw new MongoRuntimeError('Server returned an invalid signature: it does not know the password of the user');
  }
}

/** RFC 5802, "Formal Syntax": `server-error-value`. */
const SERVER_ERRORS: ReadonlySet<string> = new Set([
  'invalid-encoding',
  'extensions-not-supported',
  'invalid-proof',
  'channel-bindings-dont-match',
  'server-does-support-channel-binding',
  'channel-binding-not-supported',
  'unsupported-channel-binding-type',
  'unknown-user',
  'invalid-username-encoding',
  'no-resources',
]);

/** The text of a message of the server. */
function textOf(payload: Buffer): string {
  if (payload.length > LONGEST_MESSAGE) {
    throw new MongoRuntimeError(
      `Server returned a message for SCRAM of ${payload.length} bytes, at most ${LONGEST_MESSAGE} are taken`,
    );
  }
  const text = payload.toString('utf8');
  if (!text.startsWith('e=')) return text;
  const [value = ''] = text.slice(2).split(',');
  // Other words are the server's own, and may repeat what it was sent.
  const reason = SERVER_ERRORS.has(value) ? value : 'other-error';
  throw new MongoServerError({
    errmsg: `Authentication failed: the server does not accept the credentials (SCRAM error ${reason})`,
    code: ServerErrorCode.AuthenticationFailed,
    codeName: 'AuthenticationFailed',
  });
}

/** The value of a field such as `i=4096`, or undefined if it is another. */
function valueOf(field: string | undefined, name: string): string | undefined {
  return field?.startsWith(`${name}=`) === true ? field.slice(2) : undefined;
}

/** Authentication, "SCRAM-SHA-1": the password as MongoDB has stored it since before SCRAM. */
function legacyDigest(username: string, password: string): string {
  return createHash('md5').update(`${username}:mongo:${password}`).digest('hex');
}

function hmac(hash: string, key: Buffer, text: string): Buffer {
  return createHmac(hash, key).update(text).digest();
}
