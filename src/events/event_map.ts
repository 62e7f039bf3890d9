import { CommandFailedEvent, CommandStartedEvent, CommandSucceededEvent } from './command.js';
import {
  OperationFailedEvent,
  OperationRetriedEvent,
  OperationStartedEvent,
  OperationSucceededEvent,
} from './operation.js';
import {
  ConnectionPendingResponseFailedEvent,
  ConnectionPendingResponseStartedEvent,
  ConnectionPendingResponseSucceededEvent,
} from './pending_response.js';
import {
  ConnectionCheckedInEvent,
  ConnectionCheckedOutEvent,
  ConnectionCheckOutFailedEvent,
  ConnectionCheckOutStartedEvent,
  ConnectionClosedEvent,
  ConnectionCreatedEvent,
  ConnectionPoolClearedEvent,
  ConnectionPoolClosedEvent,
  ConnectionPoolCreatedEvent,
  ConnectionPoolReadyEvent,
  ConnectionReadyEvent,
} from './pool.js';
import {
  ServerSelectionFailedEvent,
  ServerSelectionStartedEvent,
  ServerSelectionSucceededEvent,
  WaitingForSuitableServerEvent,
} from './selection.js';
import {
  ServerClosedEvent,
  ServerDescriptionChangedEvent,
  ServerHeartbeatFailedEvent,
  ServerHeartbeatStartedEvent,
  ServerHeartbeatSucceededEvent,
  ServerOpeningEvent,
} from './server.js';
import {
  SrvPollingEvent,
  TopologyClosedEvent,
  TopologyDescriptionChangedEvent,
  TopologyOpeningEvent,
} from './topology.js';

/** Every event by its name. @public */
export interface MonitoringEvents {
  operationStarted: OperationStartedEvent;
  operationSucceeded: OperationSucceededEvent;
  operationFailed: OperationFailedEvent;
  operationRetried: OperationRetriedEvent;
  commandStarted: CommandStartedEvent;
  commandSucceeded: CommandSucceededEvent;
  commandFailed: CommandFailedEvent;
  connectionPoolCreated: ConnectionPoolCreatedEvent;
  connectionPoolReady: ConnectionPoolReadyEvent;
  connectionPoolCleared: ConnectionPoolClearedEvent;
  connectionPoolClosed: ConnectionPoolClosedEvent;
  connectionCreated: ConnectionCreatedEvent;
  connectionReady: ConnectionReadyEvent;
  connectionClosed: ConnectionClosedEvent;
  connectionCheckOutStarted: ConnectionCheckOutStartedEvent;
  connectionCheckOutFailed: ConnectionCheckOutFailedEvent;
  connectionCheckedOut: ConnectionCheckedOutEvent;
  connectionCheckedIn: ConnectionCheckedInEvent;
  connectionPendingResponseStarted: ConnectionPendingResponseStartedEvent;
  connectionPendingResponseSucceeded: ConnectionPendingResponseSucceededEvent;
  connectionPendingResponseFailed: ConnectionPendingResponseFailedEvent;
  serverOpening: ServerOpeningEvent;
  serverClosed: ServerClosedEvent;
  serverDescriptionChanged: ServerDescriptionChangedEvent;
  serverHeartbeatStarted: ServerHeartbeatStartedEvent;
  serverHeartbeatSucceeded: ServerHeartbeatSucceededEvent;
  serverHeartbeatFailed: ServerHeartbeatFailedEvent;
  topologyOpening: TopologyOpeningEvent;
  topologyClosed: TopologyClosedEvent;
  topologyDescriptionChanged: TopologyDescriptionChangedEvent;
  serverSelectionStarted: ServerSelectionStartedEvent;
  serverSelectionSucceeded: ServerSelectionSucceededEvent;
  serverSelectionFailed: ServerSelectionFailedEvent;
  waitingForSuitableServer: WaitingForSuitableServerEvent;
  srvRecordDiscovery: SrvPollingEvent;
}

/** @public */
export type MonitoringEventName = keyof MonitoringEvents;

/** The class of every event that a client publishes, by the name under which it is published. */
export const MONITORING_EVENTS = Object.freeze({
  operationStarted: OperationStartedEvent,
  operationSucceeded: OperationSucceededEvent,
  operationFailed: OperationFailedEvent,
  operationRetried: OperationRetriedEvent,
  commandStarted: CommandStartedEvent,
  commandSucceeded: CommandSucceededEvent,
  commandFailed: CommandFailedEvent,
  connectionPoolCreated: ConnectionPoolCreatedEvent,
  connectionPoolReady: ConnectionPoolReadyEvent,
  connectionPoolCleared: ConnectionPoolClearedEvent,
  connectionPoolClosed: ConnectionPoolClosedEvent,
  connectionCreated: ConnectionCreatedEvent,
  connectionReady: ConnectionReadyEvent,
  connectionClosed: ConnectionClosedEvent,
  connectionCheckOutStarted: ConnectionCheckOutStartedEvent,
  connectionCheckOutFailed: ConnectionCheckOutFailedEvent,
  connectionCheckedOut: ConnectionCheckedOutEvent,
  connectionCheckedIn: ConnectionCheckedInEvent,
  connectionPendingResponseStarted: ConnectionPendingResponseStartedEvent,
  connectionPendingResponseSucceeded: ConnectionPendingResponseSucceededEvent,
  connectionPendingResponseFailed: ConnectionPendingResponseFailedEvent,
  serverOpening: ServerOpeningEvent,
  serverClosed: ServerClosedEvent,
  serverDescriptionChanged: ServerDescriptionChangedEvent,
  serverHeartbeatStarted: ServerHeartbeatStartedEvent,
  serverHeartbeatSucceeded: ServerHeartbeatSucceededEvent,
  serverHeartbeatFailed: ServerHeartbeatFailedEvent,
  topologyOpening: TopologyOpeningEvent,
  topologyClosed: TopologyClosedEvent,
  topologyDescriptionChanged: TopologyDescriptionChangedEvent,
  serverSelectionStarted: ServerSelectionStartedEvent,
  serverSelectionSucceeded: ServerSelectionSucceededEvent,
  serverSelectionFailed: ServerSelectionFailedEvent,
  waitingForSuitableServer: WaitingForSuitableServerEvent,
  srvRecordDiscovery: SrvPollingEvent,
} satisfies { readonly [N in MonitoringEventName]: abstract new (...parts: never) => MonitoringEvents[N] });

/** Listeners of every event by its name. @public */
export type MonitoringEventListeners = { [N in MonitoringEventName]: (event: MonitoringEvents[N]) => void };
