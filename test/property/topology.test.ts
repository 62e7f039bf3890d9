import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Document } from '../../src/bson/index.js';
import { parseHello } from '../../src/description/hello.js';
import type { ServerDescription } from '../../src/description/server_description.js';
import type { MongoError } from '../../src/errors/base.js';
import { MongoNetworkError, MongoNetworkTimeoutError } from '../../src/errors/network.js';
import { MongoServerError } from '../../src/errors/server.js';
import type { MonitoringEvent } from '../../src/events/event.js';
import type { MonitoringEventName, MonitoringEvents } from '../../src/events/event_map.js';
import { ConnectionPool } from '../../src/pool/pool.js';
import { Server } from '../../src/sdam/server.js';
import { writableSelector } from '../../src/sdam/server_selection.js';
import { Topology } from '../../src/sdam/topology.js';
import { EventRecorder } from '../support/event_recorder.js';
import { FakeClock } from '../support/fake_clock.js';
import { connectionParts, deadline, establishSettings } from '../support/pool_harness.js';
import { ScriptedServer, STANDALONE } from '../support/scripted_server.js';
import { request } from '../support/topology_harness.js';

const ADDRESSES = ['a:27017', 'b:27017', 'c:27017', 'd:27017'];
const POOL = {
  maxPoolSize: 10,
  minPoolSize: 0,
  maxConnecting: 2,
  maxIdleTimeMS: 0,
  waitQueueTimeoutMS: 0,
  pendingResponseTimeoutMS: 0,
};

/** A topology whose servers are heard of by the test alone. */
function openTopology(hosts: readonly string[], replicaSet: string | undefined) {
  const clock = new FakeClock();
  const events = new EventRecorder();
  const publisher = events.publisher(clock);
  const random = { next: () => 0, bytes: (length: number) => new Uint8Array(length) };
  const connection = connectionParts(clock, new ScriptedServer().open);
  const establish = establishSettings(connection);
  const ports = { publisher, clock, random, connection, establish };
  const openServer = (address: string) => {
    const nothing = { onHandshake: () => undefined, onConnectionError: () => undefined };
    return new Server(address, new ConnectionPool(address, POOL, { ...ports, ...nothing }), null);
  };
  const options = {
    hosts,
    replicaSet,
    directConnection: false,
    loadBalanced: false,
    heartbeatFrequencyMS: 10_000,
    localThresholdMS: 15,
    srvMaxHosts: 0,
    serverSelector: undefined,
    serverSelectionFailFast: false,
  };
  const topology = new Topology(options, { clock, random, publisher, openServer });
  topology.open();
  return { topology, events, clock };
}

type Opened = ReturnType<typeof openTopology>;
type Step = (opened: Opened) => void;

const address = fc.constantFrom(...ADDRESSES);
const addresses = fc.uniqueArray(address, { minLength: 1, maxLength: 4 });

const hello: fc.Arbitrary<Document> = fc
  .record({
    setName: fc.constantFrom('rs', 'rs', 'rs', 'other'),
    role: fc.constantFrom('primary', 'secondary', 'secondary', 'ghost', 'mongos', 'standalone'),
    hosts: addresses,
    me: fc.option(address, { nil: undefined }),
    setVersion: fc.nat(3),
  })
  .map(({ role, ...fields }) => {
    const plain = { ...STANDALONE, isWritablePrimary: role === 'primary', secondary: role === 'secondary' };
    if (role === 'standalone') return STANDALONE;
    if (role === 'mongos') return { ...STANDALONE, msg: 'isdbgrid' };
    return role === 'ghost' ? { ...plain, isreplicaset: true } : { ...plain, ...fields };
  });

const error: fc.Arbitrary<MongoError> = fc.constantFrom(
  new MongoNetworkError('closed'),
  new MongoNetworkTimeoutError('silent'),
  new MongoServerError({ ok: 0, code: 10107, errmsg: 'not primary' }, {}),
  new MongoServerError({ ok: 0, code: 91, errmsg: 'shutting down' }, {}),
  new MongoServerError({ ok: 0, code: 8, errmsg: 'unknown' }, {}),
);

const heardFrom = (from: string, reply: Document): ServerDescription =>
  parseHello(from, reply, { roundTripTime: 1, minRoundTripTime: 0, lastUpdateTime: 0 });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(address, hello).map(
      ([from, reply]): Step =>
        ({ topology }) => {
          topology.onServerDescription(heardFrom(from, reply));
        },
    ),
  },
  fc.tuple(address, hello, fc.nat(1)).map(
    ([from, reply, generation]): Step =>
      ({ topology }) => {
        const server = topology.servers.get(from);
        if (server !== undefined) topology.onHandshake(heardFrom(from, reply), server, generation);
      },
  ),
  fc.tuple(address, error).map(
    ([from, failure]): Step =>
      ({ topology }) => {
        topology.onCheckFailed(from, failure);
      },
  ),
  fc.tuple(address, error, fc.nat(1)).map(
    ([from, failure, connectionGeneration]): Step =>
      ({ topology }) => {
        const server = topology.servers.get(from);
        if (server !== undefined) topology.onError(failure, server, { connectionGeneration, phase: 'afterHandshake' });
      },
  ),
  addresses.map(
    (hosts): Step =>
      ({ topology }) => {
        topology.applySrvHosts(hosts);
      },
  ),
);

const start = fc.tuple(fc.uniqueArray(address, { minLength: 1, maxLength: 3 }), fc.constantFrom(undefined, 'rs'));

function is<N extends MonitoringEventName>(event: MonitoringEvent, name: N): event is MonitoringEvents[N] {
  return event.name === name;
}

/** Lets anything happen to a topology, closes it, and looks at what it told. */
function always(holds: (events: readonly MonitoringEvent[], opened: Opened) => void): void {
  fc.assert(
    fc.property(start, fc.array(step, { maxLength: 25 }), ([hosts, replicaSet], steps) => {
      const opened = openTopology(hosts, replicaSet);
      for (const take of steps) take(opened);
      opened.topology.close();
      holds(opened.events.events, opened);
    }),
    { numRuns: 500 },
  );
}

describe('whatever happens to a topology', () => {
  it('its descriptions follow one upon the other, from nothing to nothing', () => {
    always(events => {
      const changes = events.filter(event => is(event, 'topologyDescriptionChanged'));
      for (const [index, { previousDescription }] of changes.entries()) {
        // Round trip times change without an event, so that the same description may be another object.
        if (index > 0) assert.deepEqual(shape(previousDescription), shape(changes[index - 1]!.newDescription));
      }
      assert.equal(changes[0]?.previousDescription.servers.size, 0);
      assert.equal(changes.at(-1)?.newDescription.servers.size, 0);
      assert.equal(events[0]?.name, 'topologyOpening');
      assert.equal(events.at(-1)?.name, 'topologyClosed');
    });
  });

  it('what is told of a server lies between its opening and its closing', () => {
    always(events => {
      const open = new Set<string>();
      for (const event of events) {
        if (is(event, 'serverOpening')) {
          assert.ok(!open.has(event.address));
          open.add(event.address);
        } else if (is(event, 'serverDescriptionChanged')) {
          assert.ok(open.has(event.address));
        } else if (is(event, 'serverClosed')) {
          assert.ok(open.delete(event.address));
        } else if (is(event, 'topologyDescriptionChanged') && open.size > 0) {
          assert.deepEqual([...event.newDescription.servers.keys()].sort(), [...open].sort());
        }
      }
      assert.equal(open.size, 0);
    });
  });

  it('the descriptions of each server follow one upon the other', () => {
    always(events => {
      const last = new Map<string, ServerDescription>();
      for (const event of events) {
        if (is(event, 'serverOpening')) last.delete(event.address);
        if (!is(event, 'serverDescriptionChanged')) continue;
        const before = last.get(event.address);
        if (before === undefined) assert.equal(event.previousDescription.type, 'Unknown');
        else assert.ok(event.previousDescription.equals(before));
        assert.ok(!event.previousDescription.equals(event.newDescription));
        last.set(event.address, event.newDescription);
      }
    });
  });

  it('a pool is cleared only while it is ready, and closed with its server', () => {
    always(events => {
      const ready = new Set<string>();
      const closed = new Set<string>();
      for (const event of events) {
        if (is(event, 'connectionPoolReady')) ready.add(event.address);
        if (is(event, 'connectionPoolCleared')) assert.ok(ready.delete(event.address));
        if (is(event, 'connectionPoolClosed')) closed.add(event.address);
        if (is(event, 'serverClosed')) assert.ok(closed.delete(event.address));
      }
      assert.equal(closed.size, 0);
    });
  });

  it('an operation that waits ends once, with a server that is writable or with the end of the topology', async () => {
    await fc.assert(
      fc.asyncProperty(start, fc.array(step, { maxLength: 25 }), async ([hosts, replicaSet], steps) => {
        const opened = openTopology(hosts, replicaSet);
        const { topology, clock, events } = opened;
        const outcome = topology.select(request(writableSelector, 'primary', deadline(clock))).then(
          ({ address: chosen }) => chosen,
          (failure: unknown) => (failure as Error).name,
        );
        for (const take of steps) take(opened);
        topology.close();

        const told = events.of('serverSelectionSucceeded');
        const result = await outcome;
        assert.equal(told.length, result === 'MongoTopologyClosedError' ? 0 : 1);
        assert.equal(events.count('serverSelectionFailed'), 1 - told.length);
        const [success] = told;
        if (success === undefined) return;
        assert.equal(success.address, result);
        const { writableServers } = success.topologyDescription;
        assert.ok(writableServers.some(({ address: writable }) => writable === result));
      }),
      { numRuns: 300 },
    );
  });
});

function shape({ type, servers }: { readonly type: string; readonly servers: ReadonlyMap<string, ServerDescription> }) {
  return [type, ...[...servers.values()].map(server => `${server.address} ${server.type} ${server.error?.message}`)];
}
