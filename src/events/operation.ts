import { withShortJSON } from '../errors/failed_attempt.js';
import type { OperationAttempt, StageTiming } from '../errors/timeout.js';
import { complete, type EventFields, type EventStamp, MonitoringEvent } from './event.js';

/** What the events of one call of a public method have in common. @public */
export abstract class OperationEvent extends MonitoringEvent {
  /** The same for all events of one operation; calls on one cursor share it. */
  declare readonly operationId: number;
  /**
   * The public method: `insertOne`. A cursor has an operation for each time that a method waits for the server, named by the method that opened the cursor and by
   * the one that waits: `find.toArray`, `find.forEach`, `find.stream`, and `find.next` for `for await` too. A batch that is asked for ahead is `find.prefetch`.
   * A bulk operation is `initializeOrderedBulkOp.execute`.
   */
  declare readonly operationName: string;
  /** `database.collection`, `database`, or `admin` for a call on the whole client. */
  declare readonly namespace: string;

  /** @internal */
  constructor(fields: EventFields<OperationEvent>, stamp: EventStamp) {
    super(stamp);
    this.operationId = fields.operationId;
    this.operationName = fields.operationName;
    this.namespace = fields.namespace;
  }
}

/** A public method that waits was called, and its arguments are in order. @public */
export class OperationStartedEvent extends OperationEvent {
  /** Milliseconds that the call has; 0 is no limit; absent if `timeoutMS` is not in use. */
  declare readonly timeoutMS?: number;
  /** Where that was set: `the collection`, `insertOne`, `withDeadline at handle (orders.js:12:9)`. */
  declare readonly timeoutSource?: string;

  /** @internal */
  constructor(fields: EventFields<OperationStartedEvent>, stamp: EventStamp) {
    super(fields, stamp);
    if (fields.timeoutMS !== undefined) this.timeoutMS = fields.timeoutMS;
    if (fields.timeoutSource !== undefined) this.timeoutSource = fields.timeoutSource;
    Object.freeze(this);
  }

  get name() {
    return 'operationStarted' as const;
  }
}

/** A call succeeded: its promise is about to be fulfilled. @public */
export class OperationSucceededEvent extends OperationEvent {
  /** Milliseconds since the call began. */
  declare readonly durationMS: number;
  /** Where that time went, in order; a stage appears again with each attempt. */
  declare readonly timings: readonly StageTiming[];
  /** Each try of each command; the first ones, and the last. The errors in it have a short JSON. */
  declare readonly attempts: readonly OperationAttempt[];

  /** @internal */
  constructor(fields: EventFields<OperationSucceededEvent>, stamp: EventStamp) {
    super(fields, stamp);
    this.durationMS = fields.durationMS;
    this.timings = fields.timings;
    this.attempts = withShortJSON(fields.attempts);
    Object.freeze(this);
  }

  get name() {
    return 'operationSucceeded' as const;
  }
}

/** A call failed: its promise is about to be rejected. @public */
export class OperationFailedEvent extends OperationEvent {
  /** Milliseconds since the call began. */
  declare readonly durationMS: number;
  /** Where that time went, in order; a stage appears again with each attempt. */
  declare readonly timings: readonly StageTiming[];
  /** Each try of each command; the first ones, and the last. The errors in it have a short JSON. */
  declare readonly attempts: readonly OperationAttempt[];
  /** What the promise is rejected with: an error, or the reason of an `AbortSignal`, which may be any value. */
  declare readonly failure: unknown;

  /** @internal */
  constructor(fields: EventFields<OperationFailedEvent>, stamp: EventStamp) {
    super(fields, stamp);
    this.durationMS = fields.durationMS;
    this.timings = fields.timings;
    this.attempts = withShortJSON(fields.attempts);
    if (fields.failure !== undefined) this.failure = fields.failure;
    Object.freeze(this);
  }

  get name() {
    return 'operationFailed' as const;
  }
}

/** An attempt to run a command failed, and another will follow. @public */
export class OperationRetriedEvent extends OperationEvent {
  /** The command that is tried again. */
  declare readonly commandName: string;
  /** Number of the attempt that failed; 1 for the first. */
  declare readonly attempt: number;
  /** `host:port` of the server on which it failed; absent if none was selected. */
  declare readonly address?: string;
  /** Why it failed. */
  declare readonly failure: Error;
  /** Milliseconds for which the driver waits before it selects a server again; 0 as a rule. */
  declare readonly backoffMS: number;

  /** @internal */
  constructor(fields: EventFields<OperationRetriedEvent>, stamp: EventStamp) {
    super(fields, stamp);
    complete(this, fields);
  }

  get name() {
    return 'operationRetried' as const;
  }
}
