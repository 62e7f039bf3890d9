import { complete, type EventFields, type EventStamp } from './event.js';
import { ConnectionPoolMonitoringEvent } from './pool.js';

/** The operation has given up; its connection waits for the late reply, so that it can be used again. @public */
export class ConnectionPendingResponseStartedEvent extends ConnectionPoolMonitoringEvent {
  /** The connection's number in its pool. */
  declare readonly connectionId: number;
  /** Number of the request whose reply is awaited: that of its `commandStarted`. */
  declare readonly requestId: number;
  /** The same for all commands of one operation: attempts, batches, getMores. */
  declare readonly operationId?: number;
  /** The public method: `insertOne`; of a cursor `find.toArray`. */
  declare readonly operationName?: string;
  /** 1 for the first attempt. */
  declare readonly attempt?: number;
  /** Milliseconds for which the reply is waited for. */
  declare readonly timeoutMS?: number;

  /** @internal */
  constructor(fields: EventFields<ConnectionPendingResponseStartedEvent>, stamp: EventStamp) {
    super(fields, stamp);
    complete(this, fields);
  }

  get name() {
    return 'connectionPendingResponseStarted' as const;
  }
}

/** The late reply arrived and was dropped; the connection is idle again. @public */
export class ConnectionPendingResponseSucceededEvent extends ConnectionPoolMonitoringEvent {
  /** The connection's number in its pool. */
  declare readonly connectionId: number;
  /** Number of the request whose reply was awaited: that of its `commandStarted`. */
  declare readonly requestId: number;
  /** The same for all commands of one operation: attempts, batches, getMores. */
  declare readonly operationId?: number;
  /** The public method: `insertOne`; of a cursor `find.toArray`. */
  declare readonly operationName?: string;
  /** 1 for the first attempt. */
  declare readonly attempt?: number;
  /** Milliseconds since the wait began. */
  declare readonly durationMS: number;

  /** @internal */
  constructor(fields: EventFields<ConnectionPendingResponseSucceededEvent>, stamp: EventStamp) {
    super(fields, stamp);
    complete(this, fields);
  }

  get name() {
    return 'connectionPendingResponseSucceeded' as const;
  }
}

/** The late reply did not arrive; the connection is closed. @public */
export class ConnectionPendingResponseFailedEvent extends ConnectionPoolMonitoringEvent {
  /** The connection's number in its pool. */
  declare readonly connectionId: number;
  /** Number of the request whose reply was awaited: that of its `commandStarted`. */
  declare readonly requestId: number;
  /** The same for all commands of one operation: attempts, batches, getMores. */
  declare readonly operationId?: number;
  /** The public method: `insertOne`; of a cursor `find.toArray`. */
  declare readonly operationName?: string;
  /** 1 for the first attempt. */
  declare readonly attempt?: number;
  /** Milliseconds since the wait began. */
  declare readonly durationMS: number;
  /** Why. */
  declare readonly reason: 'timeout' | 'error' | 'stale' | 'poolClosed';
  /** The error behind it. */
  declare readonly error?: Error;

  /** @internal */
  constructor(fields: EventFields<ConnectionPendingResponseFailedEvent>, stamp: EventStamp) {
    super(fields, stamp);
    complete(this, fields);
  }

  get name() {
    return 'connectionPendingResponseFailed' as const;
  }
}
