import { Signal } from '../runtime/signal.js';

/** What becomes of one reply instead of its being sent as it is. */
export type ReplyFault =
  /** Only its first bytes are sent; then the connection is reset, or closed in order, or nothing is ever heard of it again. */
  | { readonly kind: 'cut'; readonly afterBytes: number; readonly then: 'reset' | 'close' | 'silence' }
  /** Bytes that are no message. */
  | { readonly kind: 'garbage' }
  /** The reply, to a request that was never made. */
  | { readonly kind: 'wrongResponseTo' };

/** What a node does with connections that come in. */
export type Accepting =
  | 'usual'
  /** Takes them and never says a word. */
  | 'silent'
  /** Listens to them only after so many milliseconds. */
  | { readonly afterMS: number };

interface PlannedFault {
  readonly fault: ReplyFault;
  readonly command: string | undefined;
  left: number;
}

/** The network between one node and its clients: perfect until it is told otherwise. */
export class Network {
  /** Emitted when bytes may flow again. */
  readonly healed = new Signal();
  #accepting: Accepting = 'usual';
  #toServerMS = 0;
  #toClientMS = 0;
  #isCut = false;
  #replyFaults: PlannedFault[] = [];

  get accepting(): Accepting {
    return this.#accepting;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  delayOf(direction: 'toServer' | 'toClient'): number {
    return direction === 'toServer' ? this.#toServerMS : this.#toClientMS;
  }

  /** From now on; what is on its way already is not late for it. */
  delay({ toServerMS = 0, toClientMS = 0 }: { toServerMS?: number; toClientMS?: number }): void {
    this.#toServerMS = notNegative('toServerMS', toServerMS);
    this.#toClientMS = notNegative('toClientMS', toClientMS);
  }

  /** How connections are taken from now on. */
  accept(how: Accepting): void {
    if (typeof how === 'object') notNegative('afterMS', how.afterMS);
    this.#accepting = how;
  }

  /** Nothing comes through in either direction, and neither side is told: open connections hang, and new ones too. */
  cut(): void {
    this.#isCut = true;
  }

  /** Everything flows again; what was sent meanwhile arrives. */
  heal(): void {
    this.#isCut = false;
    this.healed.emit();
  }

  /** The next replies, or the next ones to a command, meet with this. */
  failReplies(fault: ReplyFault, { command, times = 1 }: { command?: string; times?: number } = {}): void {
    if (fault.kind === 'cut') notNegative('afterBytes', fault.afterBytes);
    this.#replyFaults.push({ fault, command, left: times });
  }

  /** The fault of this reply, if one is due. */
  takeReplyFault(command: string): ReplyFault | undefined {
    const planned = this.#replyFaults.find(({ command: wanted }) => wanted === undefined || wanted === command);
    if (planned === undefined) return undefined;
    planned.left--;
    if (planned.left <= 0) this.#replyFaults = this.#replyFaults.filter(other => other !== planned);
    return planned.fault;
  }

  /** As it was at the start. */
  clear(): void {
    this.#accepting = 'usual';
    this.#toServerMS = 0;
    this.#toClientMS = 0;
    this.#replyFaults = [];
    if (this.#isCut) this.heal();
  }
}

function notNegative(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new RangeError(`${name} must be a number from 0 on, not ${String(value)}`);
}
