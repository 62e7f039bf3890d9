import { AsyncResource } from 'node:async_hooks';
import type { Call } from './call.js';
import type { CallContext } from './call_context.js';
import type { Deadline } from './deadline.js';

/** A stage whose limit depends on the options and on whether `timeoutMS` is in use. */
export type LimitedStage = 'serverSelection' | 'checkOut' | 'read';

/**
 * One attempt to run one command of a call. Pools and connections work for an attempt: their errors and events name it, and they wait
 * no longer than it allows.
 */
export class Attempt {
  readonly call: Call;
  readonly commandName: string;
  /** `database.collection`, or `database`. */
  readonly namespace: string;
  /** 1 for the first attempt of the command. */
  readonly number: number;
  /** The caller's asynchronous context, for events that come while others run; null if no event can come like that, or there is no listener. */
  asyncScope: AsyncResource | null = null;
  #selectionLimit: Deadline | null = null;

  constructor(call: Call, commandName: string, namespace: string, number: number) {
    this.call = call;
    this.commandName = commandName;
    this.namespace = namespace;
    this.number = number;
  }

  get operationId(): number {
    return this.call.operationId;
  }

  get operationName(): string {
    return this.call.name;
  }

  get context(): CallContext | null {
    return this.call.context;
  }

  get deadline(): Deadline {
    return this.call.deadline;
  }

  /** Called in the caller's asynchronous context before the attempt waits, if there is a listener for what may come of it. */
  keepAsyncScope(): void {
    this.asyncScope ??= new AsyncResource('mongotempo.Attempt');
  }

  /**
   * The deadline of a wait in this stage: that of the call, or the limit of the stage if that ends sooner.
   *
   * Under `timeoutMS`, selection and checkout of an attempt share `serverSelectionTimeoutMS`, and the other limits of stages do not apply
   * (Client Side Operations Timeout, "Server Selection" and "Deprecations").
   */
  limitOf(stage: LimitedStage): Deadline {
    const { deadline, limits } = this.call;
    const timed = deadline.timedByOperation;
    switch (stage) {
      case 'serverSelection':
        return (this.#selectionLimit ??= deadline.within('serverSelection', limits.serverSelectionTimeoutMS));
      case 'checkOut':
        return timed ? this.limitOf('serverSelection') : deadline.within('checkOut', limits.waitQueueTimeoutMS);
      case 'read':
        return timed ? deadline : deadline.within('read', limits.socketTimeoutMS);
    }
  }
}

/** By what the events of an attempt are joined with others of its operation. */
export function originOf({ operationId, operationName, number }: Attempt): {
  readonly operationId: number;
  readonly operationName: string;
  readonly attempt: number;
} {
  return { operationId, operationName, attempt: number };
}

/** `insert shop.orders`, as messages name what waits. */
export function textOfAttempt({ commandName, namespace }: Pick<Attempt, 'commandName' | 'namespace'>): string {
  return commandName === 'connect' ? 'connect()' : `${commandName} ${namespace}`;
}
