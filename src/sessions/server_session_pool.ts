import { Binary, serialize } from '../bson/index.js';
import type { Clock } from '../runtime/clock.js';
import type { Random } from '../runtime/random.js';

/** A session with less than this time left before its timeout is not reused (Driver Sessions, "Server Session Pool"). */
const MARGIN_MS = 60_000;
const MS_PER_MINUTE = 60_000;
const UUID_BYTES = 16;
/** A BSON document is its size, its fields, and a zero byte. */
const SIZE_BYTES = 4;

/** A session as servers know it. One operation or one explicit session uses it at a time. */
export class ServerSession {
  /** `{id: UUID}`, the value of `lsid` in commands. */
  readonly id: { readonly id: Binary };
  /** The field `lsid` of a command, in BSON. */
  readonly lsidField: Uint8Array;
  /** The same, as the only field of a list. @internal */
  readonly fields: readonly Uint8Array[];
  #uuid: string | null = null;
  /** The number of the last retryable write or transaction. */
  txnNumber = 0;
  /** The clock's time of the last command that carried the session. */
  lastUse: number;
  /** A network error left the state of the session on the server unknown. It must not be reused. */
  isDirty = false;

  constructor(id: Binary, now: number) {
    this.id = { id };
    this.lsidField = serialize({ lsid: this.id }).subarray(SIZE_BYTES, -1);
    this.fields = [this.lsidField];
    this.lastUse = now;
  }

  /** The number of the session as it is written. Kept: to make it takes half a microsecond, and a session serves many commands. @internal */
  get uuid(): string {
    return (this.#uuid ??= this.id.id.toUUID().toString());
  }

  /** Whether the server may have dropped the session, or will within a minute. */
  hasTimedOut(timeoutMinutes: number | null, now: number): boolean {
    return timeoutMinutes === null || now - this.lastUse > timeoutMinutes * MS_PER_MINUTE - MARGIN_MS;
  }
}

/**
 * Server sessions for reuse, last in, first out, so that servers keep few of them alive.
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
    // The other sessions were used even earlier.
    this.#free.length = 0;
    return new ServerSession(newSessionId(this.#random), now);
  }

  release(session: ServerSession): void {
    if (!session.isDirty) this.#free.push(session);
  }

  /** Removes and returns all sessions, for `endSessions`. */
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
