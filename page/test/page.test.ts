import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { MongoClient, type MongoClientOptions } from 'mongotempo';
import { monitorPage } from 'mongotempo-monitor';
import { TestCluster } from 'mongotempo-server';
import { chromiumPath, TestBrowser } from './browser.js';

const path = chromiumPath();
const skip = path === undefined ? 'there is no Chromium here (apt-get install chromium, or CHROMIUM_PATH)' : false;

/** A client of a replica set, its page in the browser, and what ends all of it. */
async function open(browser: TestBrowser, options: MongoClientOptions) {
  const cluster = await TestCluster.start({ topology: 'replicaset' });
  const client = new MongoClient(cluster.uri, {
    statistics: true,
    heartbeatFrequencyMS: 500,
    appName: 'page test',
    ...options,
  });
  const page = await monitorPage(client);
  const close = async (): Promise<void> => {
    // The browser leaves first: a page that has lost its server complains.
    await browser.page.goto('about:blank');
    await page.close();
    await client.close();
    await cluster.stop();
  };
  try {
    await client.connect();
    browser.complaints.length = 0;
    await browser.page.setViewport({ width: 1280, height: 900 });
    await browser.page.goto(page.url);
    await browser.until('Number(document.body.dataset.shown) >= 2');
  } catch (error) {
    await close();
    throw error;
  }
  const orders = client.db('shop').collection<{ _id?: number; secret?: string }>('orders');
  return { cluster, client, orders, [Symbol.asyncDispose]: close };
}

/** Callers that do the same again and again until they are stopped. */
function load(callers: number, run: () => Promise<unknown>) {
  let isEnding = false;
  const call = async (): Promise<void> => {
    while (!isEnding) await run().catch(() => null);
  };
  const calls = Promise.all(Array.from({ length: callers }, call));
  const stop = async (): Promise<void> => {
    isEnding = true;
    await calls;
  };
  return { stop, [Symbol.asyncDispose]: stop };
}

describe('the page in a browser', { skip }, () => {
  let browser: TestBrowser;

  before(async () => {
    browser = await TestBrowser.start(path!);
  });

  after(async () => {
    await browser[Symbol.asyncDispose]();
  });

  it('shows an idle set: members, round trips and heartbeats', async () => {
    await using setup = await open(browser, {});
    await browser.until("document.querySelectorAll('.heartbeat').length === 3");
    const text = await browser.text();

    assert.match(text, /ReplicaSetWithPrimary/);
    assert.equal(text.match(/RSSecondary/g)?.length, 2);
    assert.equal((await browser.page.$$('.server .gauge')).length, setup.client.poolStats().length);
    assert.equal(await browser.text('#connection'), 'live');
    assert.deepEqual(await browser.pictures('idle'), [0, 0], 'the page is not wider than its window');
    assert.deepEqual(browser.complaints, []);
  });

  it('shows a load: throughput, latencies, methods, the slowest operations with their stages, and the events of one of them', async () => {
    await using setup = await open(browser, { maxPoolSize: 4 });
    const { orders, cluster } = setup;
    cluster.node(0).network.delay({ toClientMS: 3 });
    await using work = load(8, async () => {
      await orders.insertOne({ secret: 'do-not-show' });
      await orders.findOne({});
    });
    await browser.until("document.querySelectorAll('#slowest .operation').length === 10");
    await browser.until("document.querySelector('#methods').innerText.includes('findOne')");
    const drawn = Number(await browser.page.evaluate("document.querySelectorAll('.chart canvas').length"));
    await browser.until('Number(document.body.dataset.shown) >= 6');
    const overflows = await browser.pictures('load');
    await browser.page.click('#pause');
    await browser.page.click("::-p-xpath(//div[@id='slowest']//div[b='findOne' or b='insertOne']/button)");
    const id = String(await browser.page.evaluate("document.querySelector('#filter').value"));
    const ids = (await browser.page.evaluate(
      "[...document.querySelectorAll('.event span:nth-child(2)')].map(span => span.textContent)",
    )) as string[];
    await work.stop();

    assert.equal(drawn, 3);
    assert.match(id, /^\d+$/);
    assert.deepEqual([...new Set(ids)], [`#${id}`], 'the events of that operation, and no others');
    assert.match(await browser.text('#slowest'), /checkOut|read/);
    assert.doesNotMatch(await browser.text(), /do-not-show/);
    assert.deepEqual(overflows, [0, 0], 'the page is not wider than its window');
    assert.deepEqual(browser.complaints, []);
  });

  it('shows a failover: the new primary, what happened to servers, and retries', async () => {
    await using setup = await open(browser, {});
    const { orders, cluster } = setup;
    await orders.insertOne({});
    await cluster.node(0).kill();
    await orders.insertOne({});
    await browser.until("document.querySelector('#servers').innerText.includes('Unknown')");
    await browser.until("document.querySelector('#servers').innerText.includes('RSPrimary')");
    await browser.until("document.querySelectorAll('.heartbeat .failed').length > 0");

    assert.match(await browser.text('#events'), /RSPrimary → Unknown|RSSecondary → RSPrimary/);
    assert.deepEqual(await browser.pictures('failover'), [0, 0], 'the page is not wider than its window');
    assert.deepEqual(browser.complaints, []);
  });

  it('shows an exhausted pool: who waits, timeouts by phase, and where the time of the failed operations went', async () => {
    await using setup = await open(browser, { maxPoolSize: 2 });
    const { orders, client } = setup;
    await client.db('admin').command({
      configureFailPoint: 'failCommand',
      mode: 'alwaysOn',
      data: { failCommands: ['find'], blockConnection: true, blockTimeMS: 300 },
    });
    await using work = load(12, () => orders.findOne({}, { timeoutMS: 400 }));
    await browser.until("document.querySelectorAll('#failed .operation').length === 10");
    await browser.until("document.querySelector('#timeouts').innerText.includes('checkOut')");
    await browser.until("document.querySelector('.tile.bad') !== null");
    const overflows = await browser.pictures('exhausted');
    const failed = await browser.text('#failed');
    await work.stop();
    await client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });

    assert.match(failed, /MongoOperationTimeoutError/);
    assert.match(failed, /checkOut/);
    assert.deepEqual(overflows, [0, 0], 'the page is not wider than its window');
    assert.deepEqual(browser.complaints, []);
  });
});
