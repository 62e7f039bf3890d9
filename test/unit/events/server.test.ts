import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ServerHeartbeatSucceededEvent } from '../../../src/events/server.js';
import { SrvPollingEvent } from '../../../src/events/topology.js';
import { stamp } from './support.js';

describe('events of monitoring', () => {
  it('give heartbeats the connectionId and the duration of the official driver', () => {
    const fields = {
      topologyId: 1,
      address: 'a:27017',
      awaited: true,
      durationMS: 1.5,
      reply: { ok: 1 },
      driverConnectionId: 2,
    };

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
