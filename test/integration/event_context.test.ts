import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, it } from 'node:test';
import type { Document } from '../../src/bson/index.js';
import { ClientHarness } from '../support/client_harness.js';
import { quiet } from '../support/scripted_server.js';

const caller = new AsyncLocalStorage<string>();

describe('the asynchronous context of listeners', () => {
  it('is that of the caller when another operation hands the connection on', async () => {
    await using harness = await ClientHarness.connected({ maxPoolSize: 1 }, { checksEvents: true });
    const items = harness.client.db('shop').collection('items');
    const seen: string[] = [];
    harness.client.on('connectionCheckedOut', ({ operationName }) => {
      seen.push(`${operationName} in ${String(caller.getStore())}`);
    });

    const first = caller.run('first', () => items.findOne({}));
    await quiet();
    const second = caller.run('second', () => items.insertOne({}));
    await quiet();
    harness.answer = () => ({ ok: 1, n: 1 });
    harness.received[0]!.reply({ ok: 1, cursor: { id: 0n, ns: 'shop.items', firstBatch: [] } });
    await Promise.all([first, second]);

    assert.deepEqual(seen, ['findOne in first', 'insertOne in second']);
  });
});

describe('what an operation caused', () => {
  it('names the operation: also what its error does to the server and the pool', async () => {
    await using harness = await ClientHarness.connected({ retryReads: false }, { checksEvents: true });
    const { client } = harness;
    const seen: string[] = [];
    const note = (event: { name: string; operationName?: string; operationId?: number; attempt?: number }) => {
      seen.push(`${event.name} ${String(event.operationName)} ${typeof event.operationId} ${String(event.attempt)}`);
    };
    client.on('serverDescriptionChanged', note);
    client.on('topologyDescriptionChanged', note);
    client.on('connectionPoolCleared', note);
    client.on('connectionClosed', note);
    harness.answer = () => ({ ok: 0, code: 91, codeName: 'ShutdownInProgress', errmsg: 'going down' });

    await assert.rejects(client.db('shop').collection('items').findOne({}), { code: 91 });

    assert.deepEqual(seen.slice(0, 3), [
      'serverDescriptionChanged findOne number 1',
      'topologyDescriptionChanged findOne number 1',
      'connectionPoolCleared findOne number 1',
    ]);
  });
});

describe('the option redact', () => {
  const hideNames = (_commandName: string, document: Document): Document => {
    for (const of of ['filter', 'documents']) if (of in document) document[of] = '***';
    if ('cursor' in document) document['cursor'] = '***';
    return document;
  };

  it('decides what events show of commands and replies, and changes nothing of what is sent and returned', async () => {
    await using harness = await ClientHarness.connected({ redact: hideNames });
    const { client } = harness;
    const shown: Document[] = [];
    client.on('commandStarted', event => shown.push(event.command));
    client.on('commandSucceeded', event => shown.push(event.reply));
    harness.answer = () => ({ ok: 1, cursor: { id: 0n, ns: 'shop.items', firstBatch: [{ name: 'Ann' }] } });

    const found = await client.db('shop').collection('items').findOne({ name: 'Ann' });

    assert.deepEqual(found, { name: 'Ann' });
    assert.deepEqual(harness.received.at(-1)?.body['filter'], { name: 'Ann' });
    assert.equal(shown.length, 2);
    assert.doesNotMatch(JSON.stringify(shown), /Ann/);
    assert.equal(shown[0]!['find'], 'items');
  });

  for (const [how, redact] of [
    ['throws', () => assert.fail('a bug of the program')],
    ['returns no document', () => undefined as unknown as Document],
    [
      'is an async function, whose rejection would end the process',
      () => Promise.reject(new Error('late')) as Document,
    ],
  ] as const) {
    it(`shows nothing when it ${how}`, async () => {
      await using harness = await ClientHarness.connected({ redact });
      const { client } = harness;
      const shown: Document[] = [];
      client.on('commandStarted', event => shown.push(event.command));
      client.on('commandSucceeded', event => shown.push(event.reply));
      harness.answer = () => ({ ok: 1, cursor: { id: 0n, ns: 'shop.items', firstBatch: [] } });

      await client.db('shop').collection('items').findOne({ name: 'Ann' });

      assert.deepEqual(shown, [{}, {}]);
    });
  }
});
