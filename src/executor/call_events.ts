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

/** Tells sinks and the tracer of one call of a public method. Made only when one of them wants to know how calls end. */
export class CallEvents {
  readonly #publisher: EventPublisher;
  readonly #call: Call;
  #cause: EventCause | null = null;

  private constructor(publisher: EventPublisher, call: Call) {
    this.#publisher = publisher;
    this.#call = call;
  }

  /** Tells that a call begins. */
  static start(publisher: EventPublisher, call: Call): CallEvents {
    const events = new CallEvents(publisher, call);
    const topic = publisher.calls.started;
    if (topic.isWanted) {
      const { operationId, name, namespace, deadline } = call;
      const { timeoutMS, source } = deadline.budget;
      const timeoutSource = timeoutMS === undefined ? undefined : source;
      const fields = { operationId, operationName: name, namespace, timeoutMS, timeoutSource };
      topic.publish(new OperationStartedEvent(fields, topic.stamp()), events.#causeOfAll());
    }
    const { tracer } = publisher;
    if (tracer !== null && tracer.isActive) tracer.callStarted(call);
    // Listeners may have taken their time.
    call.deadline.ledger.look();
    return events;
  }

  succeeded(): void {
    const { calls, tracer } = this.#publisher;
    tracer?.callSucceeded(this.#call);
    const topic = calls.succeeded;
    if (topic.isWanted)
      topic.publish(new OperationSucceededEvent(endOf(this.#call), topic.stamp()), this.#causeOfAll());
  }

  /** @param failure - what the caller gets: an error, or the reason of a signal */
  failed(failure: unknown): void {
    const { calls, tracer } = this.#publisher;
    tracer?.callFailed(this.#call, shownFailure(failure));
    const topic = calls.failed;
    if (!topic.isWanted) return;
    const fields = { ...endOf(this.#call), failure: shownFailure(failure) };
    topic.publish(new OperationFailedEvent(fields, topic.stamp()), this.#causeOfAll());
  }

  /** The door runs in the caller's asynchronous context. */
  #causeOfAll(): EventCause {
    return (this.#cause ??= { context: this.#call.context, asyncScope: null });
  }
}

/** Tells that a command will be tried again. */
export function publishRetry(
  publisher: EventPublisher,
  attempt: CommandAttempt<unknown>,
  failure: Error,
  backoffMS: number,
): void {
  const { tracer } = publisher;
  if (tracer === null && !publisher.wants('operationRetried')) return;
  const { call, commandName, number, progress, selected } = attempt;
  // A server that an earlier attempt had selected is not that of this one.
  const address = selected === progress.selected ? undefined : selected?.address;
  const { operationId, name: operationName, namespace } = call;
  const names = { operationId, operationName, namespace, commandName, attempt: number, address };
  const fields = { ...names, failure: shownFailure(failure), backoffMS };
  tracer?.retried(call, commandName, number, address, fields.failure, backoffMS);
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
