import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';

export type ScramMechanism = 'SCRAM-SHA-1' | 'SCRAM-SHA-256';

/** What a server keeps of a password (RFC 5802). */
export interface ScramCredential {
  readonly salt: Buffer;
  readonly iterationCount: number;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

const digests = { 'SCRAM-SHA-1': 'sha1', 'SCRAM-SHA-256': 'sha256' } as const;
const lengths = { 'SCRAM-SHA-1': 20, 'SCRAM-SHA-256': 32 } as const;

/** As many as MongoDB uses. */
const iterations = { 'SCRAM-SHA-1': 10_000, 'SCRAM-SHA-256': 15_000 } as const;

export function createCredential(
  mechanism: ScramMechanism,
  user: string,
  password: string,
  salt: Buffer,
): ScramCredential {
  const iterationCount = iterations[mechanism];
  const digest = digests[mechanism];
  const secret = preparedPassword(mechanism, user, password);
  const salted = pbkdf2Sync(secret, salt, iterationCount, lengths[mechanism], digest);
  const clientKey = hmac(digest, salted, 'Client Key');
  return {
    salt,
    iterationCount,
    storedKey: createHash(digest).update(clientKey).digest(),
    serverKey: hmac(digest, salted, 'Server Key'),
  };
}

export function provesPassword(
  mechanism: ScramMechanism,
  credential: ScramCredential,
  user: string,
  password: string,
): boolean {
  const { storedKey } = createCredential(mechanism, user, password, credential.salt);
  return timingSafeEqual(storedKey, credential.storedKey);
}

/** SCRAM-SHA-1 hashes it with the user's name, as MongoDB did before; SCRAM-SHA-256 normalizes it. */
function preparedPassword(mechanism: ScramMechanism, user: string, password: string): string {
  if (mechanism === 'SCRAM-SHA-256') return password.normalize('NFKC');
  return createHash('md5').update(`${user}:mongo:${password}`).digest('hex');
}

/** What the client's first message says; undefined when it is none. */
export function parseClientFirst(message: string): { user: string; nonce: string; bare: string } | undefined {
  const found = /^n,,(n=([^,]*),r=([^,]+))$/.exec(message);
  if (found === null) return undefined;
  const [, bare = '', user = '', nonce = ''] = found;
  return { user: user.replaceAll('=2C', ',').replaceAll('=3D', '='), nonce, bare };
}

/** The server's half of one conversation. */
export class ScramConversation {
  readonly serverFirst: string;
  readonly #digest: string;
  readonly #credential: ScramCredential;
  readonly #bare: string;
  readonly #nonce: string;

  constructor(
    mechanism: ScramMechanism,
    credential: ScramCredential,
    first: { bare: string; nonce: string },
    ownNonce: string,
  ) {
    this.#digest = digests[mechanism];
    this.#credential = credential;
    this.#bare = first.bare;
    this.#nonce = first.nonce + ownNonce;
    const { salt, iterationCount } = credential;
    this.serverFirst = `r=${this.#nonce},s=${salt.toString('base64')},i=${iterationCount}`;
  }

  /** The server's proof, when that of the client is right. */
  finish(clientFinal: string): string | undefined {
    const found = /^(c=biws,r=([^,]+)),p=(.+)$/.exec(clientFinal);
    if (found === null) return undefined;
    const [, withoutProof = '', nonce, proof = ''] = found;
    if (nonce !== this.#nonce) return undefined;
    const { storedKey, serverKey } = this.#credential;
    const authMessage = `${this.#bare},${this.serverFirst},${withoutProof}`;
    const signature = hmac(this.#digest, storedKey, authMessage);
    const clientProof = Buffer.from(proof, 'base64');
    if (clientProof.length !== signature.length) return undefined;
    const clientKey = Buffer.from(signature.map((byte, index) => byte ^ (clientProof[index] ?? 0)));
    const derived = createHash(this.#digest).update(clientKey).digest();
    if (!timingSafeEqual(derived, storedKey)) return undefined;
    return `v=${hmac(this.#digest, serverKey, authMessage).toString('base64')}`;
  }
}

function hmac(digest: string, key: Buffer, text: string): Buffer {
  return createHmac(digest, key).update(text).digest();
}
