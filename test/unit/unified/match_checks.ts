import assert from 'node:assert/strict';
import { EJSON, UUID } from 'bson';
import { type Level, type MatchContext, match } from '../../spec/unified/matching.js';

export const LSID = { id: new UUID('00112233-4455-6677-8899-aabbccddeeff') };

export const CONTEXT: MatchContext = {
  entities: new Map<string, unknown>([
    ['id', 7],
    ['document', { x: 1 }],
  ]),
  lsidOf: name => (name === 'session0' ? LSID : undefined),
};

/** What stands in a file, as the runner parses it. */
export const parsed = (text: string): unknown => EJSON.parse(text, { relaxed: false });

export const matches = (expected: unknown, actual: unknown, level: Level = 'root') =>
  assert.equal(match(expected, actual, CONTEXT, level), null);
export const differs = (expected: unknown, actual: unknown, message: RegExp | string, level: Level = 'root') => {
  const mismatch = match(expected, actual, CONTEXT, level) ?? 'they match';
  if (typeof message === 'string') assert.equal(mismatch, message);
  else assert.match(mismatch, message);
};
