import type { ObjectId } from '../bson/index.js';
import { complete, type EventFields, type EventStamp, MonitoringEvent } from './event.js';

/** Counts of a pool at the moment of an event. @public */
export interface PoolSnapshot {
  /** All connections: idle, in use, pending and draining. */
  readonly total: number;
  readonly idle: number;
  readonly inUse: number;
  /** Being established. */
  readonly pending: number;
  /** Waiting for the late reply of an operation that has given up. */
  readonly draining: number;
  readonly waitQueueLength: number;
  readonly generation: number;
}

/** The options of a pool, as its creation reports them. @public */
export interface ConnectionPoolOptions {
  /** The most connections; 0 is no limit. */
  readonly maxPoolSize: number;
  /** The number of connections that are kept open, also when idle. */
  readonly minPoolSize: number;
  /** The most connections that are established at a time. */
  readonly maxConnecting: number;
  /** Milliseconds after which an idle connection is closed; 0 is never. */
  readonly maxIdleTimeMS: number;
  /** Milliseconds that a check-out may wait, where `timeoutMS` is not in use; 0 is no limit. */
  readonly waitQueueTimeoutMS: number;
}

/** @public */
export type ConnectionClosedReason = 'idle' | 'stale' | 'poolClosed' | 'error';

/** @public */
export type ConnectionCheckOutFailedReason = 'poolClosed' | 'timeout' | 'connectionError';

/** The base of the events of a connection pool. @public */
export abstract class ConnectionPoolMonitoringEvent extends MonitoringEvent {
  /** `host:port` of the server, or the path of its Unix socket. */
  declare readonly address: string;

  /** @internal */
  constructor({ address }: { readonly address: string }, stamp: EventStamp) {
    super(stamp);
    this.address = address;
  }
}

/** A pool was created. @public */
export class ConnectionPoolCreatedEvent extends ConnectionPoolMonitoringEvent {
  /** The options of the pool. */
  declare readonly options: ConnectionPoolOptions;

  /** @internal */
  constructor(fields: EventFields<ConnectionPoolCreatedEvent>, stamp: EventStamp) {
    super(fields, stamp);
    complete(this, fields);
  }

  get name() {
    return 'connectionPoolCreated' as const;
  }
}

/** A pool may give out connections; its server is known to be available. @public */
export class ConnectionPoolReadyEvent extends ConnectionPoolMonitoringEvent {
  /** @internal */
  constructor(fields: EventFields<ConnectionPoolReadyEvent>, stamp: EventStamp) {
    super(fields, stamp);
    complete(this, fields);
  }

  get name() {
    return 'connectionPoolReady' as const;
  }
}

/** The connections of a pool became stale, because of an error of one of them or of the server's monitor. @public */
export class ConnectionPoolClearedEvent extends ConnectionPoolMonitoringEvent {
  /** Only behind a load balancer: the mongos whose connections became stale. */
  declare readonly serviceId?: ObjectId;
  /** Whether connections in use are ended at once. */
  declare readonly interruptInUseConnections: boolean;
  /** What made the pool be cleared. */
  declare readonly error?: Error;
  /** The same for all commands of one operation: attempts, batches, getMores. */
  declare readonly operationId?: number;
  /** The public method: `insertOne`; of a cursor `find.toArray`. */
  declare readonly operationName?: string;
  /** 1 for the first attempt. */
  declare readonly attempt?: number;
  /** Counts of the pool at that moment. */
  declare readonly pool?: PoolSnapshot;

  /** @internal */
  constructor(fields: EventFields<ConnectionPoolClearedEvent>, stamp: EventStamp) {
    super(fields, stamp);
    complete(this, fields);
  }

  get name() {
    return 'connectionPoolCleared' as const;
  }
}

/** A pool was closed. @public */
export class ConnectionPoolClosedEvent extends ConnectionPoolMonitoringEvent {
  /** @internal */
  constructor(fields: EventFields<ConnectionPoolClosedEvent>, stamp: EventStamp) {
    super(fields, stamp);
    complete(this, fields);
  }

  get name() {
    return 'connectionPoolClosed' as const;
  }
}

/** A connection has its place in the pool and is about to be established. @public */
export class ConnectionCreatedEvent extends ConnectionPoolMonitoringEvent {
  /** The connection's number in its pool. */
  declare readonly connectionId: number;

  /** @internal */
  constructor(fields: EventFields<ConnectionCreatedEvent>, stamp: EventStamp) {
    super(fields, stamp);
    complete(this, fields);
  }

  get name() {
    return 'connectionCreated' as const;
  }
}

/** A connection is established and authenticated. @public */
export class ConnectionReadyEvent extends ConnectionPoolMonitoringEvent {
  /** The connection's number in its pool. */
  declare readonly connectionId: number;
  /** Milliseconds since the connection was created. */
  declare readonly durationMS: number;

  /** @internal */
  constructor(fields: EventFields<ConnectionReadyEvent>, stamp: EventStamp) {
    super(fields, stamp);
    complete(this, fields);
  }

  get name() {
    return 'connectionReady' as const;
  }
}

/** A connection was closed. @public */
export class ConnectionClosedEvent extends ConnectionPoolMonitoringEvent {
  /** The connection's number in its pool. */
  declare readonly connectionId: number;
  /** Why. */
  declare readonly reason: ConnectionClosedReason;
  /** Only behind a load balancer: the server behind it. */
  declare readonly serviceId?: ObjectId;
  /** The error behind the reason `error`. */
  declare readonly error?: Error;
  /** Milliseconds since the connection was created. */
  declare readonly ageMS?: number;
  /** How often it had been checked out. */
  declare readonly uses?: number;
  /** The operation that met the error, if one did. */
  declare readonly operationId?: number;
  /** Its public method: `insertOne`; of a cursor `find.toArray`. */
  declare readonly operationName?: string;
  /** 1 for its first attempt. */
  declare readonly attempt?: number;

  /** @internal */
  constructor(fields: EventFields<ConnectionClosedEvent>, stamp: EventStamp) {
    super(fields, stamp);
    complete(this, fields);
  }

  get name() {
    return 'connectionClosed' as const;
  }
}

/** An operation asks for a connection. @public */
export class ConnectionCheckOutStartedEvent extends ConnectionPoolMonitoringEvent {
  /** The same for all commands of one operation: attempts, batches, getMores. */
  declare readonly operationId: number;
  /** The public method: `insertOne`; of a cursor `find.toArray`. */
  declare readonly operationName: string;
  /** 1 for the first attempt. */
  declare readonly attempt: number;
  /** Counts of the pool at that moment. */
  declare readonly pool: PoolSnapshot;

  /** @internal */
  constructor(fields: EventFields<ConnectionCheckOutStartedEvent>, stamp: EventStamp) {
    super(fields, stamp);
    this.operationId = fields.operationId;
    this.operationName = fields.operationName;
    this.attempt = fields.attempt;
    this.pool = fields.pool;
    Object.freeze(this);
  }

  get name() {
    return 'connectionCheckOutStarted' as const;
  }
}

/** An operation did not get a connection. @public */
export class ConnectionCheckOutFailedEvent extends ConnectionPoolMonitoringEvent {
  /** Why. */
  declare readonly reason: ConnectionCheckOutFailedReason;
  /** Milliseconds since the operation asked. */
  declare readonly durationMS: number;
  /** The error behind it. */
  declare readonly error?: Error;
  /** The same for all commands of one operation: attempts, batches, getMores. */
  declare readonly operationId?: number;
  /** The public method: `insertOne`; of a cursor `find.toArray`. */
  declare readonly operationName?: string;
  /** 1 for the first attempt. */
  declare readonly attempt?: number;
  /** Counts of the pool at that moment. */
  declare readonly pool?: PoolSnapshot;

  /** @internal */
  constructor(fields: EventFields<ConnectionCheckOutFailedEvent>, stamp: EventStamp) {
    super(fields, stamp);
    complete(this, fields);
  }

  get name() {
    return 'connectionCheckOutFailed' as const;
  }
}

/** An operation got a connection. @public */
export class ConnectionCheckedOutEvent extends ConnectionPoolMonitoringEvent {
  /** The connection's number in its pool. */
  declare readonly connectionId: number;
  /** Milliseconds since the operation asked. */
  declare readonly durationMS: number;
  /** The same for all commands of one operation: attempts, batches, getMores. */
  declare readonly operationId: number;
  /** The public method: `insertOne`; of a cursor `find.toArray`. */
  declare readonly operationName: string;
  /** 1 for the first attempt. */
  declare readonly attempt: number;
  /** Counts of the pool at that moment. */
  declare readonly pool: PoolSnapshot;

  /** @internal */
  constructor(fields: EventFields<ConnectionCheckedOutEvent>, stamp: EventStamp) {
    super(fields, stamp);
    this.connectionId = fields.connectionId;
    this.durationMS = fields.durationMS;
    this.operationId = fields.operationId;
    this.operationName = fields.operationName;
    this.attempt = fields.attempt;
    this.pool = fields.pool;
    Object.freeze(this);
  }

  get name() {
    return 'connectionCheckedOut' as const;
  }
}

/** An operation gave its connection back. @public */
export class ConnectionCheckedInEvent extends ConnectionPoolMonitoringEvent {
  /** The connection's number in its pool. */
  declare readonly connectionId: number;
  /** The same for all commands of one operation: attempts, batches, getMores. */
  declare readonly operationId: number;
  /** The public method: `insertOne`; of a cursor `find.toArray`. */
  declare readonly operationName: string;
  /** 1 for the first attempt. */
  declare readonly attempt: number;
  /** Counts of the pool at that moment. */
  declare readonly pool: PoolSnapshot;

  /** @internal */
  constructor(fields: EventFields<ConnectionCheckedInEvent>, stamp: EventStamp) {
    super(fields, stamp);
    this.connectionId = fields.connectionId;
    this.operationId = fields.operationId;
    this.operationName = fields.operationName;
    this.attempt = fields.attempt;
    this.pool = fields.pool;
    Object.freeze(this);
  }

  get name() {
    return 'connectionCheckedIn' as const;
  }
}
