import { Binary, Long, Timestamp } from 'bson';
import { type Document } from '../bson/types.js';
import { type Clock } from '../runtime/clock.js';

const unsigned = { hash: new Binary(Buffer.alloc(20), 0), keyId: Long.ZERO } as const;

/** The logical clock of a replica set: every write gets a time of its own. */
export class ClusterTime {
  readonly #clock: Clock;
  #latest: Timestamp;
  #gossip: Document;
  #lastWrite: Date;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#latest = new Timestamp({ t: this.#seconds(), i: 1 });
    this.#gossip = gossipOf(this.#latest);
    this.#lastWrite = new Date(clock.wallTime());
  }

  get latest(): Timestamp {
    return this.#latest;
  }

  get lastWrite(): Date {
    return this.#lastWrite;
  }

  /** The value of $clusterTime in replies. */
  get gossip(): Document {
    return this.#gossip;
  }

  /** The time of a new write. */
  tick(): void {
    const seconds = this.#seconds();
    const { t, i } = this.#latest;
    this.#latest = seconds > t ? new Timestamp({ t: seconds, i: 1 }) : new Timestamp({ t, i: i + 1 });
    this.#gossip = gossipOf(this.#latest);
    this.#lastWrite = new Date(this.#clock.wallTime());
  }

  /** Takes in a later time that a client or another node knows. */
  advanceTo(time: Timestamp): void {
    if (!time.greaterThan(this.#latest)) return;
    this.#latest = time;
    this.#gossip = gossipOf(time);
  }

  #seconds(): number {
    return Math.floor(this.#clock.wallTime() / 1000);
  }
}

function gossipOf(clusterTime: Timestamp): Document {
  return { clusterTime, signature: unsigned };
}
