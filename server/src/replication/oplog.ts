import { type Binary, type Long, type Timestamp } from 'bson';
import { type Change } from '../engine/journal.js';
import { type Clock } from '../runtime/clock.js';
import { Signal } from '../runtime/signal.js';
import { type ClusterTime } from './cluster_time.js';

/** What change streams can look back upon. */
const capacity = 20_000;

export interface OplogEntry {
  /** Rises by one with each entry. */
  readonly position: number;
  /** All entries of a transaction have the time of its commit. */
  readonly time: Timestamp;
  readonly wallTime: Date;
  readonly change: Change;
  readonly transaction: TransactionIdentity | undefined;
}

export interface TransactionIdentity {
  readonly lsid: { readonly id: Binary };
  readonly txnNumber: Long;
}

/** The last changes of the deployment, each with a cluster time. */
export class Oplog {
  /** Emitted after entries were added. */
  readonly appended = new Signal();
  readonly #clock: Clock;
  readonly #clusterTime: ClusterTime;
  #entries: OplogEntry[] = [];
  #next = 1;

  constructor(clock: Clock, clusterTime: ClusterTime) {
    this.#clock = clock;
    this.#clusterTime = clusterTime;
  }

  /** The position of the latest entry. */
  get last(): number {
    return this.#next - 1;
  }

  /** The position of the oldest entry that is kept. */
  get first(): number {
    return this.#entries[0]?.position ?? this.#next;
  }

  append(changes: readonly Change[], transaction?: TransactionIdentity): void {
    if (changes.length === 0) return;
    this.#clusterTime.tick();
    const time = this.#clusterTime.latest;
    const wallTime = new Date(this.#clock.wallTime());
    for (const change of changes) {
      this.#entries.push({ position: this.#next++, time, wallTime, change, transaction });
    }
    // Cut now and then, not for each entry.
    if (this.#entries.length > 2 * capacity) this.#entries = this.#entries.slice(-capacity);
    this.appended.emit();
  }

  /** The entry at a position, if it is there. */
  at(position: number): OplogEntry | undefined {
    return this.#entries[position - this.first];
  }

  /** The position of the first entry that is not older than a time. */
  positionAt(time: Timestamp): number {
    const found = this.#entries.find(entry => entry.time.greaterThanOrEqual(time));
    return found?.position ?? this.#next;
  }
}
