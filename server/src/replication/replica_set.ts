import { ObjectId } from 'bson';
import { type Timer, type TimerGroup } from '../runtime/clock.js';
import { type Member } from './member.js';

/**
 * Roles, elections and the configuration of a replica set. Data are shared, so an election only moves the role:
 *
 *   primary steps down or dies ──► no primary ──(electionDelayMS, a majority is up)──► the next candidate is primary
 */
export class ReplicaSet {
  readonly name: string;
  readonly electionDelayMS: number;
  readonly #timers: TimerGroup;
  /** Who may not stand for election, and the timers that let them again. */
  readonly #barred = new Map<Member, Timer>();
  readonly #awaitingPrimary = new Set<() => void>();
  #members: readonly Member[];
  #setVersion = 1;
  #term = 1;
  #lastPrimary = 0;
  #election: Timer | undefined;

  constructor(options: { name: string; members: readonly Member[]; timers: TimerGroup; electionDelayMS: number }) {
    this.name = options.name;
    this.#members = options.members;
    this.#timers = options.timers;
    this.electionDelayMS = options.electionDelayMS;
  }

  /** Those of the configuration, up or not. */
  get members(): readonly Member[] {
    return this.#members;
  }

  /** Rises with every reconfiguration. */
  get setVersion(): number {
    return this.#setVersion;
  }

  get term(): number {
    return this.#term;
  }

  /** Rises with every election, in the form that MongoDB gives it: 7fffffff and the term. */
  get electionId(): ObjectId {
    return new ObjectId(`7fffffff${this.#term.toString(16).padStart(16, '0')}`);
  }

  get primary(): Member | undefined {
    return this.members.find(member => member.isUp && member.role === 'primary');
  }

  /** The primary becomes a secondary and may not be elected for a while; the others elect a new one. */
  stepDown(barredMS: number): void {
    const { primary } = this;
    if (primary === undefined) return;
    this.bar(primary, barredMS);
    this.#changeRoles(undefined);
    this.#callElection();
  }

  /** Makes a member primary at once, as if it had just won an election. @throws RangeError if it cannot win one. */
  elect(member: Member): void {
    if (!this.members.includes(member) || !member.isUp || !this.#hasMajority()) {
      throw new RangeError(
        `The node ${member.address} cannot win an election: it, or a majority of its set, is not there`,
      );
    }
    if (this.primary === member) return;
    this.#win(member);
  }

  /** A node that was barred from elections may be elected again. */
  letAllStand(): void {
    for (const timer of this.#barred.values()) timer.cancel();
    this.#barred.clear();
    this.#callElection();
  }

  /** A member that was barred may be elected again. */
  letStand(member: Member): void {
    this.bar(member, 0);
    this.#callElection();
  }

  memberWentDown(): void {
    // Without a majority a primary cannot stay one: it becomes a secondary.
    if (this.primary === undefined || !this.#hasMajority()) this.#changeRoles(undefined);
    this.#callElection();
  }

  memberCameUp(member: Member): void {
    this.bar(member, 0);
    if (this.members.includes(member)) member.setRole('secondary');
    member.announce();
    this.#callElection();
  }

  /** From now on the set has these members; who is none any more runs on, and says so. */
  reconfigure(members: readonly Member[]): void {
    const removed = this.members.filter(member => !members.includes(member));
    const { primary } = this;
    this.#members = members;
    this.#setVersion++;
    for (const member of removed) {
      this.bar(member, 0);
      member.setRole('removed');
    }
    this.#changeRoles(primary !== undefined && members.includes(primary) && this.#hasMajority() ? primary : undefined);
    for (const member of removed) member.announce();
    this.#callElection();
  }

  /** Resolves when there is a primary (again). */
  async whenPrimary(): Promise<void> {
    if (this.primary !== undefined) return;
    await new Promise<void>(resolve => this.#awaitingPrimary.add(resolve));
  }

  /** A member may not be elected for so long; 0 lets it stand again. */
  bar(member: Member, durationMS: number): void {
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
      if (this.primary !== undefined) return;
      const candidate = this.#candidate();
      if (candidate !== undefined) this.#win(candidate);
    });
  }

  #win(candidate: Member): void {
    this.#term++;
    this.#changeRoles(candidate);
    for (const resolve of this.#awaitingPrimary) resolve();
    this.#awaitingPrimary.clear();
  }

  /** The next node after the last primary that is up and may be elected. */
  #candidate(): Member | undefined {
    if (!this.#hasMajority()) return undefined;
    const inTurn = [...this.members].sort((a, b) => this.#turnOf(a) - this.#turnOf(b));
    return inTurn.find(member => member.isUp && !this.#barred.has(member));
  }

  #turnOf({ index }: Member): number {
    return index > this.#lastPrimary ? index - this.#lastPrimary : index + 1_000 - this.#lastPrimary;
  }

  #hasMajority(): boolean {
    return this.members.filter(member => member.isUp).length * 2 > this.members.length;
  }

  /** All roles first, then the news: a waiter that is woken must see the new state of every node. */
  #changeRoles(primary: Member | undefined): void {
    if (primary !== undefined) this.#lastPrimary = primary.index;
    for (const member of this.members) member.setRole(member === primary ? 'primary' : 'secondary');
    for (const member of this.members) member.announce();
  }
}
