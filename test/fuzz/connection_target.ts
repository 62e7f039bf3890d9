import { MongoUnexpectedServerResponseError } from '../../src/errors/driver.js';
import { MongoNetworkError } from '../../src/errors/network.js';
import { MongoOperationTimeoutError } from '../../src/errors/timeout.js';
import { type ConnectionParts, WireConnection } from '../../src/pool/wire_connection.js';
import type { Reply } from '../../src/wire/reply.js';
import { FakeClock } from '../support/fake_clock.js';
import { connectionParts, deadline, PoolHarness, run } from '../support/pool_harness.js';
import type { ScriptedPeer } from '../support/scripted_peer.js';
import { quiet, ScriptedServer } from '../support/scripted_server.js';
import { asMessage } from './inputs.js';
import { accepted, Finding, type FuzzTarget, withUnpacking } from './target.js';

/** Virtual milliseconds after which each caller gives up. */
const PATIENCE_MS = 100;
const SLACK = 2 * 1024 * 1024;

/** One connection to a hostile peer, on a clock of its own. */
interface Stage {
  readonly clock: FakeClock;
  readonly parts: ConnectionParts;
  readonly connection: WireConnection;
  readonly peer: ScriptedPeer;
}

const { encoder } = connectionParts(new FakeClock(), new ScriptedServer().open);

async function open(): Promise<Stage> {
  const clock = new FakeClock();
  const server = new ScriptedServer();
  const parts = { ...connectionParts(clock, server.open), encoder };
  const connection = new WireConnection(parts, 1);
  await connection.opened(0, deadline(clock));
  return { clock, parts, connection, peer: await server.nextPeer() };
}

/** In pieces whose sizes the bytes themselves determine. */
function feed(peer: ScriptedPeer, bytes: Buffer): void {
  const most = bytes.length > 4096 ? 65_536 : 32;
  for (let offset = 0; offset < bytes.length; ) {
    const size = 1 + ((bytes[offset] ?? 0) % most);
    peer.send(bytes.subarray(offset, offset + (bytes.length > 4096 ? most : size)));
    offset += bytes.length > 4096 ? most : size;
  }
}

/** Waits for a caller, whose patience ends; one that is still waiting then was forgotten. */
async function outcome<T>(clock: FakeClock, promise: Promise<T>): Promise<T | Error> {
  const settled = promise.catch((error: unknown) => error as Error);
  const forgotten = new Finding('a caller was left waiting');
  await quiet();
  await clock.advance(PATIENCE_MS);
  const result = await Promise.race([settled, quiet().then(() => forgotten)]);
  if (result === forgotten) throw forgotten;
  return result;
}

/** A connection is either as good as before, or closed at both ends because of what came. */
async function judge({ clock, connection, peer }: Stage): Promise<boolean> {
  await quiet();
  const { error } = connection;
  if ((error !== null) !== peer.closed) throw new Finding(`closed at one end only: ${String(error)}`);
  // Of a late reply no more than so much is waited for.
  const isTooLong = error instanceof MongoNetworkError && /of a late reply/.test(error.message);
  const isProtocol = error instanceof MongoUnexpectedServerResponseError;
  if (error !== null && !((isProtocol || isTooLong) && error.host === connection.address)) {
    throw new Finding('closed with something else than a protocol error that has a host', error);
  }
  if (clock.pendingTimers > 0) throw new Finding(`${clock.pendingTimers} timers were left`);
  connection.close(new MongoNetworkError('the fuzz run is over'));
  return error === null;
}

/** What a caller may meet: a reply that can be read or is refused when it is read, a refusal, or the end of its time. */
function judgeReply(reply: Reply | Error): boolean {
  if (reply instanceof MongoOperationTimeoutError || reply instanceof MongoUnexpectedServerResponseError) return false;
  if (reply instanceof Error) throw new Finding('rejected with something else than a protocol error', reply);
  return accepted(() => {
    if (reply.error({}) === null) reply.writeConcernError({});
    return reply.document;
  });
}

async function whileWaiting(bytes: Buffer, addressed: boolean): Promise<boolean> {
  const stage = await open();
  const reply = run(stage.connection, encoder, { find: 'orders' }, deadline(stage.clock, PATIENCE_MS));
  const { requestId } = await stage.peer.nextCommand();
  const message = addressed ? asMessage(bytes) : bytes;
  if (addressed) message.writeInt32LE(requestId, 8);
  feed(stage.peer, message);
  const result = await outcome(stage.clock, reply);
  if (!addressed && !(result instanceof Error) && bytes.readInt32LE(8) !== requestId) {
    throw new Finding('took the answer to another request for its own');
  }
  const answered = judgeReply(result);
  await judge(stage);
  return answered;
}

async function whileIdle(bytes: Buffer): Promise<void> {
  const stage = await open();
  feed(stage.peer, bytes);
  await judge(stage);
}

async function whileDraining(bytes: Buffer): Promise<void> {
  const stage = await open();
  const reply = run(stage.connection, encoder, { find: 'orders' }, deadline(stage.clock, PATIENCE_MS));
  await outcome(stage.clock, reply);
  if (!stage.connection.draining) throw new Finding('does not wait for the late reply');
  feed(stage.peer, bytes);
  await judge(stage);
}

/** A pool, whose connection gets these bytes as the answer to its hello. */
async function whileEstablishing(bytes: Buffer): Promise<void> {
  const harness = PoolHarness.ready();
  const { server, pool, clock } = harness;
  server.hello = ({ peer, requestId }) => {
    const message = asMessage(bytes);
    message.writeInt32LE(requestId, 8);
    feed(peer, message);
    return null;
  };
  const connection = await outcome(clock, harness.checkOut(PATIENCE_MS));
  if (connection instanceof WireConnection) pool.checkIn(connection);
  pool.close();
  await quiet();
  if (server.openPeers.length > 0) throw new Finding('a connection was left open');
  if (clock.pendingTimers > 0) throw new Finding(`${clock.pendingTimers} timers were left`);
}

/** A real connection over a transport that brings these bytes: no caller may be forgotten, nothing left open, nothing but errors of ours. */
export const connection: FuzzTarget = {
  name: 'connection',
  allowance: bytes => SLACK + 5 * withUnpacking(asMessage(bytes)) + 5 * withUnpacking(bytes),
  async run(bytes) {
    await whileWaiting(bytes, false);
    await whileIdle(bytes);
    await whileDraining(bytes);
    await whileEstablishing(bytes);
    return whileWaiting(bytes, true);
  },
};
