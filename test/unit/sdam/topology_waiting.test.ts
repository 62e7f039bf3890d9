import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import { readPreferenceSelector, type ServerSelector, writableSelector } from '../../../src/sdam/server_selection.js';
import { quiet } from '../../support/scripted_server.js';
import { member, primaryMember, TopologyHarness } from '../../support/topology_harness.js';

const ALONE = { hosts: ['a:27017'] };

/** A set of one secondary whose monitor is asked again after 500 ms. */
async function waitingFor(selector: ServerSelector, count: number) {
  const harness = new TopologyHarness({ hosts: ['a:27017'], replicaSet: 'rs' });
  harness.hellos.set('a:27017', member('a:27017', ALONE));
  harness.topology.open();
  await quiet();
  const outcomes: string[] = [];
  const waiting = Array.from({ length: count }, async () => {
    const { address } = await harness.topology.select(harness.request({ selector }, harness.deadline()));
    outcomes.push(address);
  });
  return { harness, outcomes, waiting: Promise.allSettled(waiting) };
}

describe('operations that wait for the same', () => {
  it('are looked at once when the description changes, and not one by one', async () => {
    let looks = 0;
    const selector: ServerSelector = (topology, candidates) => {
      looks++;
      return writableSelector(topology, candidates);
    };
    const { harness, outcomes, waiting } = await waitingFor(selector, 100);
    harness.hellos.set('a:27017', member('a:27017', { ...ALONE, tags: { dc: 'east' } }));

    await harness.clock.advance(500);
    await quiet();

    assert.equal(looks, 1);
    harness.hellos.set('a:27017', primaryMember('a:27017', ALONE));
    await harness.clock.advance(500);
    await waiting;
    assert.equal(looks, 2);
    assert.equal(outcomes.length, 100);
    harness.topology.close();
  });

  it('are told one by one, and one whose time a listener ends is not served', async () => {
    const { harness, outcomes, waiting } = await waitingFor(writableSelector, 2);
    harness.hellos.set('a:27017', primaryMember('a:27017', ALONE));
    const abort = new AbortController();
    const third = harness.topology.select(harness.request({}, harness.deadline(undefined, abort.signal)));
    const aborted = assert.rejects(third, { name: 'AbortError' });
    harness.events.emitter.once('serverSelectionSucceeded', () => abort.abort());

    await harness.clock.advance(500);

    await aborted;
    await waiting;
    assert.equal(outcomes.length, 2);
    assert.equal(harness.events.count('serverSelectionSucceeded'), 2);
    harness.topology.close();
    assert.equal(harness.clock.pendingTimers, 0);
  });

  it('are those with the same read preference', () => {
    const nearest = new ReadPreference('nearest');

    assert.equal(readPreferenceSelector(nearest), readPreferenceSelector(nearest));
    assert.notEqual(readPreferenceSelector(nearest), readPreferenceSelector(new ReadPreference('nearest')));
  });
});
