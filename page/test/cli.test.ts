import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { TestCluster } from 'mongotempo-server';

const command = join(dirname(require.resolve('mongotempo-monitor/package.json')), 'bin/mongotempo-monitor.js');

function start(...args: string[]) {
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines = createInterface({ input: child.stdout });
  return { child, lines };
}

describe('mongotempo-monitor', () => {
  it('serves the page of a deployment until it is told to stop', async () => {
    await using cluster = await TestCluster.start();
    const { child, lines } = start('--port', '0', '--ping-ms', '50', cluster.uri);
    const [line] = (await once(lines, 'line')) as [string];
    const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(line)?.[0];
    assert.ok(url !== undefined, line);
    assert.match(await (await fetch(url)).text(), /mongotempo monitor/);
    const stream = (await fetch(`${url}stream`)).body!.getReader();
    const decoder = new TextDecoder();
    let seen = '';
    while (!/"operations":\{"succeeded":[1-9]/.test(seen))
      seen += decoder.decode((await stream.read()).value as Uint8Array);
    await stream.cancel();
    child.kill('SIGTERM');

    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });

  it('says what is wrong with its arguments, and shows no password', async () => {
    const { child } = start('--port', 'many', 'mongodb://user:hunter2@127.0.0.1:1');
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (part: string) => (said += part));
    const [code] = (await once(child, 'close')) as [number];

    assert.equal(code, 1);
    assert.match(said, /--port must be a whole number, got many/);
    assert.doesNotMatch(said, /hunter2/);
  });
});
