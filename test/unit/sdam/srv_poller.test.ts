import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TopologyType } from '../../../src/description/types.js';
import { SrvPoller } from '../../../src/sdam/srv_poller.js';
import { FakeClock } from '../../support/fake_clock.js';

function harness(answer: (scan: number) => readonly string[] | Error) {
  const clock = new FakeClock();
  const applied: (readonly string[])[] = [];
  const state = { scans: 0, type: TopologyType.Unknown as TopologyType };
  const topology = {
    get description() {
      return { type: state.type };
    },
    applySrvHosts: (hosts: readonly string[]) => applied.push(hosts),
  };
  const lookUp = (): Promise<readonly string[]> => {
    const found = answer(++state.scans);
    return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
  };
  const poller = new SrvPoller({ heartbeatFrequencyMS: 10_000 }, { clock, topology, lookUp });
  poller.start();
  return { clock, applied, state, poller };
}

describe('SrvPoller', () => {
  it('reads the records again 60 s after the last time, and tells what they name', async () => {
    const { clock, applied, state } = harness(scan => [`db${scan}:27017`]);
    await clock.advance(59_999);
    assert.equal(state.scans, 0);
    await clock.advance(1);
    state.type = TopologyType.Sharded;
    await clock.advance(60_000);

    assert.deepEqual(applied, [['db1:27017'], ['db2:27017']]);
  });

  for (const [what, answer] of [
    ['when DNS fails', new Error('queryTimeout')],
    ['when it names no host that may be used', []],
  ] as const) {
    it(`changes nothing ${what}, and asks every heartbeatFrequencyMS until that ends`, async () => {
      const { clock, applied, state } = harness(scan => (scan < 3 ? answer : ['db1:27017']));
      await clock.advance(60_000);
      await clock.advance(10_000);
      assert.equal(state.scans, 2);
      assert.equal(applied.length, 0);
      await clock.advance(10_000);
      assert.deepEqual(applied, [['db1:27017']]);
      await clock.advance(59_999);
      assert.equal(state.scans, 3);
    });
  }

  for (const type of [TopologyType.ReplicaSetWithPrimary, TopologyType.Single, TopologyType.LoadBalanced]) {
    it(`asks no more once the deployment is known to be ${type}`, async () => {
      const { clock, state } = harness(() => ['db1:27017']);
      state.type = type;
      await clock.advance(60_000);

      assert.equal(state.scans, 0);
      assert.equal(clock.pendingTimers, 0);
    });
  }

  it('leaves no timer behind when it is closed, and does nothing with an answer that is late', async () => {
    const { clock, applied, poller } = harness(() => ['db1:27017']);
    poller.close();
    assert.equal(clock.pendingTimers, 0);

    const late = harness(() => ['db1:27017']);
    late.clock.advance(60_000).catch(() => undefined);
    late.poller.close();
    await late.clock.advance(0);
    assert.deepEqual([...applied, ...late.applied], []);
  });
});
