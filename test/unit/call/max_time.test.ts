import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { maxTimeOf, smallerMaxTime } from '../../../src/call/max_time.js';

describe('maxTimeOf', () => {
  for (const [title, remainingMS, minRoundTripTimeMS, expected] of [
    ['sends what remains less the round trip', 500, 20, 480],
    ['rounds down, so that the server gives up first', 500.9, 20.1, 480],
    ['sends all that remains while the round trip is unknown', 500, 0, 500],
    ['never sends 0, which would mean no limit', 20.4, 20, 1],
    ['does not send when the round trip takes all that remains', 20, 20, 0],
    ['does not send when the round trip takes more than remains', 20, 21, 0],
    ['does not send when nothing remains', 0, 0, 0],
    ['sends no limit where there is none', Infinity, 20, Infinity],
    ['sends the largest limit that servers read', 2 ** 31 - 1, 0, 2 ** 31 - 1],
    ['sends no limit beyond what servers read', 2 ** 31, 0, Infinity],
  ] as const) {
    it(title, () => assert.equal(maxTimeOf(remainingMS, minRoundTripTimeMS), expected));
  }
});

describe('smallerMaxTime', () => {
  for (const [title, own, remaining, expected] of [
    ['is the smaller one', 40, 500, 40],
    ['is a whole number, and never 0, which would mean no limit', 0.5, 500, 1],
    ['is no more than servers read', 1e12, Infinity, 2 ** 31 - 1],
  ] as const) {
    it(title, () => {
      assert.equal(smallerMaxTime(own, remaining), expected);
      assert.equal(smallerMaxTime(remaining, own), expected);
    });
  }
});
