import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { ListenerGuard } from '../../../src/sinks/listener_guard.js';
import { quiet } from '../../support/scripted_server.js';

const bug = new Error('a bug of the program');
const throws = () => {
  throw bug;
};

function warningsOf(t: TestContext): string[] {
  const warnings: string[] = [];
  t.mock.method(process, 'emitWarning', (text: string) => void warnings.push(text));
  return warnings;
}

describe('ListenerGuard with a handler of the program', () => {
  it('tells it of every failure, with the name of the event, and warns of none', async t => {
    const warnings = warningsOf(t);
    const told: [unknown, string][] = [];
    const guard = new ListenerGuard((error, eventName) => void told.push([error, eventName]));

    guard.call('commandStarted', throws, {}, []);
    guard.call('commandStarted', throws, {}, []);
    guard.call('commandFailed', () => Promise.reject(bug), {}, []);
    await quiet();

    assert.deepEqual(told, [
      [bug, 'commandStarted'],
      [bug, 'commandStarted'],
      [bug, 'commandFailed'],
    ]);
    assert.deepEqual(warnings, []);
  });

  for (const [how, handler] of [
    ['throws', throws],
    ['rejects', () => Promise.reject(bug)],
  ] as [string, () => void][]) {
    it(`warns once of a handler that ${how} itself`, async t => {
      const warnings = warningsOf(t);
      const guard = new ListenerGuard(handler);

      guard.call('commandStarted', throws, {}, []);
      guard.call('commandStarted', throws, {}, []);
      await quiet();

      assert.equal(warnings.length, 1);
      assert.match(warnings[0]!, /"commandStarted" failed.*a bug of the program/s);
    });
  }
});
