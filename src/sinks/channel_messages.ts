import type { CallContext } from '../call/call_context.js';
import type { CommandFailedEvent, CommandStartedEvent, CommandSucceededEvent } from '../events/command.js';
import type { MonitoringEvents } from '../events/event_map.js';
import type {
  OperationFailedEvent,
  OperationRetriedEvent,
  OperationStartedEvent,
  OperationSucceededEvent,
} from '../events/operation.js';
import type {
  ConnectionCheckedOutEvent,
  ConnectionCheckOutFailedEvent,
  ConnectionCheckOutStartedEvent,
  ConnectionClosedEvent,
  ConnectionCreatedEvent,
  ConnectionReadyEvent,
} from '../events/pool.js';
import type {
  ServerSelectionFailedEvent,
  ServerSelectionStartedEvent,
  ServerSelectionSucceededEvent,
} from '../events/selection.js';

/**
 * The tracing channels of `node:diagnostics_channel`: names for `tracingChannel(name)`. Each publishes one kind of work, of all clients of the process.
 *
 * @public
 */
export const MongoTracingChannel = Object.freeze({
  /** A call of a public method that waits: {@link MongoChannelMessages}. */
  Operation: 'mongodb:operation',
  /** One attempt to run a command. */
  Command: 'mongodb:command',
  /** An operation takes a connection out of its pool. */
  CheckOut: 'mongodb:checkout',
  /** A connection of a pool is established. */
  Connect: 'mongodb:connect',
  /** An operation looks for a server. */
  ServerSelection: 'mongodb:server-selection',
} as const);

/** @public */
export type MongoTracingChannel = (typeof MongoTracingChannel)[keyof typeof MongoTracingChannel];

/**
 * The plain channels of `node:diagnostics_channel`: names for `subscribe(name, …)`. Each publishes events as they come, of all clients of the process.
 *
 * @public
 */
export const MongoChannel = Object.freeze({
  /** Every event of a pool or of a connection, check-outs included. */
  Pool: 'mongodb:pool',
  /** Every event of the topology and its servers: changes, heartbeats, SRV records. */
  Topology: 'mongodb:topology',
  /** A command will be tried again: `operationRetried`. */
  Retry: 'mongodb:retry',
} as const);

/** @public */
export type MongoChannel = (typeof MongoChannel)[keyof typeof MongoChannel];

/** What all messages of the channels have; the file of the client adds `client`. @public */
export interface MongoMessageOrigin {
  /** The call of a public method that caused it, the same object for all that one call causes; null if none did, as for a heartbeat. */
  readonly context: CallContext | null;
}

/**
 * The context object of the tracing channels: one for each unit of work, the same in all of its sub-channels. Subscribers may put fields of their own on it;
 * symbols never meet those of others.
 *
 * @public
 */
export interface MongoTracingMessage<Started, Succeeded, Failed> extends MongoMessageOrigin {
  /** The event with which the work began. */
  readonly started: Started;
  /** The event with which it ended; absent before `asyncStart`, and before `error` if it failed. */
  ended?: Succeeded | Failed;
  /** Why it failed; absent if it did not. An operation may fail with any value: the reason of an `AbortSignal`. */
  error?: unknown;
}

/** What the plain channels publish. @public */
export interface MongoEventMessage<E> extends MongoMessageOrigin {
  readonly event: E;
}

/** @public */
export type MongoPoolEventName = Extract<keyof MonitoringEvents, `connection${string}`>;

/** @public */
export type MongoTopologyEventName =
  | Exclude<Extract<keyof MonitoringEvents, `server${string}` | `topology${string}`>, `serverSelection${string}`>
  | 'srvRecordDiscovery'
  | 'waitingForSuitableServer';

/** The message of each channel by the name of the channel. @public */
export interface MongoChannelMessages {
  'mongodb:operation': MongoTracingMessage<OperationStartedEvent, OperationSucceededEvent, OperationFailedEvent>;
  'mongodb:command': MongoTracingMessage<CommandStartedEvent, CommandSucceededEvent, CommandFailedEvent>;
  'mongodb:checkout': MongoTracingMessage<
    ConnectionCheckOutStartedEvent,
    ConnectionCheckedOutEvent,
    ConnectionCheckOutFailedEvent
  >;
  /** A connection that could not be established was closed. */
  'mongodb:connect': MongoTracingMessage<ConnectionCreatedEvent, ConnectionReadyEvent, ConnectionClosedEvent>;
  'mongodb:server-selection': MongoTracingMessage<
    ServerSelectionStartedEvent,
    ServerSelectionSucceededEvent,
    ServerSelectionFailedEvent
  >;
  'mongodb:pool': MongoEventMessage<MonitoringEvents[MongoPoolEventName]>;
  'mongodb:topology': MongoEventMessage<MonitoringEvents[MongoTopologyEventName]>;
  'mongodb:retry': MongoEventMessage<OperationRetriedEvent>;
}
