import type { Deadline, DeadlineEnd, EndWatcher } from '../csot/deadline.js';
import type { Purpose } from '../pool/purpose.js';
import type { Server } from './server.js';
import type { ServerSelector } from './server_selection.js';

/** What an operation asks of the servers. */
export interface SelectionRequest {
  readonly selector: ServerSelector;
  /** For messages and events: `primary`, `readPreference secondary`, … */
  readonly wanted: string;
  readonly purpose: Purpose;
  /** Addresses to be taken only if there is no other. */
  readonly deprioritized: ReadonlySet<string>;
}

/** An operation for which no server suited when it asked. Settled once. */
export class SelectionWaiter implements EndWatcher {
  readonly request: SelectionRequest;
  readonly deadline: Deadline;
  readonly startedAt: number;
  readonly promise: Promise<Server>;
  #resolve!: (server: Server) => void;
  #reject!: (error: Error) => void;
  readonly #onEnd: (waiter: SelectionWaiter, end: DeadlineEnd) => void;

  constructor(
    request: SelectionRequest,
    deadline: Deadline,
    startedAt: number,
    onEnd: (waiter: SelectionWaiter, end: DeadlineEnd) => void,
  ) {
    this.request = request;
    this.deadline = deadline;
    this.startedAt = startedAt;
    this.#onEnd = onEnd;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    deadline.watch(this);
  }

  resolve(server: Server): void {
    this.deadline.unwatch(this);
    this.#resolve(server);
  }

  reject(error: Error): void {
    this.deadline.unwatch(this);
    this.#reject(error);
  }

  onDeadlineEnd(end: DeadlineEnd): void {
    this.#onEnd(this, end);
  }
}
