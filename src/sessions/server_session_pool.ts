import { Binary, serialize } from '../bson/index.js';
import type { Clock } from '../runtime/clock.js';
import type { Random } from '../runtime/random.js';

/** A session is not used again when less than this is left of its life (Driver Sessions, "Server Session Pool"). */
const MARGIN_MS = 60_000;
const MS_PER_MINUTE = 60_000;
const UUID_BYTES = 16;
/** A document begins with its size and ends with a zero; between them lie its fields. */
const SIZE_BYTES = 4;

/** A session as a server knows it. Used by one operation, or one explicit session, at a time. */
export class ServerSession {
  /** `{id: UUID}`, as commands carry it. */
  readonly id: { readonly id: Binary };
  /** The field `lsid` of a command, in BSON. */
  readonly lsidField: Uint8Array;
  /** Number of the last retryable write or transaction. */
  txnNumber = 0;
  /** The clock's time at which it was last sent. */
  lastUse: number;
  /** A network error left its state in doubt: it is not to be used by anyone else. */
  isDirty = false;

  constructor(id: Binary, now: number) {
    this.id = { id };
    this.lsidField = serialize({ lsid: this.id }).subarray(SIZE_BYTES, -1);
    this.lastUse = now;
  }

  /** Whether the server may have dropped it, or is about to. */
  hasTimedOut(timeoutMinutes: number | null, now: number): boolean {
    return timeoutMinutes === null || now - this.lastUse > timeoutMinutes * MS_PER_MINUTE - MARGIN_MS;
  }
}

/**
 * Sessions for reuse, last in, first out, so that few are alive on the servers.
 *
 * Source: Driver Sessions, "Server Session Pool".
 */
export class ServerSessionPool {
  readonly #free: ServerSession[] = [];
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  get size(): number {
    return this.#free.length;
  }

  /** @param timeoutMinutes - logicalSessionTimeoutMinutes of the deployment */
  acquire(timeoutMinutes: number | null): ServerSession {
    const now = this.#clock.now();
    const session = this.#free.pop();
    if (session !== undefined && !session.hasTimedOut(timeoutMinutes, now)) return session;
    // The others are older still.
    this.#free.length = 0;
    return new ServerSession(newSessionId(this.#random), now);
  }

  release(session: ServerSession): void {
    if (!session.isDirty) this.#free.push(session);
  }

  /** Takes all of them out, to be ended on the server. */
  drain(): ServerSession[] {
    return this.#free.splice(0);
  }
}

/** A random UUID of version 4 (RFC 9562). */
function newSessionId(random: Random): Binary {
  const bytes = Buffer.from(random.bytes(UUID_BYTES));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return new Binary(bytes, Binary.SUBTYPE_UUID);
}
