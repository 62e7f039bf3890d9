import { Binary, type Document } from '../bson/index.js';
import { ReplyFields } from '../bson/reply_fields.js';
import type { Deadline, EndDescription } from '../call/deadline.js';
import { waitFor } from '../call/waiter.js';
import { MongoRuntimeError } from '../errors/driver.js';
import type { Random } from '../runtime/random.js';
import { type AuthConversation, type Authenticator, identityOf, type RunAuthCommand } from './authenticator.js';
import { AuthMechanism, type MongoCredentials } from './credentials.js';
import {
  deriveKeys,
  firstBare,
  firstMessage,
  parseChallenge,
  prove,
  type ScramChallenge,
  type ScramKeys,
  type ScramMechanism,
  verifyServer,
} from './scram.js';

/** What a wait for the keys is, if the deadline ends first. */
const DERIVING_KEYS: EndDescription = Object.freeze({
  during: 'while deriving the keys of SCRAM from the password',
  phase: 'auth',
  maybeApplied: false,
});

const NONCE_BYTES = 24;
/** A server has one salt for each user and mechanism; those of a set share it. */
const MOST_KEYS = 16;

/**
 * Authenticates with a name and a password, by SCRAM-SHA-256 or SCRAM-SHA-1. The first message travels with the hello, which saves a round trip.
 *
 * Source: Authentication, "SCRAM-SHA-1", "SCRAM-SHA-256" and "Speculative Authentication".
 */
export class ScramAuthenticator implements Authenticator {
  readonly #credentials: MongoCredentials;
  readonly #random: Random;
  /** Keys by what they were derived from; the password is the same for all. */
  readonly #keys = new Map<string, Promise<ScramKeys>>();

  constructor(credentials: MongoCredentials, random: Random) {
    this.#credentials = credentials;
    this.#random = random;
  }

  begin(): Promise<AuthConversation> {
    const { mechanism, source, username } = this.#credentials;
    const isFree = mechanism === AuthMechanism.MONGODB_DEFAULT;
    const first = this.#first(mechanism === 'SCRAM-SHA-1' ? mechanism : 'SCRAM-SHA-256');
    let used = first.mechanism;
    return Promise.resolve({
      helloFields: {
        ...(isFree && { saslSupportedMechs: `${source}.${username}` }),
        speculativeAuthenticate: { ...first.command, db: source },
      },
      identity: () => identityOf(this.#credentials, used),
      finish: async (hello, run, deadline) => {
        const fields = new ReplyFields(hello, 'hello reply');
        const answer = fields.document('speculativeAuthenticate');
        if (answer !== null) {
          await this.#goOn(first, answer, run, deadline);
          return;
        }
        if (isFree) used = mechanismAmong(fields.strings('saslSupportedMechs'));
        const again = this.#first(used);
        const started = await run({ ...again.command, $db: source }, deadline);
        await this.#goOn(again, started, run, deadline);
      },
    });
  }

  #first(mechanism: ScramMechanism): First {
    const nonce = Buffer.from(this.#random.bytes(NONCE_BYTES)).toString('base64');
    const bare = firstBare(this.#credentials.username, nonce);
    const payload = new Binary(firstMessage(bare));
    return {
      mechanism,
      nonce,
      bare,
      command: { saslStart: 1, mechanism, payload, options: { skipEmptyExchange: true } },
    };
  }

  async #goOn(first: First, started: Document, run: RunAuthCommand, deadline: Deadline): Promise<void> {
    const { mechanism, bare, nonce } = first;
    const challenge = parseChallenge(payloadOf(started), nonce);
    const keys = await waitFor(this.#keysFor(mechanism, challenge), () => DERIVING_KEYS, null, deadline);
    const { message, serverSignature } = prove(mechanism, keys, bare, challenge);
    // It is sent back.
    const conversationId = new ReplyFields(started, 'reply to saslStart').integer('conversationId');
    const send = (payload: Buffer) =>
      run({ saslContinue: 1, conversationId, payload: new Binary(payload), $db: this.#credentials.source }, deadline);
    let reply = await send(message);
    verifyServer(payloadOf(reply), serverSignature);
    // Servers that do not know skipEmptyExchange want one more message.
    if (reply['done'] !== true) reply = await send(Buffer.alloc(0));
    if (reply['done'] !== true) throw new MongoRuntimeError('Server does not end the SCRAM conversation');
  }

  #keysFor(mechanism: ScramMechanism, challenge: ScramChallenge): Promise<ScramKeys> {
    const { username, password = '' } = this.#credentials;
    const id = `${mechanism} ${challenge.iterations} ${challenge.salt.toString('base64')}`;
    let keys = this.#keys.get(id);
    if (keys === undefined) {
      if (this.#keys.size >= MOST_KEYS) this.#keys.clear();
      keys = deriveKeys(mechanism, { username, password }, challenge);
      this.#keys.set(id, keys);
      // What failed once, the next connection tries anew.
      keys.catch(() => this.#keys.delete(id));
    }
    return keys;
  }
}

interface First {
  readonly mechanism: ScramMechanism;
  readonly nonce: string;
  readonly bare: string;
  readonly command: Document;
}

/** Authentication, "Mechanism Negotiation" */
function mechanismAmong(supported: readonly string[]): ScramMechanism {
  return supported.includes('SCRAM-SHA-256') ? 'SCRAM-SHA-256' : 'SCRAM-SHA-1';
}

function payloadOf(reply: Document): Buffer {
  const payload: unknown = reply['payload'];
  if (payload instanceof Binary) return Buffer.from(payload.value());
  if (payload instanceof Uint8Array) return Buffer.from(payload);
  throw new MongoRuntimeError('Server sent no payload for SCRAM');
}
