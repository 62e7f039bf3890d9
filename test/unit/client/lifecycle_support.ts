import assert from 'node:assert/strict';
import { CertificateAuthority } from 'mongotempo-server';
import { Long } from '../../../src/bson/index.js';
import type { ConnectOptions } from '../../../src/client/mongo_client.js';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import type { MongoClientOptions } from '../../../src/uri/client_options.js';
import { ClientHarness } from '../../support/client_harness.js';
import { Deferred } from '../../support/deferred.js';
import { errorOf } from '../../support/engine_harness.js';
import { quiet } from '../../support/scripted_server.js';

export const SRV_HOST = 'cluster.example.com';
export const SRV_URL = `mongodb+srv://${SRV_HOST}`;
export const CERTIFICATE = new CertificateAuthority('an authority').certificate;

export const SECONDARY = ReadPreference.secondary;

export const ping = ({ client }: ClientHarness, own = {}) => client.db('shop').command({ ping: 1 }, own);

/** The events `open` and `close` that the client emits from now on. */
export function announcements({ client }: ClientHarness): string[] {
  const names: string[] = [];
  client.on('open', given => {
    assert.equal(given, client);
    names.push('open');
  });
  client.on('close', () => names.push('close'));
  return names;
}

/** How often the client has opened a topology since. */
export function openings({ client }: ClientHarness): { count: number } {
  const seen = { count: 0 };
  client.on('topologyOpening', () => seen.count++);
  return seen;
}

/** Whether a promise has been fulfilled by now. */
export function watched(promise: Promise<unknown>): { done: boolean } {
  const seen = { done: false };
  void promise.then(() => (seen.done = true));
  return seen;
}

/** A client whose server answers commands. */
export function answering(options?: MongoClientOptions, url?: string): ClientHarness {
  const harness = new ClientHarness(options, url === undefined ? {} : { url });
  harness.answer = () => ({ ok: 1, n: 1 });
  harness.resolver.setHosts(SRV_HOST, 'a.example.com:27017');
  return harness;
}

/** A client that must read a file of TLS before it opens, and the ends of the readings, in order. */
export function reading(options?: MongoClientOptions) {
  const readings: Deferred<Buffer>[] = [];
  const readFile = () => {
    const one = new Deferred<Buffer>();
    readings.push(one);
    return one.promise;
  };
  const harness = new ClientHarness({ tls: true, tlsCAFile: '/ca.pem', ...options }, { readFile });
  harness.answer = () => ({ ok: 1 });
  return { harness, readings };
}

/** A connected client whose close has begun, and waits for a server that does not answer `endSessions`. */
export async function closing(options?: MongoClientOptions) {
  const harness = await ClientHarness.connected(options);
  harness.answer = ({ name }) => (name === 'endSessions' ? null : { ok: 1 });
  await ping(harness);
  const closed = harness.client.close();
  await quiet();
  assert.equal(harness.story().at(-1), 'endSessions');
  return { harness, closed };
}

/** Opens a cursor, if asked for, and a transaction. From then on the server answers nothing. */
export async function occupy(harness: ClientHarness, cursor = false) {
  const orders = harness.client.db('shop').collection('orders');
  harness.answer = ({ name }) =>
    name === 'find'
      ? { ok: 1, cursor: { id: Long.fromNumber(5), ns: 'shop.orders', firstBatch: [{}, {}] } }
      : { ok: 1, n: 1 };
  if (cursor) await orders.find().next();
  const session = harness.client.startSession();
  session.startTransaction();
  await orders.insertOne({}, { session });
  harness.answer = () => null;
  harness.received.length = 0;
  return session;
}

/** A client with an open transaction and, if asked for, an open cursor. */
export async function busy({ cursor, ...options }: MongoClientOptions & { cursor?: boolean } = {}) {
  const harness = new ClientHarness(options);
  return { harness, session: await occupy(harness, cursor) };
}

/** The same without a cursor, while a connect waits for a secondary, which is not there. */
export async function connectingAndBusy(own: ConnectOptions = {}, options?: MongoClientOptions) {
  const harness = new ClientHarness(options);
  const failed = errorOf(harness.client.connect({ readPreference: SECONDARY, ...own }));
  const session = await occupy(harness);
  return { harness, session, failed };
}

/** The command of this name that waits for its reply. */
export function unanswered({ server }: ClientHarness, name: string) {
  const command = server.peers.flatMap(peer => peer.commands).find(it => it.name === name);
  assert.ok(command, `${name} was not sent`);
  return command;
}
