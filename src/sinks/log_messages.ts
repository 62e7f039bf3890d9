import { numberOf } from '../bson/reply_fields.js';
import { HostAddress } from '../description/host_address.js';
import type { ServerDescription } from '../description/server_description.js';
import type { TopologyDescription } from '../description/topology_description.js';
import { MongoError } from '../errors/base.js';
import type { CommandEvent } from '../events/command.js';
import type { MonitoringEventName, MonitoringEvents } from '../events/event_map.js';
import type { ConnectionCheckOutFailedReason, ConnectionClosedReason } from '../events/pool.js';
import type { ServerSelectionEvent } from '../events/selection.js';
import { type Log, MongoLoggableComponent, SeverityLevel } from './log_options.js';
import { truncated, truncatedJSON } from './truncated_json.js';

/** The fields of a log record beside its time, component and severity. A field that is undefined is left out of the record. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** How one kind of event is logged. */
export interface LogMessage<E> {
  readonly component: MongoLoggableComponent;
  readonly severity: SeverityLevel;
  readonly message: string;
  /** @param max - documents and descriptions are cut off after so many code points; 0 is no limit */
  readonly fields: (event: E, max: number) => LogFields;
}

const { COMMAND, CONNECTION, SERVER_SELECTION, TOPOLOGY } = MongoLoggableComponent;

/**
 * The log message of each event that is logged, with the words and the keys of the specifications.
 *
 * Sources: "Log Messages" in Command Logging and Monitoring, in Connection Monitoring and Pooling, in Server Discovery and Monitoring, and in
 * Server Selection.
 */
export const LOG_MESSAGES: { readonly [N in MonitoringEventName]?: LogMessage<MonitoringEvents[N]> } = {
  commandStarted: debug(COMMAND, 'Command started', (event, max) => ({
    ...commandFields(event),
    command: truncatedJSON(event.command, max),
  })),
  commandSucceeded: debug(COMMAND, 'Command succeeded', (event, max) => ({
    ...commandFields(event),
    durationMS: event.durationMS,
    reply: truncatedJSON(event.reply, max),
  })),
  commandFailed: debug(COMMAND, 'Command failed', event => ({
    ...commandFields(event),
    durationMS: event.durationMS,
    failure: textOfError(event.failure),
  })),

  connectionPoolCreated: debug(CONNECTION, 'Connection pool created', ({ address, options }) => ({
    ...hostFields(address),
    ...options,
  })),
  connectionPoolReady: debug(CONNECTION, 'Connection pool ready', ({ address }) => hostFields(address)),
  connectionPoolCleared: debug(CONNECTION, 'Connection pool cleared', event => ({
    ...hostFields(event.address),
    serviceId: event.serviceId?.toHexString(),
    operationId: event.operationId,
    error: event.error && textOfError(event.error),
  })),
  connectionPoolClosed: debug(CONNECTION, 'Connection pool closed', ({ address }) => hostFields(address)),
  connectionCreated: debug(CONNECTION, 'Connection created', event => connectionFields(event)),
  connectionReady: debug(CONNECTION, 'Connection ready', event => ({
    ...connectionFields(event),
    durationMS: event.durationMS,
  })),
  connectionClosed: debug(CONNECTION, 'Connection closed', event => ({
    ...connectionFields(event),
    operationId: event.operationId,
    reason: CLOSED_BECAUSE[event.reason],
    error: event.error && textOfError(event.error),
  })),
  connectionCheckOutStarted: debug(CONNECTION, 'Connection checkout started', ({ address, operationId }) => ({
    ...hostFields(address),
    operationId,
  })),
  connectionCheckOutFailed: debug(CONNECTION, 'Connection checkout failed', event => ({
    ...hostFields(event.address),
    operationId: event.operationId,
    reason: CHECK_OUT_FAILED_BECAUSE[event.reason],
    error: event.error && textOfError(event.error),
    durationMS: event.durationMS,
  })),
  connectionCheckedOut: debug(CONNECTION, 'Connection checked out', event => ({
    ...connectionFields(event),
    operationId: event.operationId,
    durationMS: event.durationMS,
  })),
  connectionCheckedIn: debug(CONNECTION, 'Connection checked in', event => ({
    ...connectionFields(event),
    operationId: event.operationId,
  })),
  connectionPendingResponseStarted: debug(CONNECTION, 'Pending response started', event => ({
    ...connectionFields(event),
    requestId: event.requestId,
    operationId: event.operationId,
  })),
  connectionPendingResponseSucceeded: debug(CONNECTION, 'Pending response succeeded', event => ({
    ...connectionFields(event),
    requestId: event.requestId,
    operationId: event.operationId,
    durationMS: event.durationMS,
  })),
  connectionPendingResponseFailed: debug(CONNECTION, 'Pending response failed', event => ({
    ...connectionFields(event),
    requestId: event.requestId,
    operationId: event.operationId,
    reason: event.reason,
    error: event.error && textOfError(event.error),
    durationMS: event.durationMS,
  })),

  topologyOpening: debug(TOPOLOGY, 'Starting topology monitoring', ({ topologyId }) => ({ topologyId })),
  topologyClosed: debug(TOPOLOGY, 'Stopped topology monitoring', ({ topologyId }) => ({ topologyId })),
  topologyDescriptionChanged: debug(TOPOLOGY, 'Topology description changed', (event, max) => ({
    topologyId: event.topologyId,
    previousDescription: textOfTopology(event.previousDescription, max),
    newDescription: textOfTopology(event.newDescription, max),
  })),
  serverOpening: debug(TOPOLOGY, 'Starting server monitoring', event => serverFields(event)),
  serverClosed: debug(TOPOLOGY, 'Stopped server monitoring', event => serverFields(event)),
  serverHeartbeatStarted: debug(TOPOLOGY, 'Server heartbeat started', event => heartbeatFields(event)),
  serverHeartbeatSucceeded: debug(TOPOLOGY, 'Server heartbeat succeeded', (event, max) => ({
    ...heartbeatFields(event),
    serverConnectionId: numberOf(event.reply['connectionId']) ?? undefined,
    durationMS: event.durationMS,
    reply: truncatedJSON(event.reply, max),
  })),
  serverHeartbeatFailed: debug(TOPOLOGY, 'Server heartbeat failed', event => ({
    ...heartbeatFields(event),
    durationMS: event.durationMS,
    failure: textOfError(event.failure),
    cancelled: event.cancelled || undefined,
  })),

  serverSelectionStarted: debug(SERVER_SELECTION, 'Server selection started', (event, max) =>
    selectionFields(event, max),
  ),
  serverSelectionSucceeded: debug(SERVER_SELECTION, 'Server selection succeeded', (event, max) => ({
    ...selectionFields(event, max),
    ...hostFields(event.address),
  })),
  serverSelectionFailed: debug(SERVER_SELECTION, 'Server selection failed', (event, max) => ({
    ...selectionFields(event, max),
    failure: textOfError(event.failure),
  })),
  waitingForSuitableServer: {
    component: SERVER_SELECTION,
    severity: SeverityLevel.INFORMATIONAL,
    message: 'Waiting for suitable server to become available',
    fields: (event, max) => ({
      ...selectionFields(event, max),
      // Without a limit the wait has no remaining time.
      remainingTimeMS: Number.isFinite(event.remainingTimeMS) ? Math.round(event.remainingTimeMS) : undefined,
    }),
  },
};

/** The record of an event. */
export function logRecord<E extends { readonly time: Date }>(
  { component, severity, message, fields }: LogMessage<E>,
  event: E,
  max: number,
): Log {
  const record: Log = { t: event.time, c: component, s: severity, message };
  const all = fields(event, max);
  for (const name of Object.keys(all)) {
    if (all[name] !== undefined) record[name] = all[name];
  }
  return record;
}

function debug<E>(
  component: MongoLoggableComponent,
  message: string,
  fields: (event: E, max: number) => LogFields,
): LogMessage<E> {
  return { component, severity: SeverityLevel.DEBUG, message, fields };
}

// ---- Fields that several messages have

function hostFields(address: string): LogFields {
  // The path of a Unix socket has a slash.
  if (address.includes('/')) return { serverHost: address };
  const { host, port } = new HostAddress(address);
  return { serverHost: host, serverPort: port };
}

function commandFields(event: CommandEvent): LogFields {
  return {
    commandName: event.commandName,
    databaseName: event.databaseName,
    requestId: event.requestId,
    operationId: event.operationId,
    driverConnectionId: event.connectionId,
    ...hostFields(event.address),
    // JSON has no bigint; servers count up from 1.
    serverConnectionId: event.serverConnectionId === null ? undefined : Number(event.serverConnectionId),
    serviceId: event.serviceId?.toHexString(),
  };
}

function connectionFields({ address, connectionId }: { address: string; connectionId: number }): LogFields {
  return { ...hostFields(address), driverConnectionId: connectionId };
}

function serverFields({ topologyId, address }: { topologyId: number; address: string }): LogFields {
  return { topologyId, ...hostFields(address) };
}

type HeartbeatEvent = MonitoringEvents['serverHeartbeatStarted' | 'serverHeartbeatSucceeded' | 'serverHeartbeatFailed'];

function heartbeatFields({ topologyId, address, driverConnectionId, awaited }: HeartbeatEvent): LogFields {
  return { topologyId, ...hostFields(address), driverConnectionId, awaited };
}

function selectionFields(event: ServerSelectionEvent, max: number): LogFields {
  return {
    selector: truncated(event.selector, max),
    operation: event.operation,
    operationId: event.operationId,
    topologyDescription: textOfTopology(event.topologyDescription, max),
  };
}

// ---- Values

const CLOSED_BECAUSE: Readonly<Record<ConnectionClosedReason, string>> = {
  stale: 'Connection became stale because the pool was cleared',
  idle: 'Connection has been available but unused for longer than the configured max idle time',
  error: 'An error occurred while using the connection',
  poolClosed: 'Connection pool was closed',
};

const CHECK_OUT_FAILED_BECAUSE: Readonly<Record<ConnectionCheckOutFailedReason, string>> = {
  timeout: 'Wait queue timeout elapsed without a connection becoming available',
  connectionError: 'An error occurred while trying to establish a new connection',
  poolClosed: 'Connection pool was closed',
};

/** `MongoServerError 11000 DuplicateKey: E11000 duplicate key error …` */
function textOfError(error: Error): string {
  const { code, codeName } = error instanceof MongoError ? (error as MongoError & { codeName?: unknown }) : {};
  const shown = [code, codeName].filter(value => typeof value === 'number' || typeof value === 'string');
  return `${[error.name, ...shown].join(' ')}: ${error.message}`;
}

/** Descriptions never change, and most selections find the same one. */
const TEXTS = new WeakMap<TopologyDescription, { readonly max: number; readonly text: string }>();

function textOfTopology(topology: TopologyDescription, max: number): string {
  const known = TEXTS.get(topology);
  if (known?.max === max) return known.text;
  const text = newTextOfTopology(topology, max);
  TEXTS.set(topology, { max, text });
  return text;
}

/**
 * A description of a topology as JSON. Of each server it has what decides about its use. Servers that would be cut off are not
 * described.
 */
function newTextOfTopology(
  { type, setName, compatibilityError, candidates }: TopologyDescription,
  max: number,
): string {
  const servers: object[] = [];
  let length = 0;
  for (const server of candidates) {
    const described = plainServer(server);
    servers.push(described);
    length += JSON.stringify(described).length;
    // A code point takes one or two units.
    if (max !== 0 && length > 2 * max) break;
  }
  return truncated(JSON.stringify({ type, setName: setName ?? undefined, compatibilityError, servers }), max);
}

function plainServer({ address, type, roundTripTime, error, serviceId }: ServerDescription): object {
  return {
    address,
    type,
    ...(roundTripTime >= 0 && { roundTripTimeMS: roundTripTime }),
    ...(serviceId !== null && { serviceId: serviceId.toHexString() }),
    ...(error !== null && { error: textOfError(error) }),
  };
}
