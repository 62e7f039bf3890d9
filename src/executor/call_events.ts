import type { Call } from '../call/call.js';
import type { OperationAttempt } from '../errors/timeout.js';
import type { EventCause } from '../events/event.js';
import {
  OperationFailedEvent,
  OperationRetriedEvent,
  OperationStartedEvent,
  OperationSucceededEvent,
} from '../events/operation.js';
import type { EventPublisher } from '../events/publisher.js';
import { shownFailure } from '../events/redact.js';
import type { CommandAttempt } from './command_attempt.js';

/** The events of one call of a public method. Made only when a sink wants to know how calls end. */
export class CallEvents {
  readonly #publisher: EventPublisher;
  readonly #call: Call;
  readonly #cause: EventCause;

  private constructor(publisher: EventPublisher, call: Call) {
    this.#publisher = publisher;
    this.#call = call;
    // The door runs in the caller's asynchronous context.
    this.#cause = { context: call.context, asyncScope: null };
  }

  /** Publishes that a call begins. */
  static start(publisher: EventPublisher, call: Call): CallEvents {
    const events = new CallEvents(publisher, call);
    const { timeoutMS, source } = call.deadline.budget;
    const time = timeoutMS === undefined ? undefined : { timeoutMS, timeoutSource: source };
    const make = () => ({ ...namesOf(call), ...time });
    publisher.publish('operationStarted', stamp => new OperationStartedEvent(make(), stamp), events.#cause);
    return events;
  }

  succeeded(): void {
    const fields = () => ({ ...namesOf(this.#call), ...recordOf(this.#call) });
    this.#publisher.publish('operationSucceeded', stamp => new OperationSucceededEvent(fields(), stamp), this.#cause);
  }

  /** @param failure - what the caller gets: an error, or the reason of a signal */
  failed(failure: unknown): void {
    const fields = () => ({ ...namesOf(this.#call), ...recordOf(this.#call), failure: shownFailure(failure) });
    this.#publisher.publish('operationFailed', stamp => new OperationFailedEvent(fields(), stamp), this.#cause);
  }
}

/** Publishes that a command will be tried again. */
export function publishRetry(
  publisher: EventPublisher,
  attempt: CommandAttempt<unknown>,
  failure: Error,
  backoffMS: number,
): void {
  if (!publisher.wants('operationRetried')) return;
  const { call, commandName, number, progress, selected } = attempt;
  // A server that an earlier attempt had selected is not that of this one.
  const address = selected === progress.selected ? undefined : selected?.address;
  const names = { ...namesOf(call), commandName, attempt: number, address };
  const fields = { ...names, failure: shownFailure(failure), backoffMS };
  publisher.publish('operationRetried', stamp => new OperationRetriedEvent(fields, stamp), attempt);
}

function namesOf({ operationId, name, namespace }: Call) {
  return { operationId, operationName: name, namespace };
}

function recordOf(call: Call) {
  const record = call.record();
  return {
    durationMS: record?.elapsedMS ?? 0,
    timings: record?.timings ?? [],
    attempts: (record?.attempts ?? []).map(attemptShown),
  };
}

function attemptShown(attempt: OperationAttempt): OperationAttempt {
  const error = shownFailure(attempt.error);
  return error === attempt.error ? attempt : { ...attempt, error };
}
