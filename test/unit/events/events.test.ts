import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { type Document, ObjectId } from '../../../src/bson/index.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { CommandFailedEvent, CommandStartedEvent, CommandSucceededEvent } from '../../../src/events/command.js';
import { MonitoringEvent } from '../../../src/events/event.js';
import { MONITORING_EVENTS } from '../../../src/events/event_map.js';
import {
  ConnectionCheckedOutEvent,
  ConnectionClosedEvent,
  ConnectionPoolMonitoringEvent,
} from '../../../src/events/pool.js';
import { ServerHeartbeatSucceededEvent } from '../../../src/events/server.js';
import { SrvPollingEvent } from '../../../src/events/topology.js';

const stamp = { sequence: 7, time: new Date(0) };

const command = {
  address: 'a:27017',
  connectionId: 3,
  serverConnectionId: 12n,
  requestId: 40,
  operationId: 5,
  attempt: 1,
  databaseName: 'shop',
  commandName: 'find',
  redacted: false,
};

describe('every event', () => {
  for (const [name, EventClass] of Object.entries(MONITORING_EVENTS)) {
    it(`${name} is frozen, stamped, and knows its name`, () => {
      const make = EventClass as unknown as new (fields: object, stamp: object) => MonitoringEvent;

      const event = new make({ ...command, command: {}, reply: {}, failure: new Error('x'), durationMS: 1 }, stamp);

      assert.ok(event instanceof MonitoringEvent);
      assert.ok(Object.isFrozen(event));
      assert.equal(event.name, name);
      assert.equal(event.sequence, 7);
      assert.equal(event.time, stamp.time);
    });
  }
});

describe('CommandStartedEvent', () => {
  it('has the fields of the official driver and ours', () => {
    const serviceId = new ObjectId();
    const event = new CommandStartedEvent({ ...command, serviceId, command: { find: 'orders' } }, stamp);

    assert.deepEqual(Object.assign({}, event), { sequence: 7, time: stamp.time, ...command, serviceId });
    assert.deepEqual(event.command, { find: 'orders' });
    assert.equal(event.hasServiceId, true);
  });

  it('has no serviceId outside load balancing', () => {
    const event = new CommandStartedEvent({ ...command, serviceId: undefined, command: {} }, stamp);

    assert.equal('serviceId' in event, false);
    assert.equal(event.hasServiceId, false);
  });

  it('shows nothing of a sensitive command', () => {
    const event = new CommandStartedEvent({ ...command, redacted: true, command: { pwd: 'secret' } }, stamp);

    assert.deepEqual(event.command, {});
    assert.equal(event.redacted, true);
    assert.doesNotMatch(inspect(event), /secret/);
    assert.doesNotMatch(JSON.stringify(event), /secret/);
  });

  it('becomes JSON although connection numbers of servers are bigints', () => {
    const event = new CommandStartedEvent({ ...command, command: { ping: 1 } }, stamp);

    const json = JSON.parse(JSON.stringify(event)) as Document;

    assert.equal(json['serverConnectionId'], 12);
    assert.deepEqual(json['command'], { ping: 1 });
  });
});

describe('CommandSucceededEvent', () => {
  it('decodes its reply when it is first read, and only then', () => {
    let decoded = 0;
    const reply = () => {
      decoded += 1;
      return { ok: 1 };
    };
    const event = new CommandSucceededEvent({ ...command, durationMS: 0.25, reply }, stamp);

    assert.equal(decoded, 0);
    assert.equal(event.reply, event.reply);
    assert.deepEqual(event.reply, { ok: 1 });
    assert.equal(decoded, 1);
  });

  it('does not decode the reply to a sensitive command', () => {
    const reply = () => assert.fail('decoded');
    const event = new CommandSucceededEvent({ ...command, redacted: true, durationMS: 1, reply }, stamp);

    assert.deepEqual(event.reply, {});
  });

  it('gives its duration under both names, with fractions', () => {
    const event = new CommandSucceededEvent({ ...command, durationMS: 0.25, reply: {} }, stamp);

    assert.equal(event.duration, 0.25);
    assert.equal(event.durationMS, 0.25);
  });

  it('shows its reply when it is printed', () => {
    const event = new CommandSucceededEvent({ ...command, durationMS: 1, reply: { n: 42 } }, stamp);

    assert.match(inspect(event), /CommandSucceededEvent.*n: 42/s);
  });
});

describe('CommandFailedEvent', () => {
  it('carries the failure itself', () => {
    const failure = new MongoNetworkError('connection 3 to a:27017 closed');

    const event = new CommandFailedEvent({ ...command, durationMS: 2, failure }, stamp);

    assert.equal(event.failure, failure);
    assert.equal(event.duration, 2);
  });

  it('keeps of the failure of a sensitive command only code, codeName and labels', () => {
    const failure = new MongoServerError({
      errmsg: 'bad secret',
      code: 18,
      codeName: 'AuthenticationFailed',
      pwd: 'x',
    });

    const event = new CommandFailedEvent({ ...command, redacted: true, durationMS: 2, failure }, stamp);

    const shown = event.failure;
    assert.ok(shown instanceof MongoServerError);
    assert.equal(shown.code, 18);
    assert.equal(shown.codeName, 'AuthenticationFailed');
    assert.equal('pwd' in shown, false);
    assert.doesNotMatch(shown.message, /secret/);
  });
});

describe('events of a pool', () => {
  it('leave out what does not apply', () => {
    const fields = { address: 'a:27017', connectionId: 1, reason: 'idle', error: undefined } as const;

    const event = new ConnectionClosedEvent(fields, stamp);

    assert.ok(event instanceof ConnectionPoolMonitoringEvent);
    assert.equal('error' in event, false);
    assert.deepEqual(Object.assign({}, event), {
      sequence: 7,
      time: stamp.time,
      address: 'a:27017',
      connectionId: 1,
      reason: 'idle',
    });
  });

  it('may carry the counts of the pool', () => {
    const pool = { total: 3, idle: 1, inUse: 1, pending: 1, draining: 0, waitQueueLength: 4, generation: 2 };

    const event = new ConnectionCheckedOutEvent({ address: 'a:27017', connectionId: 1, durationMS: 5, pool }, stamp);

    assert.deepEqual(event.pool, pool);
  });
});

describe('events of monitoring', () => {
  it('give heartbeats the connectionId and the duration of the official driver', () => {
    const fields = { address: 'a:27017', awaited: true, durationMS: 1.5, reply: { ok: 1 }, driverConnectionId: 2 };

    const event = new ServerHeartbeatSucceededEvent(fields, stamp);

    assert.equal(event.connectionId, 'a:27017');
    assert.equal(event.duration, 1.5);
    assert.equal(event.driverConnectionId, 2);
  });

  it('list the host names of SRV records', () => {
    const event = new SrvPollingEvent({ srvRecords: [{ name: 'db1.example.com', port: 27018 }] }, stamp);

    assert.deepEqual([...event.hostnames()], ['db1.example.com:27018']);
  });
});
