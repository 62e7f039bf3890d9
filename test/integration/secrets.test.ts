import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { type Document, type Log, type MongoClientOptions, MongoServerError } from 'mongotempo';
import type { Binary } from '../../src/bson/index.js';
import { MongoClient } from '../support/checked_client.js';
import { rejection } from '../support/cluster.js';
import { PRIMARY } from '../support/engine_harness.js';
import { EventLog } from '../support/event_log.js';
import { type ReceivedCommand, replyMessage } from '../support/scripted_peer.js';
import { type Answer, ScriptedServer, STANDALONE } from '../support/scripted_server.js';

const PASSWORD = 'hunter2';
/** The password, and what it looks like in the payloads of PLAIN and in other notations. */
const SECRET = new RegExp(
  [
    PASSWORD,
    Buffer.from(PASSWORD).toString('hex'),
    Buffer.from(PASSWORD).toString('base64').slice(0, 8),
    Buffer.from(`\0ann\0${PASSWORD}`).toString('base64'),
  ].join('|'),
);

/** Events, and the records of the structured log. */
class SecretLog extends EventLog {
  records: Log[] = [];
}

/** Where a server must be found, also on a machine that is busy. */
const PATIENT: MongoClientOptions = { serverSelectionTimeoutMS: 30_000 };

async function withScript(
  server: { hello?: Answer; answer: Answer; options?: MongoClientOptions },
  run: (client: MongoClient, log: SecretLog) => Promise<void>,
): Promise<void> {
  const scripted = await ScriptedServer.listen();
  scripted.hello = server.hello ?? (() => STANDALONE);
  scripted.answer = server.answer;
  const { host, port } = scripted.target as { host: string; port: number };
  const records: Log[] = [];
  const client = new MongoClient(`mongodb://${host}:${port}/?directConnection=true`, {
    mongodbLogComponentSeverities: { default: 'trace' },
    mongodbLogPath: { write: record => records.push(record) },
    serverMonitoringMode: 'poll',
    serverSelectionTimeoutMS: 100,
    minHeartbeatFrequencyMS: 20,
    ...server.options,
  });
  try {
    const log = new SecretLog(client);
    log.records = records;
    await run(client, log);
  } finally {
    await client.close();
    await scripted.stop();
  }
}

/** Everything that a log could hold of it. */
function shown(value: unknown): string {
  return inspect(value, {
    depth: Infinity,
    showHidden: true,
    getters: true,
    maxArrayLength: null,
    maxStringLength: null,
  });
}

function assertNoSecret(log: SecretLog, ...errors: unknown[]): void {
  assert.ok(log.records.length > 0);
  for (const value of [...log.events, ...log.records, ...errors]) {
    const text = shown(value);
    assert.doesNotMatch(text, SECRET, text.match(new RegExp(`.{0,300}(${SECRET.source})`, 's'))?.[0] ?? '');
    assert.doesNotMatch(JSON.stringify(value), SECRET);
  }
}

describe('a server that repeats the credentials in its refusal', () => {
  const payloadOf = (command: ReceivedCommand): Buffer => Buffer.from((command.body['payload'] as Binary).value());
  const echoes: readonly [name: string, reply: (payload: Buffer) => Document][] = [
    ['in errmsg', payload => ({ errmsg: `refused ${payload.toString()}` })],
    ['in errmsg, as base64', payload => ({ errmsg: `refused ${payload.toString('base64')}` })],
    ['in errmsg, as hex', payload => ({ errmsg: `refused ${payload.toString('hex')}` })],
    ['in codeName', () => ({ errmsg: 'x', codeName: PASSWORD })],
    ['in errorLabels', () => ({ errmsg: 'x', errorLabels: [PASSWORD] })],
    [
      'in errInfo and a field of its own',
      payload => ({ errmsg: 'x', errInfo: { payload: payload.toString() }, [PASSWORD]: 1 }),
    ],
    ['in message and $err', payload => ({ message: payload.toString(), $err: payload.toString() })],
    ['in the name of a malformed topologyVersion', () => ({ errmsg: 'x', topologyVersion: { [PASSWORD]: 1 } })],
  ];
  const options: MongoClientOptions = { auth: { username: 'ann', password: PASSWORD }, authMechanism: 'PLAIN' };

  for (const code of [18, 10107]) {
    for (const [name, echo] of echoes) {
      it(`does not have them shown by any event nor error: ${name}, code ${code}`, () =>
        withScript(
          { options, answer: command => ({ ok: 0, code, ...echo(payloadOf(command)) }) },
          async (client, log) => {
            const errors = [await rejection(client.connect()), await rejection(client.db('shop').command({ ping: 1 }))];
            assertNoSecret(log, ...errors);
            if (code === 18) assert.ok(errors.some(error => error instanceof MongoServerError && error.code === 18));
          },
        ));
    }
  }

  it('does not have them shown when the refusal is malformed BSON', () =>
    withScript(
      {
        options,
        answer(command) {
          const bytes = replyMessage({ ok: 0, errmsg: 'x', errInfo: { [PASSWORD]: 1 } }, command.requestId);
          bytes[bytes.indexOf(`${PASSWORD}\0`) - 1] = 0x7e;
          command.peer.send(bytes);
          return null;
        },
      },
      async (client, log) => assertNoSecret(log, await rejection(client.db('shop').command({ ping: 1 }))),
    ));

  it('does not have a hello with credentials shown', () =>
    withScript(
      {
        options: { auth: { username: 'ann', password: PASSWORD } },
        hello: ({ body }) =>
          body['speculativeAuthenticate'] === undefined
            ? STANDALONE
            : { ok: 0, code: 18, errmsg: `${PASSWORD} n,,n=ann` },
        answer: () => ({ ok: 1 }),
      },
      async (client, log) => assertNoSecret(log, await rejection(client.db('shop').command({ ping: 1 }))),
    ));
});

describe('wrong credentials', () => {
  const cases: readonly [options: MongoClientOptions, words: RegExp][] = [
    [
      { auth: { username: 'ann', password: PASSWORD }, authMechanism: 'PLAIN' },
      /\(user "ann", authSource "\$external", mechanism PLAIN\)/,
    ],
    [
      { auth: { username: 'ann', password: PASSWORD }, authSource: 'shop' },
      /\(user "ann", authSource "shop", mechanism SCRAM-SHA-1\)/,
    ],
    [
      { auth: { username: 'ann', password: PASSWORD }, authMechanism: 'SCRAM-SHA-256' },
      /\(user "ann", authSource "admin", mechanism SCRAM-SHA-256\)/,
    ],
  ];
  for (const [options, words] of cases) {
    it(`are told by user, authSource and mechanism, and never the password: ${words.source}`, () =>
      withScript(
        { options, answer: () => ({ ok: 0, code: 18, errmsg: 'Authentication failed.' }) },
        async (client, log) => {
          const error = await rejection(client.connect());
          assert.match(error.message, words);
          assert.match(error.message, /^Authentication failed\./);
          assertNoSecret(log, error);
        },
      ));
  }

  it('are told as such when SCRAM refuses the proof by e=invalid-proof', async () => {
    const { Binary: BinaryValue } = await import('../../src/bson/index.js');
    await withScript(
      {
        options: { auth: { username: 'ann', password: PASSWORD }, authMechanism: 'SCRAM-SHA-256' },
        answer({ name, body }) {
          if (name === 'saslContinue')
            return { ok: 1, conversationId: 1, done: true, payload: new BinaryValue(Buffer.from('e=invalid-proof')) };
          if (name !== 'saslStart') return { ok: 1 };
          const nonce = /r=(.*)$/.exec(Buffer.from((body['payload'] as Binary).value()).toString())![1]!;
          const payload = new BinaryValue(Buffer.from(`r=${nonce}more,s=c2FsdHNhbHQ=,i=4096`));
          return { ok: 1, conversationId: 1, done: false, payload };
        },
      },
      async client => {
        const error = await rejection<MongoServerError>(client.connect());
        assert.ok(error instanceof MongoServerError, inspect(error));
        assert.equal(error.code, 18);
        assert.match(error.message, /invalid-proof.*user "ann"/);
        assert.doesNotMatch(error.message, /signature/);
      },
    );
  });
});

describe('a command of the user that holds credentials', () => {
  const inner = { createUser: 'ann', pwd: PASSWORD, roles: [] };
  const commands: readonly [name: string, command: object, options?: object][] = [
    ['createUser', inner],
    ['explain', { explain: inner }],
    ['explain of explain', { explain: { explain: inner, verbosity: 'queryPlanner' } }],
    ['explain of a Map', { explain: new Map<string, unknown>(Object.entries(inner)) }],
    ['explain of an object with toBSON', { explain: { toBSON: () => inner } }],
    ['a Map', new Map<string, unknown>([['explain', inner]])],
    ['a first field that is not sent', { ping: undefined, ...inner }, { ignoreUndefined: true }],
    ['applyOps', { applyOps: [{ op: 'c', ns: 'admin.$cmd', o: inner }] }],
    ['hello', { hello: 1, speculativeAuthenticate: { saslStart: 1, payload: PASSWORD } }],
  ];
  for (const [name, command, options] of commands) {
    for (const reply of [
      { ok: 1, said: PASSWORD },
      { ok: 0, code: 10107, errmsg: `not primary ${PASSWORD}` },
      { ok: 0, errmsg: PASSWORD, errInfo: { a: PASSWORD } },
    ]) {
      it(`is not shown by any event, nor its ${reply.ok === 1 ? 'reply' : `failure with code ${reply.code}`}: ${name}`, () =>
        withScript(
          { answer: ({ name: sent }) => (sent === 'endSessions' ? { ok: 1 } : reply), options: PATIENT },
          async (client, log) => {
            await client
              .db('admin')
              .command(command, options)
              .catch(() => undefined);

            assertNoSecret(log);
            const [started] = log.started();
            assert.deepEqual([started!.redacted, started!.command], [true, {}]);
          },
        ));
    }
  }

  it('is not shown by the events of a withTransaction in which it failed', () =>
    withScript(
      {
        answer: ({ name }) => (name === 'createUser' ? { ok: 0, code: 2, errmsg: PASSWORD } : { ok: 1 }),
        hello: () => PRIMARY,
        options: PATIENT,
      },
      async (client, log) => {
        const session = client.startSession();
        const work = () => client.db('admin').command({ createUser: 'ann', pwd: PASSWORD, roles: [] }, { session });
        const error = await rejection(session.withTransaction(work));
        await session.endSession();

        assert.match(error.message, new RegExp(PASSWORD));
        assert.ok(log.named('operationFailed').some(({ operationName }) => operationName === 'withTransaction'));
        assertNoSecret(log);
      },
    ));

  it('is shown when it holds none', () =>
    withScript({ answer: () => ({ ok: 1, said: 'this' }), options: PATIENT }, async (client, log) => {
      await client.db('shop').command({ find: 'users', filter: { pwd: 'x' } });
      await client.db('shop').command({ usersInfo: 'ann' });

      assert.deepEqual(
        log.started().map(({ redacted }) => redacted),
        [false, false],
      );
      assert.equal(log.started()[1]!.command['usersInfo'], 'ann');
    }));
});
