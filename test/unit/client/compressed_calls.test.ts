import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import * as zlib from 'node:zlib';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import type { OperationSucceededEvent } from '../../../src/events/operation.js';
import {
  type Codec,
  type CompressorName,
  type Snappy,
  snappyCodec,
  type Zstd,
  zlibCodec,
  zstdCodec,
} from '../../../src/wire/compressor.js';
import { ClientHarness } from '../../support/client_harness.js';
import { errorOf, PRIMARY } from '../../support/engine_harness.js';
import { checkLedger, checkTimeout, stagesOf, textOfAttempts } from '../../support/ledger.js';
import { replyMessage } from '../../support/scripted_peer.js';
import { quiet } from '../../support/scripted_server.js';

const snappy = createRequire(__filename)('snappy') as Snappy;

const CODECS: Readonly<Record<string, () => Codec>> = {
  zlib: () => zlibCodec(-1),
  snappy: () => snappyCodec(snappy),
  zstd: () => zstdCodec(zlib as unknown as Zstd),
};
const NO_ZSTD = 'zstdCompressSync' in zlib ? false : 'Node.js has zstd from 22.15 on';

/** A client and a server that compress. */
async function connected(compressor: CompressorName, loadPackage?: (name: string) => unknown): Promise<ClientHarness> {
  const setup = { checksEvents: true, ...(loadPackage !== undefined && { loadPackage }) };
  const harness = new ClientHarness({ compressors: [compressor] }, setup);
  harness.server.hello = () => ({ ...PRIMARY, maxWireVersion: 25, compression: [compressor] });
  await harness.client.connect();
  return harness;
}

const orders = ({ client }: ClientHarness) => client.db('shop').collection('orders');

/** The only batch of a cursor. */
const FOUND = { ok: 1, cursor: { id: 0n, ns: 'shop.orders', firstBatch: [{ _id: 1, text: 'tea, coffee and cocoa' }] } };

for (const [name, make] of Object.entries(CODECS)) {
  describe(`calls whose messages are compressed with ${name}`, { skip: name === 'zstd' && NO_ZSTD }, () => {
    it('time out in the stage read while a reply trickles in, and the rest of it is drained', async () => {
      await using harness = await connected(name as CompressorName);
      const finding = errorOf(orders(harness).find({}, { timeoutMS: 100 }).toArray(), MongoOperationTimeoutError);
      await quiet();
      const command = harness.received.at(-1);
      assert.ok(command?.compressed);
      const reply = replyMessage(FOUND, command.requestId, { compressed: make() });

      for (let sent = 0; sent < 50; sent += 10) {
        command.peer.send(reply.subarray(sent, sent + 10));
        await harness.advance(20);
      }
      const error = await finding;

      checkTimeout(error, 100);
      assert.equal(error.phase, 'read');
      assert.equal(error.maybeApplied, true);
      assert.match(error.message, /while waiting for a:27017 to answer find shop\.orders/);
      command.peer.send(reply.subarray(50));
      harness.answer = () => ({ ok: 1, n: 1 });
      await orders(harness).insertOne({});
      assert.equal(harness.received.at(-1)?.peer, command.peer);
    });
  });
}

describe('the time of a call whose messages are compressed', () => {
  /** A client that takes time to compress a message, and 7 ms to decompress one. The server takes 10 ms to answer. */
  async function timed(compressMS = 5): Promise<ClientHarness> {
    const slow: Snappy = {
      compressSync(data) {
        harness.clock.skip(compressMS);
        return snappy.compressSync(data);
      },
      uncompressSync(data, options) {
        harness.clock.skip(7);
        return snappy.uncompressSync(data, options);
      },
    };
    const harness = await connected('snappy', () => slow);
    harness.answer = command => {
      harness.clock.skip(10);
      command.reply(FOUND, { compressed: CODECS['snappy']!() });
      return null;
    };
    return harness;
  }

  it('counts compressing and decompressing to the round trip of the command, without a gap', async () => {
    await using harness = await timed();
    const events: OperationSucceededEvent[] = [];
    const durations: number[] = [];
    harness.client.on('operationSucceeded', event => events.push(event));
    harness.client.on('commandSucceeded', ({ duration }) => durations.push(duration));

    await orders(harness).find().toArray();

    const { timings, attempts, durationMS } = events[0]!;
    checkLedger({ timings, elapsedMS: durationMS }, 22);
    assert.deepEqual(stagesOf(timings), ['read 22']);
    assert.deepEqual(textOfAttempts(attempts), ['a:27017 22']);
    assert.deepEqual(durations, [22]);
  });

  it('is over in the stage read where compressing took all of it, and says that the process was busy', async () => {
    await using harness = await timed(150);
    harness.answer = () => null;

    const finding = errorOf(orders(harness).find({}, { timeoutMS: 100 }).toArray(), MongoOperationTimeoutError);
    await harness.advance(0);
    const error = await finding;

    checkTimeout(error, 150);
    assert.equal(error.phase, 'read');
    assert.equal(error.eventLoopDelayMS, 50);
  });

  it('does not end a call whose reply came in time and was decompressed late', async () => {
    await using harness = await timed();

    const found = await orders(harness).find({}, { timeoutMS: 16 }).toArray();

    assert.equal(found.length, 1);
  });
});
