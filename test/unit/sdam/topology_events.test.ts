import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { systemRandom } from '../../../src/runtime/random.js';
import { TopologyEvents } from '../../../src/sdam/topology_events.js';
import { EventRecorder } from '../../support/event_recorder.js';
import { FakeClock } from '../../support/fake_clock.js';

function topologyIdFrom(bytes: Uint8Array): number {
  const publisher = new EventRecorder().publisher(new FakeClock());
  return new TopologyEvents(publisher, { next: () => 0, bytes: () => bytes }).topologyId;
}

describe('the id of a topology', () => {
  it('is a number that JSON and logs keep exactly', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 7, maxLength: 7 }), bytes => {
        const id = topologyIdFrom(bytes);
        assert.ok(Number.isSafeInteger(id) && id >= 0, String(id));
      }),
    );
    assert.equal(topologyIdFrom(new Uint8Array(7).fill(0xff)), Number.MAX_SAFE_INTEGER);
  });

  it('differs between topologies, of other processes too, which no counter could do', () => {
    const publisher = new EventRecorder().publisher(new FakeClock());
    const ids = Array.from({ length: 1000 }, () => new TopologyEvents(publisher, systemRandom).topologyId);

    assert.equal(new Set(ids).size, ids.length);
    // Were they counted, the first of this process would be small, as that of every other process.
    assert.ok(Math.max(...ids) > 2 ** 32);
  });
});
