import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MonitoringEvent } from '../../../src/events/event.js';
import { MONITORING_EVENTS } from '../../../src/events/event_map.js';
import { command, stamp } from './support.js';

describe('every event', () => {
  for (const [name, EventClass] of Object.entries(MONITORING_EVENTS)) {
    it(`${name} is frozen, stamped, and knows its name`, () => {
      const make = EventClass as unknown as new (...parts: object[]) => MonitoringEvent;
      const fields = { ...command, failure: new Error('x'), durationMS: 1, attempts: [] };

      // The stamp comes last, and between them what the events of one command do not share.
      const event = new make(fields, ...Array.from({ length: make.length - 2 }, () => ({})), stamp);

      assert.ok(event instanceof MonitoringEvent);
      assert.ok(Object.isFrozen(event));
      assert.equal(event.name, name);
      assert.equal(event.sequence, 7);
      assert.equal(event.time, stamp.time);
      assert.equal(event.monotonicTimeMS, stamp.monotonicTimeMS);
    });
  }
});
