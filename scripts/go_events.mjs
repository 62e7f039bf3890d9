// The counterpart of every type, field and constant of the Go driver's package `event` (2.8.0). docs/events.md has it as tables: events_doc.mjs writes
// them with the types and the comments of our source, and fails if a counterpart that is named here does not exist or is not exported.
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const COMMAND = {
  DatabaseName: ['databaseName'],
  CommandName: ['commandName'],
  RequestID: ['requestId'],
  ConnectionID: ['address', 'connectionId'],
  ServerConnectionID: ['serverConnectionId'],
  ServiceID: ['serviceId'],
};
const SERVER = { Address: ['address'], TopologyID: ['topologyId'] };
const CHANGED = { PreviousDescription: ['previousDescription'], NewDescription: ['newDescription'] };
const HEARTBEAT = { ConnectionID: ['connectionId', 'driverConnectionId'], Awaited: ['awaited'] };

/**
 * The Go type, our type, and our members for each of its fields. A member of another type is named with that. A name in upper case alone is a
 * base class, for what Go embeds.
 */
const TYPES = [
  ['CommandStartedEvent', 'CommandStartedEvent', { Command: ['command'], ...COMMAND }],
  [
    'CommandFinishedEvent',
    'CommandEvent',
    { ...COMMAND, Duration: ['CommandSucceededEvent.duration', 'CommandFailedEvent.duration'] },
  ],
  ['CommandSucceededEvent', 'CommandSucceededEvent', { CommandFinishedEvent: ['CommandEvent'], Reply: ['reply'] }],
  ['CommandFailedEvent', 'CommandFailedEvent', { CommandFinishedEvent: ['CommandEvent'], Failure: ['failure'] }],
  ['CommandMonitor', 'CommandMonitor', { Started: ['started'], Succeeded: ['succeeded'], Failed: ['failed'] }],
  [
    'PoolEvent',
    'PoolEvent',
    {
      Type: ['type'],
      Address: ['address'],
      ConnectionID: ['connectionId'],
      PoolOptions: ['poolOptions'],
      Duration: ['duration'],
      Reason: ['reason'],
      ServiceID: ['serviceId'],
      Interruption: ['interruption'],
      Error: ['error'],
    },
  ],
  [
    'MonitorPoolOptions',
    'ConnectionPoolOptions',
    { MaxPoolSize: ['maxPoolSize'], MinPoolSize: ['minPoolSize'], WaitQueueTimeoutMS: ['waitQueueTimeoutMS'] },
  ],
  ['PoolMonitor', 'PoolMonitor', { Event: ['event'] }],
  ['ServerDescriptionChangedEvent', 'ServerDescriptionChangedEvent', { ...SERVER, ...CHANGED }],
  ['ServerOpeningEvent', 'ServerOpeningEvent', SERVER],
  ['ServerClosedEvent', 'ServerClosedEvent', SERVER],
  ['TopologyDescriptionChangedEvent', 'TopologyDescriptionChangedEvent', { TopologyID: ['topologyId'], ...CHANGED }],
  ['TopologyOpeningEvent', 'TopologyOpeningEvent', { TopologyID: ['topologyId'] }],
  ['TopologyClosedEvent', 'TopologyClosedEvent', { TopologyID: ['topologyId'] }],
  ['ServerHeartbeatStartedEvent', 'ServerHeartbeatStartedEvent', HEARTBEAT],
  [
    'ServerHeartbeatSucceededEvent',
    'ServerHeartbeatSucceededEvent',
    { Duration: ['duration'], Reply: ['description', 'reply'], ...HEARTBEAT },
  ],
  [
    'ServerHeartbeatFailedEvent',
    'ServerHeartbeatFailedEvent',
    { Duration: ['duration'], Failure: ['failure'], ...HEARTBEAT },
  ],
  [
    'ServerMonitor',
    'ServerMonitor',
    {
      ServerDescriptionChanged: ['serverDescriptionChanged'],
      ServerOpening: ['serverOpening'],
      ServerClosed: ['serverClosed'],
      TopologyDescriptionChanged: ['topologyDescriptionChanged'],
      TopologyOpening: ['topologyOpening'],
      TopologyClosed: ['topologyClosed'],
      ServerHeartbeatStarted: ['serverHeartbeatStarted'],
      ServerHeartbeatSucceeded: ['serverHeartbeatSucceeded'],
      ServerHeartbeatFailed: ['serverHeartbeatFailed'],
    },
  ],
  [
    'ServerDescription',
    'ServerDescription',
    {
      Addr: ['address'],
      Arbiters: ['arbiters'],
      Compression: ['compression'],
      CanonicalAddr: ['me'],
      ElectionID: ['electionId'],
      IsCryptd: ['iscryptd'],
      HelloOK: ['helloOk'],
      Hosts: ['hosts'],
      Kind: ['type'],
      LastWriteTime: ['lastWriteDate'],
      MaxBatchCount: ['maxWriteBatchSize'],
      MaxDocumentSize: ['maxBsonObjectSize'],
      MaxMessageSize: ['maxMessageSizeBytes'],
      MaxWireVersion: ['maxWireVersion'],
      MinWireVersion: ['minWireVersion'],
      Members: ['allHosts'],
      Passives: ['passives'],
      Passive: ['passive'],
      Primary: ['primary'],
      ReadOnly: ['readOnly'],
      ServiceID: ['serviceId'],
      SessionTimeoutMinutes: ['logicalSessionTimeoutMinutes'],
      SetName: ['setName'],
      SetVersion: ['setVersion'],
      Tags: ['tags'],
      TopologyVersionProcessID: ['topologyVersion', 'TopologyVersion.processId'],
      TopologyVersionCounter: ['topologyVersion', 'TopologyVersion.counter'],
    },
  ],
  [
    'TopologyDescription',
    'TopologyDescription',
    {
      Servers: ['servers'],
      SetName: ['setName'],
      Kind: ['type'],
      SessionTimeoutMinutes: ['logicalSessionTimeoutMinutes'],
      CompatibilityErr: ['compatible', 'compatibilityError'],
    },
  ],
];

const CONSTANTS = {
  ConnectionPoolCreated: 'PoolEventType.ConnectionPoolCreated',
  ConnectionPoolReady: 'PoolEventType.ConnectionPoolReady',
  ConnectionPoolCleared: 'PoolEventType.ConnectionPoolCleared',
  ConnectionPoolClosed: 'PoolEventType.ConnectionPoolClosed',
  ConnectionCreated: 'PoolEventType.ConnectionCreated',
  ConnectionReady: 'PoolEventType.ConnectionReady',
  ConnectionClosed: 'PoolEventType.ConnectionClosed',
  ConnectionCheckOutStarted: 'PoolEventType.ConnectionCheckOutStarted',
  ConnectionCheckOutFailed: 'PoolEventType.ConnectionCheckOutFailed',
  ConnectionCheckedOut: 'PoolEventType.ConnectionCheckedOut',
  ConnectionCheckedIn: 'PoolEventType.ConnectionCheckedIn',
  ReasonIdle: 'PoolEventReason.Idle',
  ReasonPoolClosed: 'PoolEventReason.PoolClosed',
  ReasonStale: 'PoolEventReason.Stale',
  ReasonConnectionErrored: 'PoolEventReason.ConnectionErrored',
  ReasonTimedOut: 'PoolEventReason.TimedOut',
  ReasonError: 'PoolEventReason.Error',
};

const root = fileURLToPath(new URL('..', import.meta.url));

/** The tables, as lines of Markdown. Throws if a counterpart does not exist. */
export function goTables() {
  const api = publicApi();
  const lines = [];
  for (const [goType, ourType, fields] of TYPES) {
    lines.push(`### event.${goType}`, '', `Here: \`${ourType}\`. ${api.docOf(ourType)}`.trimEnd(), '');
    lines.push('| Go | here | type | |', '| --- | --- | --- | --- |');
    for (const [field, members] of Object.entries(fields)) {
      for (const member of members) {
        const { type, doc } = counterpart(api, ourType, member);
        lines.push(`| \`${field}\` | \`${member}\` | ${cell(type)} | ${cell(doc)} |`);
      }
    }
    lines.push('');
  }
  lines.push('### Constants', '', '| Go | here | value | |', '| --- | --- | --- | --- |');
  for (const [constant, path] of Object.entries(CONSTANTS)) {
    const { type, doc } = api.constantOf(path);
    lines.push(`| \`${constant}\` | \`${path}\` | \`${type}\` | ${cell(doc)} |`);
  }
  lines.push('');
  return lines;
}

function counterpart(api, ourType, member) {
  if (/^[A-Z]\w*$/.test(member)) return { type: 'base class', doc: api.docOf(member) };
  const { type, doc } = api.memberOf(member.includes('.') ? member : `${ourType}.${member}`);
  return { type: `\`${type}\``, doc };
}

const cell = text => text.replaceAll('|', '\\|');

/** What src/index.ts exports, by names. */
function publicApi() {
  const { config } = ts.readConfigFile(`${root}/tsconfig.build.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root, { noEmit: true, composite: false });
  const program = ts.createProgram([`${root}/src/index.ts`], { ...options, incremental: false });
  const checker = program.getTypeChecker();
  const entry = checker.getSymbolAtLocation(program.getSourceFile(`${root}/src/index.ts`));
  const exported = new Map(checker.getExportsOfModule(entry).map(symbol => [symbol.name, resolved(symbol)]));

  function resolved(symbol) {
    return (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
  }

  function exportedAs(name) {
    const symbol = exported.get(name);
    if (symbol === undefined)
      throw new Error(`scripts/go_events.mjs names ${name}, which src/index.ts does not export`);
    return symbol;
  }

  function member(path, typeOf) {
    const [owner, name] = path.split('.');
    const symbol = typeOf(exportedAs(owner)).getProperty(name);
    if (symbol === undefined) throw new Error(`scripts/go_events.mjs names ${path}, which does not exist`);
    return symbol;
  }

  const docOf = symbol => ts.displayPartsToString(symbol.getDocumentationComment(checker)).replace(/\s+/g, ' ').trim();

  return {
    docOf: name => docOf(exportedAs(name)),
    memberOf(path) {
      const symbol = member(path, owner => checker.getDeclaredTypeOfSymbol(owner));
      const declared = symbol.valueDeclaration?.type?.getText();
      const type = declared ?? checker.typeToString(checker.getTypeOfSymbol(symbol));
      return { type: type.replace(/\s+/g, ' '), doc: docOf(symbol) };
    },
    constantOf(path) {
      const symbol = member(path, owner => checker.getTypeOfSymbol(owner));
      return { type: checker.typeToString(checker.getTypeOfSymbol(symbol)), doc: docOf(symbol) };
    },
  };
}
