import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Binary, type Document } from '../../../src/bson/index.js';
import { begin, payloadText, script, UNLIMITED } from './support.js';

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
