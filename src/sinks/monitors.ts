import type { CallContext } from '../call/call_context.js';
import type { CommandFailedEvent, CommandStartedEvent, CommandSucceededEvent } from '../events/command.js';
import type { MonitoringEventName } from '../events/event_map.js';
import { type PoolEvent, PoolEventType } from '../events/pool_event.js';
import type {
  ServerClosedEvent,
  ServerDescriptionChangedEvent,
  ServerHeartbeatFailedEvent,
  ServerHeartbeatStartedEvent,
  ServerHeartbeatSucceededEvent,
  ServerOpeningEvent,
} from '../events/server.js';
import type { TopologyClosedEvent, TopologyDescriptionChangedEvent, TopologyOpeningEvent } from '../events/topology.js';

/**
 * A function of a monitor. It is called synchronously, as a method of the monitor, in the asynchronous context of the caller whose operation
 * caused the event.
 *
 * `context` is the call of a public method that caused the event; null if none did, as for a heartbeat.
 *
 * @public
 */
export type MonitorFunction<E> = (event: E, context: CallContext | null) => void;

/** Is told of commands: of each attempt to run one. @public */
export interface CommandMonitor {
  /** A command is about to be sent. */
  readonly started?: MonitorFunction<CommandStartedEvent> | undefined;
  /** A server answered a command with `ok: 1`. */
  readonly succeeded?: MonitorFunction<CommandSucceededEvent> | undefined;
  /** A command failed: by the answer, or because there is none. */
  readonly failed?: MonitorFunction<CommandFailedEvent> | undefined;
}

/** Is told of connection pools and their connections. @public */
export interface PoolMonitor {
  /** Any event of a pool or of a connection. */
  readonly event?: MonitorFunction<PoolEvent> | undefined;
}

/** Is told of servers, their checks, and the topology. @public */
export interface ServerMonitor {
  /** What is known about a server changed. */
  readonly serverDescriptionChanged?: MonitorFunction<ServerDescriptionChangedEvent> | undefined;
  /** A server was added to the topology. */
  readonly serverOpening?: MonitorFunction<ServerOpeningEvent> | undefined;
  /** A server was removed from the topology. */
  readonly serverClosed?: MonitorFunction<ServerClosedEvent> | undefined;
  /** What is known about the deployment changed. */
  readonly topologyDescriptionChanged?: MonitorFunction<TopologyDescriptionChangedEvent> | undefined;
  /** The client begins to watch its deployment. */
  readonly topologyOpening?: MonitorFunction<TopologyOpeningEvent> | undefined;
  /** The client has stopped watching its deployment. */
  readonly topologyClosed?: MonitorFunction<TopologyClosedEvent> | undefined;
  /** A check of a server begins. */
  readonly serverHeartbeatStarted?: MonitorFunction<ServerHeartbeatStartedEvent> | undefined;
  /** A server answered a check. */
  readonly serverHeartbeatSucceeded?: MonitorFunction<ServerHeartbeatSucceededEvent> | undefined;
  /** A check failed, or the driver ended it. */
  readonly serverHeartbeatFailed?: MonitorFunction<ServerHeartbeatFailedEvent> | undefined;
}

/** The monitors of a client. */
export interface Monitors {
  readonly commandMonitor?: CommandMonitor | undefined;
  readonly poolMonitor?: PoolMonitor | undefined;
  readonly serverMonitor?: ServerMonitor | undefined;
}

/** The members of each monitor, with the events that they are told of. The compiler refuses a list that lacks one. */
export const MONITOR_MEMBERS = {
  commandMonitor: {
    started: ['commandStarted'],
    succeeded: ['commandSucceeded'],
    failed: ['commandFailed'],
  },
  poolMonitor: { event: Object.values(PoolEventType) },
  serverMonitor: {
    serverDescriptionChanged: ['serverDescriptionChanged'],
    serverOpening: ['serverOpening'],
    serverClosed: ['serverClosed'],
    topologyDescriptionChanged: ['topologyDescriptionChanged'],
    topologyOpening: ['topologyOpening'],
    topologyClosed: ['topologyClosed'],
    serverHeartbeatStarted: ['serverHeartbeatStarted'],
    serverHeartbeatSucceeded: ['serverHeartbeatSucceeded'],
    serverHeartbeatFailed: ['serverHeartbeatFailed'],
  },
} as const satisfies {
  readonly [M in keyof Monitors]-?: Record<keyof NonNullable<Monitors[M]>, readonly MonitoringEventName[]>;
};

/**
 * A member of a monitor. Monitors may be instances of classes, so members may be inherited, but not from `Object.prototype`: what is there
 * was not given.
 */
export function memberOf(monitor: object, name: string): unknown {
  if (name in Object.prototype && !Object.hasOwn(monitor, name)) return undefined;
  return (monitor as Readonly<Record<string, unknown>>)[name];
}
