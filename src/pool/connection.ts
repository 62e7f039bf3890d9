import type { Attempt } from '../call/attempt.js';
import type { Reply } from '../wire/reply.js';
import type { Generation, ServiceGeneration } from './generations.js';
import { type ConnectionParts, WireConnection } from './wire_connection.js';

/** Learns how a connection changes while no operation uses it. */
export interface ConnectionOwner {
  /** The late reply to a request whose caller is gone has arrived: the connection can be used again. */
  onDrained(connection: Connection, reply: Reply): void;
  /** The connection closed, wherever it was. Called once. */
  onClosed(connection: Connection): void;
}

/** What keeps a connection checked out beyond one command. */
export type Pin = 'cursor' | 'transaction';

/** Slot of a connection that is not in use. */
const NO_SLOT = -1;

/** A connection of a pool, with the pool's book-keeping. Only the pool changes it, except that the executor calls `pin`. */
export class Connection extends WireConnection {
  /** The clock's time (monotonic milliseconds). */
  readonly createdAt: number;
  readonly #owner: ConnectionOwner;
  readonly #poolGeneration: Generation;
  #service: ServiceGeneration | null = null;
  #generation: number;
  #attempt: Attempt | null = null;
  #slot = NO_SLOT;
  #pinnedBy: Pin | null = null;
  #uses = 0;
  #idleSince: number;
  #isSuspect = false;

  constructor(parts: ConnectionParts, id: number, generation: Generation, owner: ConnectionOwner) {
    super(parts, id);
    this.createdAt = parts.clock.now();
    this.#idleSince = this.createdAt;
    this.#owner = owner;
    this.#poolGeneration = generation;
    this.#generation = generation.value;
  }

  // ── Generations

  /** The generation of the pool when this connection was created; behind a load balancer, that of its service when it joined. */
  get generation(): number {
    return this.#generation;
  }

  /** Behind a load balancer: the server at the other end, once hello has named it. */
  get service(): ServiceGeneration | null {
    return this.#service;
  }

  /** Whether the connection was made before its pool, or its service, was cleared. */
  get isStale(): boolean {
    return this.#generation !== (this.#service ?? this.#poolGeneration).value;
  }

  /** From now on the connection becomes stale with its service. */
  joinService(service: ServiceGeneration): void {
    this.#service = service;
    this.#generation = service.value;
  }

  // ── In use

  /** The attempt that the connection is checked out for; null while it is not in use. */
  get attempt(): Attempt | null {
    return this.#attempt;
  }

  /** The place among the connections in use, or -1. */
  get slot(): number {
    return this.#slot;
  }

  /** The number of times that the connection was checked out. */
  get uses(): number {
    return this.#uses;
  }

  /** What keeps the connection checked out beyond one command, if anything does. */
  get pinnedBy(): Pin | null {
    return this.#pinnedBy;
  }

  checkOut(attempt: Attempt, slot: number): void {
    this.#attempt = attempt;
    this.#slot = slot;
    this.#uses++;
  }

  moveTo(slot: number): void {
    this.#slot = slot;
  }

  /** A transaction or a cursor keeps the connection until it is checked in. */
  pin(by: Pin): void {
    this.#pinnedBy = by;
  }

  /** @returns what the connection was checked out for */
  checkIn(): Attempt | null {
    const attempt = this.#attempt;
    this.#attempt = null;
    this.#slot = NO_SLOT;
    this.#pinnedBy = null;
    return attempt;
  }

  // ── Idle

  /** The clock's time at which the connection was last put back into the pool. */
  get idleSince(): number {
    return this.#idleSince;
  }

  becomeIdle(now: number): void {
    this.#idleSince = now;
  }

  /** Whether this process stood still while the connection was idle: the server may have closed it without a word. */
  get isSuspect(): boolean {
    return this.#isSuspect;
  }

  suspect(): void {
    this.#isSuspect = true;
  }

  /** The server has answered on this connection. */
  trust(): void {
    this.#isSuspect = false;
  }

  // ── WireConnection

  protected override tellClosed(): void {
    this.#owner.onClosed(this);
  }

  protected override tellDrained(reply: Reply): void {
    this.#owner.onDrained(this, reply);
  }
}
