import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { legacySuites } from '../../spec/legacy/index.js';
import { matchEvent } from '../../spec/unified/events.js';

/** Runs a file as if it lay below a folder of the specifications. */
async function run(folder: string, content: unknown): Promise<void> {
  const suite = legacySuites.find(candidate => candidate.folder === folder)!;
  for (const { run: runCase } of suite.cases({ name: 'made here', path: 'made here', content })) await runCase();
}

const CMAP = 'connection-monitoring-and-pooling/tests/cmap-format';

const failedFilling = (failure: object, count = 1) => ({
  version: 1,
  style: 'integration',
  description: 'establishing a connection for minPoolSize fails',
  failPoint: {
    configureFailPoint: 'failCommand',
    mode: { times: 50 },
    data: { failCommands: ['isMaster', 'hello'], appName: 'filling', ...failure },
  },
  poolOptions: { minPoolSize: 1, backgroundThreadIntervalMS: 50, appName: 'filling' },
  operations: [
    { name: 'ready' },
    { name: 'waitForEvent', event: 'ConnectionPoolCleared', count },
    { name: 'wait', ms: 200 },
  ],
  events: [
    { type: 'ConnectionPoolReady', address: 42 },
    { type: 'ConnectionCreated', address: 42 },
    { type: 'ConnectionPoolCleared', address: 42 },
    { type: 'ConnectionClosed', address: 42, connectionId: 42, reason: 'error' },
  ],
  ignore: ['ConnectionPoolCreated'],
});

describe('the runner of the pool files', () => {
  it('ends a test whose minPoolSize cannot be reached, with the pool cleared', async () => {
    await run(CMAP, failedFilling({ errorCode: 18 }));
  });

  it('fails a test whose event never comes instead of waiting for it for ever', async () => {
    await assert.rejects(run(CMAP, failedFilling({ errorCode: 18 }, 2)), { message: /Nothing came in 60000 ms/ });
  });

  it('keeps to the timeout of waitForEvent', async () => {
    const test = failedFilling({ errorCode: 18 });
    const wait = { name: 'waitForEvent', event: 'ConnectionReady', count: 1, timeout: 500 };

    await assert.rejects(run(CMAP, { ...test, operations: [{ name: 'ready' }, wait] }), {
      message: /No ConnectionReady number 1 in 500 ms/,
    });
  });

  it('leaves a fail point of another application alone', async () => {
    const test = failedFilling({ errorCode: 18, appName: 'another' });
    const operations = [{ name: 'ready' }, { name: 'waitForEvent', event: 'ConnectionReady', count: 1 }];

    await run(CMAP, { ...test, operations, events: [{ type: 'ConnectionPoolReady' }, { type: 'ConnectionCreated' }] });
  });
});

describe('PossiblePrimary', () => {
  const replicaSet = { type: 'ReplicaSetNoPrimary', setName: 'rs' };

  it('counts as Unknown in the outcome and in the events of a discovery file', async () => {
    const server = (type: string) => ({ address: 'a:27017', type, arbiters: [], hosts: [], passives: [] });
    await run('server-discovery-and-monitoring/tests/monitoring', {
      description: 'a seed that was not reached',
      uri: 'mongodb://a/?replicaSet=rs',
      phases: [
        {
          responses: [],
          outcome: {
            servers: { 'a:27017': { type: 'PossiblePrimary', setName: null } },
            topologyType: 'ReplicaSetNoPrimary',
            events: [
              { topology_opening_event: { topologyId: '42' } },
              {
                topology_description_changed_event: {
                  topologyId: '42',
                  previousDescription: { topologyType: 'Unknown', servers: [] },
                  newDescription: {
                    topologyType: 'ReplicaSetNoPrimary',
                    setName: 'rs',
                    servers: [server('PossiblePrimary')],
                  },
                },
              },
              { server_opening_event: { topologyId: '42', address: 'a:27017' } },
            ],
          },
        },
      ],
    });
  });

  it('is never selected', async () => {
    const servers = [{ address: 'a:27017', avg_rtt_ms: 0, type: 'PossiblePrimary' }];
    for (const mode of ['Primary', 'Nearest', 'SecondaryPreferred']) {
      await run('server-selection/tests/server_selection', {
        topology_description: { ...replicaSet, servers },
        operation: 'read',
        read_preference: { mode, tag_sets: [{}] },
        suitable_servers: [],
        in_latency_window: [],
      });
    }
  });

  it('matches the change of a description to Unknown', () => {
    const changed = { name: 'serverDescriptionChangedEvent', fields: { newDescription: { type: 'Unknown' } } };
    const context = { entities: new Map<string, unknown>(), lsidOf: () => undefined };
    const expected = { serverDescriptionChangedEvent: { newDescription: { type: 'PossiblePrimary' } } };

    assert.equal(matchEvent(expected, changed, context), null);
  });
});

describe('the zone of the seed list files', () => {
  it('has both ports of the service with a name of its own', async () => {
    await run('initial-dns-seedlist-discovery/tests', {
      uri: 'mongodb+srv://test22.test.build.10gen.cc/?srvServiceName=customname',
      seeds: ['localhost.test.build.10gen.cc:27017', 'localhost.test.build.10gen.cc:27018'],
      hosts: ['localhost:27017', 'localhost:27018', 'localhost:27019'],
      options: { ssl: true, srvServiceName: 'customname' },
    });
  });
});
