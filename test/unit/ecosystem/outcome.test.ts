import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compare, type Outcome, type Reason, unused } from '../../../ecosystem/outcome.js';

/** Names of checks; those that begin with `!` failed. */
function outcomeOf(...names: readonly string[]): Outcome {
  const checks = names.map(name => (name.startsWith('!') ? { name: name.slice(1), error: 'it failed' } : { name }));
  return { checks, tookMS: 1, output: '' };
}

const REASON: Reason = { program: 'lib', check: 'streams *', fails: 'mongotempo', reason: 'there are none' };
const namesOf = (findings: readonly { check: string }[]): string[] => findings.map(({ check }) => check);

describe('the comparison of two drivers', () => {
  it('finds nothing where every check holds with both', () => {
    const { differences, better, broken, holds } = compare('lib', outcomeOf('a', 'b'), outcomeOf('a', 'b'));
    assert.deepEqual([differences, better, broken], [[], [], []]);
    assert.deepEqual(holds, { mongodb: 2, mongotempo: 2 });
  });

  it('a check that holds with the official driver only is a difference', () => {
    assert.deepEqual(namesOf(compare('lib', outcomeOf('a', 'b'), outcomeOf('a', '!b')).differences), ['b']);
  });

  it('a check that did not run with ours is a difference', () => {
    const { differences } = compare('lib', outcomeOf('a', 'b'), outcomeOf('a'));
    assert.deepEqual(
      differences.map(({ check, error }) => [check, error]),
      [['b', 'it did not run']],
    );
  });

  it('a check that only ours ran, and that failed, is a difference', () => {
    assert.deepEqual(namesOf(compare('lib', outcomeOf('a'), outcomeOf('a', '!hook')).differences), ['hook']);
  });

  it('a check that fails with both, or does not run with ours after it failed with the official one, is broken', () => {
    const { differences, broken } = compare('lib', outcomeOf('!a', '!b'), outcomeOf('!a'));
    assert.deepEqual(namesOf(differences), []);
    assert.deepEqual(namesOf(broken), ['a', 'b']);
  });

  it('a check that holds with ours only is told as such', () => {
    assert.deepEqual(namesOf(compare('lib', outcomeOf('!a'), outcomeOf('a')).better), ['a']);
  });

  it('checks of one name are compared in their order', () => {
    assert.deepEqual(namesOf(compare('lib', outcomeOf('a', 'a'), outcomeOf('a', '!a')).differences), ['a (2)']);
  });

  it('a reason goes to the checks of its program that begin as it says', () => {
    const reasonOf = (program: string, check: string): string | undefined =>
      compare(program, outcomeOf(check), outcomeOf(`!${check}`), [REASON]).differences[0]?.reason;
    assert.equal(reasonOf('lib', 'streams end'), 'there are none');
    assert.equal(reasonOf('lib', 'cursors end'), undefined);
    assert.equal(reasonOf('other', 'streams end'), undefined);
  });

  it('a reason for a failure with both is none for a difference', () => {
    const { differences } = compare('lib', outcomeOf('streams end'), outcomeOf('!streams end'), [
      { ...REASON, fails: 'both' },
    ]);
    assert.equal(differences[0]?.reason, undefined);
  });

  it('a reason that no failure asks for is unused, unless its program did not run', () => {
    assert.deepEqual(unused([REASON], new Set(['lib']), []), [REASON]);
    assert.deepEqual(unused([REASON], new Set(['other']), []), []);
    const { differences } = compare('lib', outcomeOf('streams end'), outcomeOf('!streams end'), [REASON]);
    assert.deepEqual(unused([REASON], new Set(['lib']), differences), []);
  });
});
