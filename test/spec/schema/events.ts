import { document, fields, flag, list, oneFieldOf, oneOf, ref, type Schema, text } from './build.js';

const NONE = fields({});
const OF_SERVER = { hasServiceId: flag, hasServerConnectionId: flag };
const OF_COMMAND = { commandName: text, databaseName: text, ...OF_SERVER };
const REASON = fields({ reason: text });
const HEARTBEAT = fields({ awaited: flag });

const SERVER_DESCRIPTION = fields({
  type: oneOf(
    ...['Standalone', 'Mongos', 'PossiblePrimary', 'RSPrimary', 'RSSecondary', 'RSOther', 'RSArbiter', 'RSGhost'],
    ...['LoadBalancer', 'Unknown'],
  ),
});
const TOPOLOGY_DESCRIPTION = fields({
  type: oneOf('Single', 'Unknown', 'ReplicaSetNoPrimary', 'ReplicaSetWithPrimary', 'Sharded', 'LoadBalanced'),
});

/** "expectedCommandEvent", "expectedCmapEvent" and "expectedSdamEvent". */
export const EVENTS = {
  expectedCommandEvent: oneFieldOf({
    commandStartedEvent: fields({ command: document, ...OF_COMMAND }),
    commandSucceededEvent: fields({ reply: document, ...OF_COMMAND }),
    commandFailedEvent: fields(OF_COMMAND),
  }),
  expectedCmapEvent: oneFieldOf({
    poolCreatedEvent: NONE,
    poolReadyEvent: NONE,
    poolClearedEvent: fields({ hasServiceId: flag, interruptInUseConnections: flag }),
    poolClosedEvent: NONE,
    connectionCreatedEvent: NONE,
    connectionReadyEvent: NONE,
    connectionClosedEvent: REASON,
    connectionCheckOutStartedEvent: NONE,
    connectionCheckOutFailedEvent: REASON,
    connectionCheckedOutEvent: NONE,
    connectionCheckedInEvent: NONE,
  }),
  expectedSdamEvent: oneFieldOf({
    serverDescriptionChangedEvent: fields({
      previousDescription: SERVER_DESCRIPTION,
      newDescription: SERVER_DESCRIPTION,
    }),
    topologyDescriptionChangedEvent: fields({
      previousDescription: TOPOLOGY_DESCRIPTION,
      newDescription: TOPOLOGY_DESCRIPTION,
    }),
    serverHeartbeatStartedEvent: HEARTBEAT,
    serverHeartbeatSucceededEvent: HEARTBEAT,
    serverHeartbeatFailedEvent: HEARTBEAT,
    topologyOpeningEvent: NONE,
    topologyClosedEvent: NONE,
  }),
} as const;

/** "expectedEventsForClient": which events may be expected goes by the type, which is `command` when it is not given. */
export const EVENTS_FOR_CLIENT: Schema = fields(
  {
    client: text,
    eventType: oneOf('command', 'cmap', 'sdam'),
    events: list({}),
    ignoreExtraEvents: flag,
  },
  ['client', 'events'],
  {
    oneOf: [
      eventsOf('expectedCommandEvent', { not: { required: ['eventType'] } }),
      eventsOf('expectedCommandEvent', typed('command')),
      eventsOf('expectedCmapEvent', typed('cmap')),
      eventsOf('expectedSdamEvent', typed('sdam')),
    ],
  },
);

function typed(type: string): Schema {
  return { required: ['eventType'], properties: { eventType: { const: type } } };
}

function eventsOf(name: string, condition: Schema): Schema {
  return { allOf: [condition, { properties: { events: list(ref(name)) } }] };
}
