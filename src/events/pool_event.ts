import type { ObjectId } from '../bson/index.js';
import { MonitoringEvent } from './event.js';
import type { MonitoringEvents } from './event_map.js';
import type { ConnectionCheckOutFailedReason, ConnectionClosedReason, ConnectionPoolOptions } from './pool.js';

/** The types of a {@link PoolEvent}: the names under which a client emits the same events. @public */
export const PoolEventType = Object.freeze({
  /** A pool was created. */
  ConnectionPoolCreated: 'connectionPoolCreated',
  /** A pool may give out connections. */
  ConnectionPoolReady: 'connectionPoolReady',
  /** The connections of a pool became stale. */
  ConnectionPoolCleared: 'connectionPoolCleared',
  /** A pool was closed. */
  ConnectionPoolClosed: 'connectionPoolClosed',
  /** A connection is about to be established. */
  ConnectionCreated: 'connectionCreated',
  /** A connection is established and authenticated. */
  ConnectionReady: 'connectionReady',
  /** A connection was closed. */
  ConnectionClosed: 'connectionClosed',
  /** An operation asks for a connection. */
  ConnectionCheckOutStarted: 'connectionCheckOutStarted',
  /** An operation did not get a connection. */
  ConnectionCheckOutFailed: 'connectionCheckOutFailed',
  /** An operation got a connection. */
  ConnectionCheckedOut: 'connectionCheckedOut',
  /** An operation gave its connection back. */
  ConnectionCheckedIn: 'connectionCheckedIn',
} as const);

/** @public */
export type PoolEventType = (typeof PoolEventType)[keyof typeof PoolEventType];

/** The reasons of a {@link PoolEvent}: why a connection was closed, or a check-out failed. @public */
export const PoolEventReason = Object.freeze({
  /** Closed: the connection was idle for longer than `maxIdleTimeMS`. */
  Idle: 'idle',
  /** Closed, or not checked out: the pool was closed. */
  PoolClosed: 'poolClosed',
  /** Closed: the pool had been cleared. */
  Stale: 'stale',
  /** Closed: the connection broke, or could not be established. */
  Error: 'error',
  /** Not checked out: no connection could be established, or the pool was cleared. */
  ConnectionErrored: 'connectionError',
  /** Not checked out: the time was over, or the caller aborted. */
  TimedOut: 'timeout',
} as const satisfies Record<string, ConnectionClosedReason | ConnectionCheckOutFailedReason>);

/** @public */
export type PoolEventReason = (typeof PoolEventReason)[keyof typeof PoolEventReason];

/** One of the events that a {@link PoolEvent} stands for. @public */
export type ConnectionPoolEvent = MonitoringEvents[PoolEventType];

/**
 * Every event of a connection pool in one shape, as the Go driver has it. A field that an event of this type does not have is undefined.
 *
 * @public
 */
export class PoolEvent extends MonitoringEvent {
  /** The kind of the event. */
  readonly type: PoolEventType;
  /** `host:port` of the server, or the path of its Unix socket. */
  readonly address: string;
  /** The connection's number in its pool. */
  readonly connectionId: number | undefined;
  /** Of a pool that was created. */
  readonly poolOptions: ConnectionPoolOptions | undefined;
  /** Milliseconds: until a connection was ready, was checked out, or could not be checked out. */
  readonly duration: number | undefined;
  /** Why a connection was closed, or not checked out. */
  readonly reason: PoolEventReason | undefined;
  /** Only behind a load balancer: of a pool that was cleared, and of a connection that was closed. */
  readonly serviceId: ObjectId | undefined;
  /** Of a pool that was cleared: whether connections in use are ended at once. */
  readonly interruption: boolean | undefined;
  /** The error behind it: of a pool that was cleared, a connection that was closed, a check-out that failed. */
  readonly error: Error | undefined;
  readonly #event: ConnectionPoolEvent;

  /** @internal */
  constructor(event: ConnectionPoolEvent) {
    super(event);
    const fields: AllFields = event;
    this.type = event.name;
    this.address = event.address;
    this.connectionId = fields.connectionId;
    this.poolOptions = fields.options;
    this.duration = fields.durationMS;
    this.reason = fields.reason;
    this.serviceId = fields.serviceId;
    this.interruption = fields.interruptInUseConnections;
    this.error = fields.error;
    this.#event = event;
    Object.freeze(this);
  }

  get name() {
    return 'poolEvent' as const;
  }

  /** The event as the client emits it, with the operation that caused it and the counts of the pool. */
  get details(): ConnectionPoolEvent {
    return this.#event;
  }
}

/** What some of these events have, and others do not. */
interface AllFields {
  readonly address: string;
  readonly connectionId?: number;
  readonly options?: ConnectionPoolOptions;
  readonly durationMS?: number;
  readonly reason?: PoolEventReason;
  readonly serviceId?: ObjectId;
  readonly interruptInUseConnections?: boolean;
  readonly error?: Error;
}
