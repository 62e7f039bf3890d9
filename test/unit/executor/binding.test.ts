import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Binding } from '../../../src/executor/binding.js';
import { EngineHarness, LOAD_BALANCED, read } from '../../support/engine_harness.js';

describe('Binding', () => {
  it('releases its session to the pool once', async () => {
    const harness = await EngineHarness.open();
    const { sessions } = harness.engine;
    const binding = new Binding(false);

    binding.releaseSession(sessions);
    assert.equal(sessions.size, 0);
    await harness.runAnswered(read(), [{ ok: 1 }], { binding });
    binding.releaseSession(sessions);
    binding.releaseSession(sessions);

    assert.equal(sessions.size, 1);
    assert.equal(binding.session, null);
    await harness.close();
  });

  it('checks its pinned connection in once, after which the next command takes any connection', async () => {
    const harness = await EngineHarness.open(LOAD_BALANCED);
    const binding = new Binding(true);
    const { pool } = harness.serverAt('lb:27017');

    binding.unpin();
    await harness.runAnswered(read(), [{ ok: 1 }], { binding });
    assert.equal(pool.stats().inUse, 1);
    binding.unpin();
    binding.unpin();

    assert.equal(binding.pinned, null);
    assert.equal(pool.stats().inUse, 0);
    assert.equal(pool.stats().idle, 1);
    assert.equal(harness.events.count('connectionCheckedIn'), 1);
    await harness.close();
  });
});
