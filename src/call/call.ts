import type { Deadline } from './deadline.js';

/**
 * The timeouts of single stages, which apply where `timeoutMS` is not in use (and, for server selection, also where it is). In
 * milliseconds; 0 is no limit.
 */
export interface StageLimits {
  readonly serverSelectionTimeoutMS: number;
  readonly waitQueueTimeoutMS: number;
  readonly socketTimeoutMS: number;
}

export const NO_STAGE_LIMITS: StageLimits = Object.freeze({
  serverSelectionTimeoutMS: 0,
  waitQueueTimeoutMS: 0,
  socketTimeoutMS: 0,
});

/**
 * One call of a public method that may wait: what is running, and until when.
 *
 * A call runs one command (`findOne`), several (`insertMany`) or none (`connect`). Each command is tried in one or more attempts. All
 * calls on one cursor share one `operationId`.
 */
export class Call {
  /** Joins the events and errors of one operation. 0 for work that the driver does on its own account. */
  readonly operationId: number;
  /** What runs: the name of the public method, such as `insertMany`. */
  readonly name: string;
  /** `database.collection`, `database`, or `admin` for a call on the whole client. */
  readonly namespace: string;
  readonly deadline: Deadline;
  readonly limits: StageLimits;

  constructor(operationId: number, name: string, namespace: string, deadline: Deadline, limits: StageLimits) {
    this.operationId = operationId;
    this.name = name;
    this.namespace = namespace;
    this.deadline = deadline;
    this.limits = limits;
  }

  /** The same call with another deadline: for a part of it that has a time of its own, such as closing a cursor after a timeout. */
  until(deadline: Deadline): Call {
    return deadline === this.deadline
      ? this
      : new Call(this.operationId, this.name, this.namespace, deadline, this.limits);
  }

  /** Work that no caller waits for: a hello, an authentication, a ping of the pool. */
  static background(name: string, deadline: Deadline): Call {
    return new Call(0, name, 'admin', deadline, NO_STAGE_LIMITS);
  }
}
