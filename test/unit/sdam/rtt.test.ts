import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RoundTripTimes } from '../../../src/sdam/rtt.js';

const after = (...samples: number[]) => samples.reduce((times, sample) => times.add(sample, 0), RoundTripTimes.none);

describe('RoundTripTimes', () => {
  it('knows nothing at first', () => {
    assert.equal(RoundTripTimes.none.average, -1);
    assert.equal(RoundTripTimes.none.minimum, 0);
  });

  it('begins with the first sample and then moves by a fifth', () => {
    assert.equal(after(10).average, 10);
    assert.equal(after(10, 20).average, 12);
  });

  it('has no minimum before the second sample', () => {
    assert.equal(after(10).minimum, 0);
    assert.equal(after(10, 20).minimum, 10);
  });

  it('forgets all but the last ten samples', () => {
    assert.equal(after(1, ...Array.from({ length: 9 }, () => 5)).minimum, 1);
    assert.equal(after(1, ...Array.from({ length: 10 }, () => 5)).minimum, 5);
  });

  it('leaves the time for which the event loop was busy out of the minimum, and only there', () => {
    const times = RoundTripTimes.none.add(30, 28).add(31, 28).add(5, 9);

    assert.equal(times.minimum, 0);
    assert.equal(RoundTripTimes.none.add(30, 28).add(31, 28).minimum, 2);
    assert.equal(RoundTripTimes.none.add(30, 28).average, 30);
  });

  it('never changes', () => {
    const times = after(10, 20);
    times.add(1, 0);

    assert.equal(times.minimum, 10);
    assert.ok(Object.isFrozen(times));
  });
});
