import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { saslprep as judge } from '@mongodb-js/saslprep';
import { saslprep } from '../../../src/auth/saslprep.js';

// The errors' stacks would take most of the time.
Error.stackTraceLimit = 0;

/** What is made of a text; null if it is refused. */
function outcome(prepare: (text: string) => string, text: string): string | null {
  try {
    return prepare(text);
  } catch {
    return null;
  }
}

describe('SASLprep', () => {
  it('prepares the examples of RFC 4013', () => {
    assert.equal(saslprep('I\u00adX'), 'IX');
    assert.equal(saslprep('user'), 'user');
    assert.equal(saslprep('USER'), 'USER');
    assert.equal(saslprep('\u00aa'), 'a');
    assert.equal(saslprep('\u2168'), 'IX');
    assert.throws(() => saslprep('\u0007'), /prohibited/);
    assert.throws(() => saslprep('\u0627\u0031'), /begin and end/);
  });

  it('prepares a password of which nothing is left', () => assert.equal(saslprep('\u00ad'), ''));

  for (const [where, before, after] of [
    ['among ASCII', 'a', 'b'],
    ['among letters from right to left', '\u05d0', '\u05d0'],
  ] as const) {
    it(`does with each code point ${where} as the package @mongodb-js/saslprep`, () => {
      for (let point = 0; point <= 0x10ffff; point += point > 0x30000 && point < 0xe0000 ? 251 : 1) {
        const text = before + String.fromCodePoint(point) + after;
        const prepared = outcome(saslprep, text);
        if (prepared !== outcome(judge, text)) assert.equal(prepared, outcome(judge, text), `U+${point.toString(16)}`);
      }
    });
  }
});
