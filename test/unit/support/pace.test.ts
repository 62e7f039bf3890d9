import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lateness } from '../../support/lateness.js';
import { paced } from '../../support/pace.js';

const late = (worstMS: number) => () => ({ worstMS, stop: () => undefined });

describe('a paced test', () => {
  it('runs once when it passes', async () => {
    const paces: number[] = [];
    await paced(async ms => void paces.push(ms(10)), late(100))();

    assert.deepEqual(paces, [10]);
  });

  it('fails at once when the machine was on time', async () => {
    const paces: number[] = [];
    const run = paced(async ms => {
      paces.push(ms(10));
      throw new Error('wrong');
    }, late(1));

    await assert.rejects(run(), /wrong/);
    assert.deepEqual(paces, [10]);
  });

  it('is run again with longer times when the machine was late', async () => {
    const paces: number[] = [];
    await paced(async ms => {
      paces.push(ms(10));
      if (ms(10) < 100) throw new Error('too short');
    }, late(20))();

    assert.deepEqual(paces, [10, 40, 160]);
  });

  it('fails when no time is long enough', async () => {
    let runs = 0;
    const run = paced(async () => {
      runs++;
      throw new Error('wrong at every pace');
    }, late(20));

    await assert.rejects(run(), /wrong at every pace/);
    assert.equal(runs, 4);
  });
});

describe('lateness', () => {
  it('is what a blocked event loop was late by, also while it is still blocked', async () => {
    const lateness = new Lateness();
    try {
      for (const end = performance.now() + 30; performance.now() < end; );
      assert.ok(lateness.worstMS >= 27, `${lateness.worstMS} ms`);
      await new Promise(resolve => setTimeout(resolve, 5));
      assert.ok(lateness.worstMS >= 27, `${lateness.worstMS} ms`);
    } finally {
      lateness.stop();
    }
  });
});
