import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isRepeatable, positionOf, type Run, runsOf, type Write } from '../../../src/bulk/runs.js';

const insert = (_id: number): Write => ({ kind: 'insert', statement: { _id }, change: null });
const update = (multi = false): Write => ({
  kind: 'update',
  statement: { q: {}, u: {}, ...(multi && { multi }) },
  change: 'update',
});
const remove = (limit: 0 | 1): Write => ({ kind: 'delete', statement: { q: {}, limit }, change: null });

function shape(runs: readonly Run[]): unknown[] {
  return runs.map(run => [run.kind, ...run.statements.map((_, index) => positionOf(run, index))]);
}

describe('runsOf', () => {
  it('keeps the order: a new run begins wherever the kind changes', () => {
    const writes = [insert(1), insert(2), update(), insert(3), remove(1), remove(0)];

    assert.deepEqual(shape(runsOf(writes, true)), [
      ['insert', 0, 1],
      ['update', 2],
      ['insert', 3],
      ['delete', 4, 5],
    ]);
  });

  it('has one run of each kind if the order does not matter, with the positions of its writes', () => {
    const writes = [update(), insert(1), remove(1), insert(2), update()];

    assert.deepEqual(shape(runsOf(writes, false)), [
      ['insert', 1, 3],
      ['update', 0, 4],
      ['delete', 2],
    ]);
  });

  it('has no runs without writes', () => {
    assert.deepEqual([runsOf([], true), runsOf([], false)], [[], []]);
  });
});

describe('isRepeatable', () => {
  const runOf = (...writes: Write[]): Run => runsOf(writes, true)[0]!;

  it('says no to writes of many documents', () => {
    assert.equal(isRepeatable(runOf(update(), update(true)), 0), false);
    assert.equal(isRepeatable(runOf(remove(1), remove(0)), 0), false);
  });

  it('says yes to inserts and to writes of one document', () => {
    assert.equal(isRepeatable(runOf(insert(1)), 0), true);
    assert.equal(isRepeatable(runOf(update(), update()), 0), true);
    assert.equal(isRepeatable(runOf(remove(1)), 0), true);
  });

  it('says yes to inserts of documents with fields that mean many documents in other commands', () => {
    const document = { multi: true, limit: 0 };

    assert.equal(isRepeatable(runOf({ kind: 'insert', statement: document, change: null }), 0), true);
  });

  it('does not look at what another command has taken or will take', () => {
    assert.equal(isRepeatable(runOf(update(true), update()), 1), true);
    const many = Array.from({ length: 100_000 }, () => update());
    assert.equal(isRepeatable(runOf(...many, update(true)), 0), true);
  });
});
