import assert from 'node:assert/strict';
import { get, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { MongoClient } from 'mongotempo';
import { type MonitorPage, monitorPage } from 'mongotempo-monitor';
import { TestCluster } from 'mongotempo-server';
import { isOwnHost } from '../src/web_server.js';

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A request by hand: `fetch` does not let the Host be set. */
function ask({ port }: MonitorPage, options: RequestOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, ...options }, response => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => (body += part));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
    });
    asked.on('error', reject).end();
  });
}

/** What a client listens to itself. */
const OWN_EVENTS = new MongoClient('mongodb://127.0.0.1:1').eventNames();

/** A page of a client that is not connected. */
async function pageOfIdleClient() {
  const client = new MongoClient('mongodb://127.0.0.1:1');
  const page = await monitorPage(client);
  return { client, page, [Symbol.asyncDispose]: () => page.close() };
}

/** The events of a stream, until one has been read that is wanted. */
function readStream({ port }: MonitorPage, isWanted: (name: string, data: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = get({ host: '127.0.0.1', port, path: '/stream' }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        for (const block of text.split('\n\n').slice(0, -1)) {
          const [name = '', data = ''] = block.split('\n').map(line => line.replace(/^(?:event|data): /, ''));
          if (!isWanted(name, data)) continue;
          resolve(data);
          asked.destroy();
          return;
        }
      });
    });
    asked.on('error', reject);
  });
}

describe('isOwnHost', () => {
  it('takes loopback with the port, and no other name', () => {
    for (const host of ['127.0.0.1:8080', 'localhost:8080']) assert.equal(isOwnHost(host, 8080), true, host);
    for (const host of [
      '127.0.0.1',
      '127.0.0.1:80',
      'evil.example:8080',
      '127.0.0.1:8080.evil.example',
      '',
      undefined,
    ]) {
      assert.equal(isOwnHost(host, 8080), false, host);
    }
  });
});

describe('the server of the page', () => {
  it('serves the page and all that it names, and lets it load nothing from elsewhere', async () => {
    await using setup = await pageOfIdleClient();
    const { status, headers, body } = await ask(setup.page);

    assert.equal(status, 200);
    assert.match(String(headers['content-security-policy']), /default-src 'none'.*frame-ancestors 'none'/);
    assert.doesNotMatch(body, /https?:/);
    const names = [...body.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, name]) => name!);
    assert.deepEqual(names.sort(), ['/page.css', '/page.js', '/uplot.css', '/uplot.js']);
    for (const path of names) assert.equal((await ask(setup.page, { path })).status, 200, path);
  });

  it('refuses a request under another name, also for the stream: a web site may let its name point here', async () => {
    await using setup = await pageOfIdleClient();
    for (const path of ['/', '/stream', '/page.js']) {
      const { status, body } = await ask(setup.page, { path, headers: { Host: `evil.example:${setup.page.port}` } });
      assert.equal(status, 403, path);
      assert.doesNotMatch(body, /mongotempo/);
    }
  });

  it('refuses what another site asks for through a browser', async () => {
    await using setup = await pageOfIdleClient();

    assert.equal((await ask(setup.page, { path: '/stream', headers: { 'Sec-Fetch-Site': 'cross-site' } })).status, 403);
    assert.equal((await ask(setup.page, { headers: { 'Sec-Fetch-Site': 'none' } })).status, 200);
  });

  it('refuses every method that is not for reading', async () => {
    await using setup = await pageOfIdleClient();
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      assert.equal((await ask(setup.page, { method })).status, 405, method);
    }
    assert.deepEqual(await ask(setup.page, { method: 'HEAD' }).then(({ status, body }) => [status, body]), [200, '']);
  });

  it('has no other files, whatever the path looks like', async () => {
    await using setup = await pageOfIdleClient();
    for (const path of [
      '/package.json',
      '/../package.json',
      '/%2e%2e/package.json',
      '/assets/page.js',
      '//page.js',
      '/__proto__',
    ]) {
      assert.equal((await ask(setup.page, { path })).status, 404, path);
    }
  });

  it('is only on 127.0.0.1, with the port that was asked for', async () => {
    const probe = createServer();
    const port = await new Promise<number>(resolve => {
      probe.listen(0, '127.0.0.1', () => resolve((probe.address() as { port: number }).port));
    });
    const client = new MongoClient('mongodb://127.0.0.1:1');
    await assert.rejects(monitorPage(client, { port }), { code: 'EADDRINUSE' });
    await new Promise(resolve => probe.close(resolve));
    assert.deepEqual(client.eventNames(), OWN_EVENTS, 'a page that did not come leaves no listeners');
    await using page = await monitorPage(client, { port });

    assert.equal(page.url, `http://127.0.0.1:${port}/`);
  });

  it('refuses a port that is none', async () => {
    const client = new MongoClient('mongodb://127.0.0.1:1');
    await assert.rejects(monitorPage(client, { port: 70_000 }), { name: 'TypeError', message: /65535, got 70000/ });
  });

  it('takes its listeners from the client when it closes, and listens to every operation only while a page is open', async () => {
    const client = new MongoClient('mongodb://127.0.0.1:1');
    const page = await monitorPage(client);
    const count = () => client.listenerCount('commandStarted');

    assert.equal(count(), 0);
    const seen = readStream(page, name => name === 'history').then(() => count());
    assert.equal(await seen, 1);
    await page.close();
    assert.deepEqual(client.eventNames(), OWN_EVENTS);
  });
});

describe('the stream of the page', () => {
  it('has the state each second: topology, pools, figures and events, and neither documents nor what servers say of them', async () => {
    await using cluster = await TestCluster.start({ topology: 'replicaset' });
    await using client = new MongoClient(cluster.uri, { statistics: true });
    await using page = await monitorPage(client);
    const orders = client.db('shop').collection<{ _id: string }>('orders');
    await client.connect();
    const reading = readStream(page, (name, data) => name === 'state' && data.includes('operationFailed'));
    await readStream(page, name => name === 'state');
    await orders.insertOne({ _id: 'do-not-show' });
    await assert.rejects(orders.insertOne({ _id: 'do-not-show' }), /do-not-show/);
    const data = await reading;
    const state = JSON.parse(data) as {
      topology: { servers: unknown[] };
      pools: unknown[];
      operations: { succeeded: number; failed: number };
      failed: { name: string; failure: string; stages: { stage: string }[]; events: { name: string }[] }[];
    };

    assert.doesNotMatch(data, /do-not-show|E11000/);
    assert.equal(state.topology.servers.length, 3);
    assert.equal(state.pools.length, 3);
    assert.equal(state.operations.failed, 1);
    const [failed] = state.failed;
    assert.deepEqual([failed?.name, failed?.failure], ['insertOne', 'MongoServerError 11000']);
    assert.ok((failed?.stages.length ?? 0) > 0);
    assert.ok(failed?.events.some(({ name }) => name === 'commandStarted'));
  });

  it('has no figures of a client that does not count, and the rest all the same', async () => {
    await using setup = await pageOfIdleClient();
    const state = JSON.parse(await readStream(setup.page, name => name === 'state')) as Record<string, unknown>;

    assert.deepEqual(
      [state['counts'], state['operations'], state['topology'], state['pools']],
      [false, null, null, []],
    );
  });
});
