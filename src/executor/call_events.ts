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
    const topic = publisher.calls.started;
    if (topic.isWanted) {
      const { operationId, name, namespace, deadline } = call;
      const { timeoutMS, source } = deadline.budget;
      const timeoutSource = timeoutMS === undefined ? undefined : source;
      const fields = { operationId, operationName: name, namespace, timeoutMS, timeoutSource };
      topic.publish(new OperationStartedEvent(fields, topic.stamp()), events.#cause);
    }
    return events;
  }

  succeeded(): void {
    const topic = this.#publisher.calls.succeeded;
    if (!topic.isWanted) return;
    const event = new OperationSucceededEvent(endOf(this.#call), topic.stamp());
    topic.publish(event, this.#cause);
  }

  /** @param failure - what the caller gets: an error, or the reason of a signal */
  failed(failure: unknown): void {
    const topic = this.#publisher.calls.failed;
    if (!topic.isWanted) return;
    const fields = { ...endOf(this.#call), failure: shownFailure(failure) };
    topic.publish(new OperationFailedEvent(fields, topic.stamp()), this.#cause);
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
  const { operationId, name: operationName, namespace } = call;
  const names = { operationId, operationName, namespace, commandName, attempt: number, address };
  const fields = { ...names, failure: shownFailure(failure), backoffMS };
  publisher.publish('operationRetried', stamp => new OperationRetriedEvent(fields, stamp), attempt);
}

/** Written out: an object made of spreads is a dictionary, which takes a microsecond more. */
function endOf(call: Call) {
  const { operationId, name, namespace } = call;
  const record = call.record();
  const durationMS = record?.elapsedMS ?? 0;
  const timings = record?.timings ?? [];
  const attempts = record?.attempts.map(attemptShown) ?? [];
  return { operationId, operationName: name, namespace, durationMS, timings, attempts };
}

function attemptShown(attempt: OperationAttempt): OperationAttempt {
  const error = shownFailure(attempt.error);
  return error === attempt.error ? attempt : { ...attempt, error };
}
