import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoCredentials, type MongoCredentialsOptions } from '../../../src/auth/credentials.js';
import { authenticatorFor } from '../../../src/auth/mechanisms.js';
import { Binary, type Document } from '../../../src/bson/index.js';
import { Deadline } from '../../../src/call/deadline.js';
import { systemClock } from '../../../src/runtime/clock.js';
import { systemRandom } from '../../../src/runtime/random.js';

const UNLIMITED = Deadline.background(systemClock);

/** Answers with what is given, in order, and keeps what was sent. */
function script(...replies: Document[]) {
  const sent: Document[] = [];
  const run = (command: Document): Promise<Document> => {
    sent.push(command);
    const reply = replies.shift();
    return reply === undefined ? Promise.reject(new Error('Authentication failed.')) : Promise.resolve(reply);
  };
  return { sent, run };
}

async function begin(options: MongoCredentialsOptions) {
  const authenticator = authenticatorFor(new MongoCredentials(options), systemRandom);
  assert.ok(authenticator);
  return await authenticator.begin('db1:27017', UNLIMITED);
}

const payloadText = (command: Document): string => Buffer.from((command['payload'] as Binary).value()).toString();

describe('SCRAM in a conversation', () => {
  const user = { username: 'ann', password: 'pencil' };

  it('asks for the mechanisms of the user and begins with SHA-256 when none was chosen', async () => {
    const { helloFields } = await begin(user);
    const speculative = helloFields['speculativeAuthenticate'] as Document;

    assert.equal(helloFields['saslSupportedMechs'], 'admin.ann');
    assert.equal(speculative['mechanism'], 'SCRAM-SHA-256');
    assert.equal(speculative['db'], 'admin');
    assert.deepEqual(speculative['options'], { skipEmptyExchange: true });
    assert.match(payloadText(speculative), /^n,,n=ann,r=.{32}$/);
  });

  it('asks for nothing when one was chosen', async () => {
    for (const mechanism of ['SCRAM-SHA-1', 'SCRAM-SHA-256'] as const) {
      const { helloFields } = await begin({ ...user, mechanism });
      assert.equal(helloFields['saslSupportedMechs'], undefined);
      assert.equal((helloFields['speculativeAuthenticate'] as Document)['mechanism'], mechanism);
    }
  });

  const negotiated: readonly [unknown, string][] = [
    [['SCRAM-SHA-1', 'SCRAM-SHA-256', 'UNKNOWN'], 'SCRAM-SHA-256'],
    [['SCRAM-SHA-1'], 'SCRAM-SHA-1'],
    [undefined, 'SCRAM-SHA-1'],
  ];
  for (const [saslSupportedMechs, mechanism] of negotiated) {
    it(`begins anew with ${mechanism} when the hello was not answered and the user has ${String(saslSupportedMechs)}`, async () => {
      const conversation = await begin({ ...user, source: 'shop' });
      const { sent, run } = script();
      await assert.rejects(conversation.finish({ saslSupportedMechs }, run, UNLIMITED), /Authentication failed/);

      assert.deepEqual([sent[0]!['saslStart'], sent[0]!['mechanism'], sent[0]!['$db']], [1, mechanism, 'shop']);
      const nonces = [sent[0]!, conversation.helloFields['speculativeAuthenticate'] as Document].map(payloadText);
      assert.notEqual(nonces[0], nonces[1]);
    });
  }

  it('goes on from the answer to the hello, and refuses a challenge that is not an answer', async () => {
    const conversation = await begin(user);
    const { sent, run } = script();
    const hello = {
      speculativeAuthenticate: { conversationId: 1, payload: new Binary(Buffer.from('r=x,s=AA==,i=4096')) },
    };
    await assert.rejects(conversation.finish(hello, run, UNLIMITED), /invalid nonce/);
    assert.equal(sent.length, 0);
  });

  it('refuses an answer without a payload', async () => {
    const conversation = await begin(user);
    const { run } = script({ conversationId: 1 });
    await assert.rejects(conversation.finish({}, run, UNLIMITED), /no payload/);
  });
});

describe('MONGODB-X509', () => {
  const mechanism = 'MONGODB-X509';

  it('is over when the hello was answered', async () => {
    const conversation = await begin({ mechanism });
    const { sent, run } = script();
    await conversation.finish({ speculativeAuthenticate: { dbname: '$external' } }, run, UNLIMITED);

    assert.deepEqual(conversation.helloFields['speculativeAuthenticate'], {
      authenticate: 1,
      mechanism,
      db: '$external',
    });
    assert.equal(sent.length, 0);
  });

  it('is asked for otherwise, with the name if there is one', async () => {
    const conversation = await begin({ mechanism, username: 'CN=client' });
    const { sent, run } = script({ ok: 1 });
    await conversation.finish({}, run, UNLIMITED);

    assert.deepEqual(sent, [{ authenticate: 1, mechanism, user: 'CN=client', $db: '$external' }]);
  });
});

describe('PLAIN', () => {
  it('sends name and password to $external', async () => {
    const conversation = await begin({ mechanism: 'PLAIN', username: 'ann', password: 'pencil' });
    const { sent, run } = script({ ok: 1 });
    await conversation.finish({}, run, UNLIMITED);

    assert.deepEqual(conversation.helloFields, {});
    assert.equal(payloadText(sent[0]!), '\0ann\0pencil');
    assert.equal(sent[0]!['$db'], '$external');
  });
});

describe('other mechanisms', () => {
  it('are not there yet', () => {
    const credentials = new MongoCredentials({ mechanism: 'GSSAPI', username: 'ann' });
    assert.equal(authenticatorFor(credentials, systemRandom), undefined);
  });
});
