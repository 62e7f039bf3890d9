import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ObjectId } from '../../../src/bson/index.js';
import { unknownServer } from '../../../src/description/server_description.js';
import { emptyTopology, initialTopology, TopologyDescription } from '../../../src/description/topology_description.js';
import { TopologyType } from '../../../src/description/types.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { CommandFailedEvent, CommandStartedEvent, CommandSucceededEvent } from '../../../src/events/command.js';
import { MONITORING_EVENTS, type MonitoringEventName, type MonitoringEvents } from '../../../src/events/event_map.js';
import * as pool from '../../../src/events/pool.js';
import * as selection from '../../../src/events/selection.js';
import * as servers from '../../../src/events/server.js';
import * as topologies from '../../../src/events/topology.js';
import { LOG_MESSAGES, type LogMessage, logRecord } from '../../../src/sinks/log_messages.js';
import { command, stamp } from '../events/support.js';

function record<N extends MonitoringEventName>(event: MonitoringEvents[N] & { readonly name: N }, max = 1000): object {
  const message = LOG_MESSAGES[event.name] as unknown as LogMessage<MonitoringEvents[N]>;
  const { t, ...rest } = logRecord(message, event, max);
  assert.equal(t, event.time);
  return rest;
}

const place = { serverHost: 'a', serverPort: 27017 };
const debug = (c: string, message: string, fields: object) => ({ c, s: 'debug', message, ...fields });
const address = 'a:27017';
const error = new MongoNetworkError('connection reset');
const textOfError = 'MongoNetworkError: connection reset';
const options = { directConnection: false, loadBalanced: false, heartbeatFrequencyMS: 1, localThresholdMS: 1 };
const topology = initialTopology({ ...options, hosts: [address], replicaSet: 'rs' });
const shownTopology =
  '{"type":"ReplicaSetNoPrimary","setName":"rs","servers":[{"address":"a:27017","type":"Unknown"}]}';

describe('log messages of commands', () => {
  const common = {
    ...{ commandName: 'find', databaseName: 'shop', requestId: 40, operationId: 5, driverConnectionId: 3 },
    ...place,
    serverConnectionId: 12,
  };

  it('have the documents as Extended JSON and the ids of everything that took part', () => {
    const started = new CommandStartedEvent(command, { find: 'c', id: new ObjectId('6'.repeat(24)) }, stamp);
    const succeeded = new CommandSucceededEvent(command, 1.5, { ok: 1 }, stamp);
    const failed = new CommandFailedEvent(command, 1.5, error, stamp);

    assert.deepEqual(
      record(started),
      debug('command', 'Command started', {
        ...common,
        command: '{"find":"c","id":{"$oid":"666666666666666666666666"}}',
      }),
    );
    assert.deepEqual(
      record(succeeded),
      debug('command', 'Command succeeded', { ...common, durationMS: 1.5, reply: '{"ok":1}' }),
    );
    assert.deepEqual(
      record(failed),
      debug('command', 'Command failed', { ...common, durationMS: 1.5, failure: textOfError }),
    );
  });

  it('cut documents off', () => {
    const event = new CommandStartedEvent(command, { find: 'orders' }, stamp);

    assert.equal((record(event, 5) as { command: string }).command, '{"fin...');
  });

  it('leave out what is not known, and name the service as text', () => {
    const fields = { ...command, serverConnectionId: null, serviceId: new ObjectId('5'.repeat(24)) };
    const logged = record(new CommandSucceededEvent(fields, 1, {}, stamp));

    assert.equal('serverConnectionId' in logged, false);
    assert.equal((logged as { serviceId: unknown }).serviceId, '5'.repeat(24));
  });

  it('show a failure with its code, and of a sensitive command that it is redacted', () => {
    const failure = new MongoServerError({
      ok: 0,
      errmsg: 'wrong password hunter2',
      code: 18,
      codeName: 'AuthenticationFailed',
    });
    const failureOf = (redacted: boolean) =>
      (record(new CommandFailedEvent({ ...command, redacted }, 1, failure, stamp)) as { failure: string }).failure;

    assert.equal(failureOf(false), 'MongoServerError 18 AuthenticationFailed: wrong password hunter2');
    assert.match(failureOf(true), /^MongoServerError 18 AuthenticationFailed: .*redacted/);
    assert.doesNotMatch(failureOf(true), /hunter2/);
  });

  it('name a server on a Unix socket by the path, without a port', () => {
    const logged = record(new CommandSucceededEvent({ ...command, address: '/tmp/db.sock' }, 1, {}, stamp));

    assert.equal((logged as { serverHost: string }).serverHost, '/tmp/db.sock');
    assert.equal('serverPort' in logged, false);
  });
});

describe('log messages of connections', () => {
  const connection = { address, connectionId: 4 };
  const shown = { ...place, driverConnectionId: 4 };
  const counts = { total: 1, idle: 0, inUse: 1, pending: 0, draining: 0, waitQueueLength: 0, generation: 0 };
  const operation = { operationId: 5, operationName: 'findOne', attempt: 1, pool: counts };
  const serviceId = new ObjectId('5'.repeat(24));
  const poolOptions = { maxPoolSize: 5, minPoolSize: 1, maxConnecting: 2, maxIdleTimeMS: 0, waitQueueTimeoutMS: 10 };
  const cases: readonly (readonly [Parameters<typeof record>[0], string, object])[] = [
    [
      new pool.ConnectionPoolCreatedEvent({ address, options: poolOptions }, stamp),
      'pool created',
      { ...place, ...poolOptions },
    ],
    [new pool.ConnectionPoolReadyEvent({ address }, stamp), 'pool ready', place],
    [
      new pool.ConnectionPoolClearedEvent({ address, interruptInUseConnections: false, serviceId, error }, stamp),
      'pool cleared',
      { ...place, serviceId: '5'.repeat(24), error: textOfError },
    ],
    [new pool.ConnectionPoolClosedEvent({ address }, stamp), 'pool closed', place],
    [new pool.ConnectionCreatedEvent(connection, stamp), 'created', shown],
    [new pool.ConnectionReadyEvent({ ...connection, durationMS: 2 }, stamp), 'ready', { ...shown, durationMS: 2 }],
    [
      new pool.ConnectionClosedEvent({ ...connection, reason: 'error', error, operationId: 5 }, stamp),
      'closed',
      { ...shown, operationId: 5, reason: 'An error occurred while using the connection', error: textOfError },
    ],
    [
      new pool.ConnectionClosedEvent({ ...connection, reason: 'stale' }, stamp),
      'closed',
      { ...shown, reason: 'Connection became stale because the pool was cleared' },
    ],
    [
      new pool.ConnectionClosedEvent({ ...connection, reason: 'idle' }, stamp),
      'closed',
      { ...shown, reason: 'Connection has been available but unused for longer than the configured max idle time' },
    ],
    [
      new pool.ConnectionClosedEvent({ ...connection, reason: 'poolClosed' }, stamp),
      'closed',
      { ...shown, reason: 'Connection pool was closed' },
    ],
    [
      new pool.ConnectionCheckOutStartedEvent({ address, ...operation }, stamp),
      'checkout started',
      { ...place, operationId: 5 },
    ],
    [
      new pool.ConnectionCheckOutFailedEvent({ address, reason: 'timeout', durationMS: 2, error, ...operation }, stamp),
      'checkout failed',
      {
        ...{ ...place, operationId: 5, durationMS: 2, error: textOfError },
        reason: 'Wait queue timeout elapsed without a connection becoming available',
      },
    ],
    [
      new pool.ConnectionCheckOutFailedEvent({ address, reason: 'connectionError', durationMS: 2 }, stamp),
      'checkout failed',
      { ...place, durationMS: 2, reason: 'An error occurred while trying to establish a new connection' },
    ],
    [
      new pool.ConnectionCheckOutFailedEvent({ address, reason: 'poolClosed', durationMS: 2 }, stamp),
      'checkout failed',
      { ...place, durationMS: 2, reason: 'Connection pool was closed' },
    ],
    [
      new pool.ConnectionCheckedOutEvent({ ...connection, durationMS: 2, ...operation }, stamp),
      'checked out',
      { ...shown, operationId: 5, durationMS: 2 },
    ],
    [
      new pool.ConnectionCheckedInEvent({ ...connection, ...operation }, stamp),
      'checked in',
      { ...shown, operationId: 5 },
    ],
  ];
  for (const [event, message, fields] of cases) {
    it(`say "Connection ${message}" with ${Object.keys(fields).join(', ')}`, () => {
      assert.deepEqual(record(event), debug('connection', `Connection ${message}`, fields));
    });
  }
});

describe('log messages of the topology', () => {
  const topologyId = 77;
  const heartbeat = { topologyId, address, driverConnectionId: 2, awaited: true };
  const shown = { topologyId, ...place, driverConnectionId: 2, awaited: true };
  const cases: readonly (readonly [Parameters<typeof record>[0], string, object])[] = [
    [new topologies.TopologyOpeningEvent({ topologyId }, stamp), 'Starting topology monitoring', { topologyId }],
    [new topologies.TopologyClosedEvent({ topologyId }, stamp), 'Stopped topology monitoring', { topologyId }],
    [
      new servers.ServerOpeningEvent({ topologyId, address }, stamp),
      'Starting server monitoring',
      { topologyId, ...place },
    ],
    [
      new servers.ServerClosedEvent({ topologyId, address }, stamp),
      'Stopped server monitoring',
      { topologyId, ...place },
    ],
    [
      new topologies.TopologyDescriptionChangedEvent(
        { topologyId, previousDescription: emptyTopology(topology), newDescription: topology },
        stamp,
      ),
      'Topology description changed',
      { topologyId, previousDescription: '{"type":"Unknown","servers":[]}', newDescription: shownTopology },
    ],
    [new servers.ServerHeartbeatStartedEvent(heartbeat, stamp), 'Server heartbeat started', shown],
    [
      new servers.ServerHeartbeatSucceededEvent(
        { ...heartbeat, durationMS: 3, reply: { connectionId: 9, ok: 1 } },
        stamp,
      ),
      'Server heartbeat succeeded',
      { ...shown, serverConnectionId: 9, durationMS: 3, reply: '{"connectionId":9,"ok":1}' },
    ],
    [
      new servers.ServerHeartbeatFailedEvent({ ...heartbeat, durationMS: 3, failure: error, cancelled: true }, stamp),
      'Server heartbeat failed',
      { ...shown, durationMS: 3, failure: textOfError, cancelled: true },
    ],
    [
      new servers.ServerHeartbeatFailedEvent({ ...heartbeat, durationMS: 3, failure: error, cancelled: false }, stamp),
      'Server heartbeat failed',
      { ...shown, durationMS: 3, failure: textOfError },
    ],
  ];
  for (const [event, message, fields] of cases) {
    it(`say "${message}" with ${Object.keys(fields).join(', ')}`, () => {
      assert.deepEqual(record(event), debug('topology', message, fields));
    });
  }

  it('show why a server is unknown', () => {
    const newDescription = new TopologyDescription({
      ...{ type: TopologyType.Unknown, setName: null, maxSetVersion: null, maxElectionId: null, seedCount: 1 },
      ...{ heartbeatFrequencyMS: 1, localThresholdMS: 1, servers: new Map([[address, unknownServer(address, error)]]) },
    });
    const event = new topologies.TopologyDescriptionChangedEvent(
      { topologyId, previousDescription: topology, newDescription },
      stamp,
    );

    assert.match(
      (record(event) as { newDescription: string }).newDescription,
      /"error":"MongoNetworkError: connection reset"/,
    );
  });

  it('describe no more servers than are shown', () => {
    const hosts = Array.from({ length: 5000 }, (_, index) => `db${index}:27017`);
    const many = initialTopology({ ...options, hosts });
    const event = new topologies.TopologyDescriptionChangedEvent(
      { topologyId, previousDescription: many, newDescription: many },
      stamp,
    );

    const { newDescription } = record(event, 100) as { newDescription: string };

    assert.match(newDescription, /^\{"type":"Unknown","servers":\[\{"address":"db0:27017".*\.\.\.$/);
    assert.equal(newDescription.length, 103);
  });
});

describe('log messages of server selection', () => {
  const fields = {
    selector: 'primary',
    operation: 'find',
    operationId: 5,
    operationName: 'findOne',
    attempt: 1,
    topologyDescription: topology,
  };
  const shown = { selector: 'primary', operation: 'find', operationId: 5, topologyDescription: shownTopology };

  it('name the operation, what it looks for, and what is known', () => {
    const started = new selection.ServerSelectionStartedEvent(fields, stamp);
    const succeeded = new selection.ServerSelectionSucceededEvent(
      { ...fields, address, ...place, durationMS: 1 },
      stamp,
    );
    const failed = new selection.ServerSelectionFailedEvent({ ...fields, failure: error, durationMS: 1 }, stamp);

    assert.deepEqual(record(started), debug('serverSelection', 'Server selection started', shown));
    assert.deepEqual(record(succeeded), debug('serverSelection', 'Server selection succeeded', { ...shown, ...place }));
    assert.deepEqual(
      record(failed),
      debug('serverSelection', 'Server selection failed', { ...shown, failure: textOfError }),
    );
  });

  it('tell of a wait at info, with whole milliseconds, and without them when there is no limit', () => {
    const waiting = (remainingTimeMS: number) =>
      record(new selection.WaitingForSuitableServerEvent({ ...fields, remainingTimeMS }, stamp));
    const message = {
      c: 'serverSelection',
      s: 'info',
      message: 'Waiting for suitable server to become available',
      ...shown,
    };

    assert.deepEqual(waiting(1999.6), { ...message, remainingTimeMS: 2000 });
    assert.deepEqual(waiting(Infinity), message);
  });
});

describe('LOG_MESSAGES', () => {
  it('are all in the documentation', () => {
    const text = readFileSync('docs/logging.md', 'utf8');
    for (const { component, message } of Object.values(LOG_MESSAGES)) {
      assert.ok(text.includes(`| ${component} | ${message} |`), message);
    }
  });

  it('are there for every event but those that the specifications do not log', () => {
    const silent = (Object.keys(MONITORING_EVENTS) as MonitoringEventName[]).filter(
      name => LOG_MESSAGES[name] === undefined,
    );

    assert.deepEqual(silent.filter(name => !name.startsWith('operation')).sort(), [
      'serverDescriptionChanged',
      'srvRecordDiscovery',
    ]);
  });
});
