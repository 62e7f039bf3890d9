import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoClient } from '../support/checked_client.js';
import { failCommand, withServer } from '../support/cluster.js';

describe('the stack of an error', () => {
  async function stackOf(call: () => Promise<unknown>): Promise<string> {
    try {
      await call();
    } catch (error) {
      return (error as Error).stack ?? '';
    }
    throw new Error('It was expected to be rejected');
  }

  it('leads back to the line that called: a write that the server refused', () =>
    withServer({}, async ({ client }) => {
      const items = client.db('traces').collection<{ _id: number }>('items');
      async function placeOrder(): Promise<void> {
        await items.insertOne({ _id: 1 });
        await items.insertOne({ _id: 1 });
      }

      assert.match(await stackOf(placeOrder), /at async placeOrder .*stack_traces\.test/);
    }));

  it('leads back to the line that called: a connection that broke', () =>
    withServer({ client: { retryReads: false } }, async ({ client, uri }) => {
      await failCommand(uri, { failCommands: ['find'], closeConnection: true });
      async function readOrder(): Promise<void> {
        await client.db('traces').collection('items').findOne({});
      }

      assert.match(await stackOf(readOrder), /at async readOrder .*stack_traces\.test/);
    }));

  it('leads back to the line that called: no server', async () => {
    const client = new MongoClient('mongodb://127.0.0.1:1', { serverSelectionTimeoutMS: 20 });
    async function countOrders(): Promise<void> {
      await client.db('traces').collection('items').estimatedDocumentCount();
    }

    assert.match(await stackOf(countOrders), /at async countOrders .*stack_traces\.test/);
    await client.close();
  });

  it('is the own one of the reason of an abort', () =>
    withServer({}, async ({ client }) => {
      const reason = new Error('enough');
      const { stack } = reason;

      await assert.rejects(
        client
          .db('traces')
          .collection('items')
          .findOne({}, { signal: AbortSignal.abort(reason) }),
      );

      assert.equal(reason.stack, stack);
    }));
});
