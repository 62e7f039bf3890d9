import { type Timer, type TimerGroup } from '../runtime/clock.js';
import { type Network } from './network.js';

/** One direction of a connection: hands bytes on in their order, as late as the network wants, and not while it is cut. */
export class Pipe {
  readonly #network: Network;
  readonly #timers: TimerGroup;
  readonly #direction: 'toServer' | 'toClient';
  readonly #deliver: (bytes: Buffer) => void;
  readonly #held: { readonly bytes: Buffer; readonly due: number }[] = [];
  #timer: Timer | undefined;
  #stopListening: (() => void) | undefined;
  #isClosed = false;

  constructor(
    network: Network,
    timers: TimerGroup,
    direction: 'toServer' | 'toClient',
    deliver: (bytes: Buffer) => void,
  ) {
    this.#network = network;
    this.#timers = timers;
    this.#direction = direction;
    this.#deliver = deliver;
  }

  push(bytes: Buffer): void {
    if (this.#isClosed) return;
    const delayMS = this.#network.delayOf(this.#direction);
    if (this.#held.length === 0 && delayMS === 0 && !this.#network.isCut) {
      this.#deliver(bytes);
      return;
    }
    this.#held.push({ bytes, due: this.#timers.now() + delayMS });
    this.#wait();
  }

  /** Whatever is held is lost, and whatever comes. */
  close(): void {
    this.#isClosed = true;
    this.#held.length = 0;
    this.#timer?.cancel();
    this.#stopListening?.();
  }

  #wait(): void {
    const [first] = this.#held;
    if (first === undefined || this.#timer !== undefined) return;
    if (this.#network.isCut) {
      this.#stopListening ??= this.#network.healed.subscribe(() => this.#wait());
      return;
    }
    this.#timer = this.#timers.set(Math.max(0, first.due - this.#timers.now()), () => {
      this.#timer = undefined;
      this.#handOn();
    });
  }

  #handOn(): void {
    while (!this.#network.isCut) {
      const [first] = this.#held;
      if (first === undefined || first.due > this.#timers.now()) break;
      this.#held.shift();
      this.#deliver(first.bytes);
    }
    this.#wait();
  }
}
