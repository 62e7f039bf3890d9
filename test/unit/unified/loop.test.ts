import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from '../../spec/unified/context.js';
import { Entities } from '../../spec/unified/entities.js';
import { TestFailure } from '../../spec/unified/failure.js';
import { runLoop } from '../../spec/unified/operations/loop.js';

const insert = { name: 'insertOne', object: 'collection0' };
const find = { name: 'find', object: 'collection0' };

/** Runs a loop of two operations of which each does in turn what the list says. */
async function loop(args: object, outcomes: readonly (Error | undefined)[]): Promise<Entities> {
  const entities = new Entities();
  const left = [...outcomes];
  const context = {
    entities,
    async runOperation() {
      const outcome = left.shift();
      if (outcome !== undefined) throw outcome;
    },
  };
  await runLoop({ operations: [insert, find], ...args }, context as unknown as TestContext);
  return entities;
}

const unexpected = new TestFailure('find: the result differs');
const failed = new TestFailure('insertOne failed', { cause: new Error('the server is gone') });

describe('a loop', () => {
  it('counts its iterations, and the operations that succeeded', async () => {
    const entities = await loop(
      { numIterations: 3, storeIterationsAsEntity: 'iterations', storeSuccessesAsEntity: 'successes' },
      [],
    );

    assert.deepEqual([entities.value('iterations'), entities.value('successes')], [3, 6]);
  });

  it('keeps errors and failures apart, and ends the iteration at the first', async () => {
    const entities = await loop(
      {
        ...{ numIterations: 3, storeErrorsAsEntity: 'errors', storeFailuresAsEntity: 'failures' },
        storeSuccessesAsEntity: 'successes',
      },
      [failed, undefined, unexpected],
    );
    const messages = (name: string): string[] =>
      (entities.value(name) as { error: string; time: number }[]).map(({ error }) => error);

    assert.deepEqual(messages('errors'), ['the server is gone']);
    assert.deepEqual(messages('failures'), ['find: the result differs']);
    assert.equal(entities.value('successes'), 3);
  });

  it('keeps both in one place when there is only one', async () => {
    const entities = await loop({ numIterations: 2, storeErrorsAsEntity: 'errors' }, [failed, unexpected]);

    assert.equal((entities.value('errors') as unknown[]).length, 2);
  });

  it('fails where nothing is kept', async () => {
    await assert.rejects(loop({ numIterations: 2 }, [unexpected]), unexpected);
  });
});
