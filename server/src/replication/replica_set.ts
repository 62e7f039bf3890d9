import { ObjectId } from 'bson';
import { type Timer, type TimerGroup } from '../runtime/clock.js';
import { type Member } from './member.js';

/**
 * Roles and elections of a replica set. Data are shared, so an election only moves the role:
 *
 *   primary steps down or dies ──► no primary ──(electionDelayMS, a majority is up)──► the next candidate is primary
 */
export class ReplicaSet {
  readonly name: string;
  readonly members: readonly Member[];
  readonly setVersion = 1;
  readonly #timers: TimerGroup;
  readonly electionDelayMS: number;
  /** Who may not stand for election, and the timers that let them again. */
  readonly #barred = new Map<Member, Timer>();
  readonly #awaitingPrimary = new Set<() => void>();
  #term = 1;
  #lastPrimary = 0;
  #election: Timer | undefined;

  constructor(options: { name: string; members: readonly Member[]; timers: TimerGroup; electionDelayMS: number }) {
    this.name = options.name;
    this.members = options.members;
    this.#timers = options.timers;
    this.electionDelayMS = options.electionDelayMS;
  }

  get term(): number {
    return this.#term;
  }

  /** Rises with every election, in the form that MongoDB gives it: 7fffffff and the term. */
  get electionId(): ObjectId {
    return new ObjectId(`7fffffff${this.#term.toString(16).padStart(16, '0')}`);
  }

  get primary(): Member | undefined {
    return this.members.find(member => member.isAlive && member.role === 'primary');
  }

  /** The primary becomes a secondary and may not be elected for a while; the others elect a new one. */
  stepDown(barredMS: number): void {
    const { primary } = this;
    if (primary === undefined) return;
    this.#bar(primary, barredMS);
    this.#changeRoles(undefined);
    this.#callElection();
  }

  /** Whoever was barred from elections may be elected again. */
  letAllStand(): void {
    for (const timer of this.#barred.values()) timer.cancel();
    this.#barred.clear();
    this.#callElection();
  }

  memberWentDown(): void {
    // Without a majority a primary cannot stay one; whoever is left becomes a secondary.
    if (this.primary === undefined || !this.#hasMajority()) this.#changeRoles(undefined);
    this.#callElection();
  }

  memberCameUp(member: Member): void {
    this.#bar(member, 0);
    member.setRole('secondary');
    member.announce();
    this.#callElection();
  }

  /** Resolves when there is a primary (again). */
  async whenPrimary(): Promise<void> {
    if (this.primary !== undefined) return;
    await new Promise<void>(resolve => this.#awaitingPrimary.add(resolve));
  }

  #bar(member: Member, durationMS: number): void {
    this.#barred.get(member)?.cancel();
    this.#barred.delete(member);
    if (durationMS <= 0) return;
    const timer = this.#timers.set(durationMS, () => {
      this.#barred.delete(member);
      this.#callElection();
    });
    this.#barred.set(member, timer);
  }

  #callElection(): void {
    if (this.primary !== undefined || this.#election !== undefined || this.#candidate() === undefined) return;
    this.#election = this.#timers.set(this.electionDelayMS, () => {
      this.#election = undefined;
      this.#elect();
    });
  }

  #elect(): void {
    if (this.primary !== undefined) return;
    const candidate = this.#candidate();
    if (candidate === undefined) return;
    this.#term++;
    this.#changeRoles(candidate);
    for (const resolve of this.#awaitingPrimary) resolve();
    this.#awaitingPrimary.clear();
  }

  /** The next node after the last primary that is up and may be elected. */
  #candidate(): Member | undefined {
    if (!this.#hasMajority()) return undefined;
    const start = this.#lastPrimary + 1;
    const inTurn = [...this.members.slice(start), ...this.members.slice(0, start)];
    return inTurn.find(member => member.isAlive && !this.#barred.has(member));
  }

  #hasMajority(): boolean {
    return this.members.filter(member => member.isAlive).length * 2 > this.members.length;
  }

  /** All roles first, then the news: whoever is woken must see the new state of every node. */
  #changeRoles(primary: Member | undefined): void {
    if (primary !== undefined) this.#lastPrimary = primary.index;
    for (const member of this.members) member.setRole(member === primary ? 'primary' : 'secondary');
    for (const member of this.members) member.announce();
  }
}
