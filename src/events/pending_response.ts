import { complete, type EventFields, type EventStamp } from './event.js';
import { ConnectionPoolMonitoringEvent } from './pool.js';

/** The operation has given up; its connection waits for the late reply, so that it can be used again. @public */
export class ConnectionPendingResponseStartedEvent extends ConnectionPoolMonitoringEvent {
  declare readonly connectionId: number;
  /** Of the command whose reply is awaited. */
  declare readonly requestId?: number;
  declare readonly operationId?: number;
  declare readonly attempt?: number;
  /** Milliseconds for which the reply is waited for. */
  declare readonly timeoutMS?: number;

  /** @internal */
  constructor(fields: EventFields<ConnectionPendingResponseStartedEvent>, stamp: EventStamp) {
    super(stamp);
    complete(this, fields);
  }

  get name() {
    return 'connectionPendingResponseStarted' as const;
  }
}

/** The late reply arrived and was dropped; the connection is idle again. @public */
export class ConnectionPendingResponseSucceededEvent extends ConnectionPoolMonitoringEvent {
  declare readonly connectionId: number;
  declare readonly requestId?: number;
  declare readonly operationId?: number;
  declare readonly attempt?: number;
  /** Milliseconds since the wait began. */
  declare readonly durationMS: number;

  /** @internal */
  constructor(fields: EventFields<ConnectionPendingResponseSucceededEvent>, stamp: EventStamp) {
    super(stamp);
    complete(this, fields);
  }

  get name() {
    return 'connectionPendingResponseSucceeded' as const;
  }
}

/** The late reply did not arrive; the connection is closed. @public */
export class ConnectionPendingResponseFailedEvent extends ConnectionPoolMonitoringEvent {
  declare readonly connectionId: number;
  declare readonly requestId?: number;
  declare readonly operationId?: number;
  declare readonly attempt?: number;
  /** Milliseconds since the wait began. */
  declare readonly durationMS: number;
  declare readonly reason: 'timeout' | 'error' | 'stale' | 'poolClosed';
  declare readonly error?: Error;

  /** @internal */
  constructor(fields: EventFields<ConnectionPendingResponseFailedEvent>, stamp: EventStamp) {
    super(stamp);
    complete(this, fields);
  }

  get name() {
    return 'connectionPendingResponseFailed' as const;
  }
}
