import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { saslprep } from '@mongodb-js/saslprep';
import { MongoRuntimeError } from '../errors/driver.js';

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

/** @throws MongoRuntimeError if the server's first message is none, or asks for too little */
export function parseChallenge(payload: Buffer, clientNonce: string): ScramChallenge {
  const text = payload.toString('utf8');
  const fields = fieldsOf(text);
  const nonce = fields.get('r') ?? '';
  const iterations = Number(fields.get('i'));
  // Whoever answers has to have read what was sent.
  if (!nonce.startsWith(clientNonce)) throw new MongoRuntimeError('Server returned an invalid nonce');
  if (!Number.isInteger(iterations) || iterations < FEWEST_ITERATIONS) {
    throw new MongoRuntimeError(
      `Server returned an invalid iteration count ${String(fields.get('i'))}; at least ${FEWEST_ITERATIONS} are needed`,
    );
  }
  return { text, nonce, salt: Buffer.from(fields.get('s') ?? '', 'base64'), iterations };
}

/** Derives the keys of a user. Done by a thread of Node's pool. */
export async function deriveKeys(
  mechanism: ScramMechanism,
  { username, password }: { readonly username: string; readonly password: string },
  { salt, iterations }: Pick<ScramChallenge, 'salt' | 'iterations'>,
): Promise<ScramKeys> {
  const { name, length } = HASHES[mechanism];
  const secret = mechanism === 'SCRAM-SHA-256' ? saslprep(password) : legacyDigest(username, password);
  const salted = await pbkdf2Async(secret, salt, iterations, length, name);
  const client = hmac(name, salted, 'Client Key');
  return { client, stored: createHash(name).update(client).digest(), server: hmac(name, salted, 'Server Key') };
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

/** @throws MongoRuntimeError if whoever answers does not know the user's keys either */
export function verifyServer(payload: Buffer, serverSignature: Buffer): void {
  const fields = fieldsOf(payload.toString('utf8'));
  const given = Buffer.from(fields.get('v') ?? '', 'base64');
  if (given.length !== serverSignature.length || !timingSafeEqual(given, serverSignature)) {
    throw new MongoRuntimeError('Server returned an invalid signature: it does not know the password of the user');
  }
}

/** `r=abc,s=def,i=4096` */
function fieldsOf(text: string): ReadonlyMap<string, string> {
  return new Map(text.split(',').map(field => [field.slice(0, 1), field.slice(2)]));
}

/** Authentication, "SCRAM-SHA-1": the password as MongoDB has stored it since before SCRAM. */
function legacyDigest(username: string, password: string): string {
  return createHash('md5').update(`${username}:mongo:${password}`).digest('hex');
}

function hmac(hash: string, key: Buffer, text: string): Buffer {
  return createHmac(hash, key).update(text).digest();
}
