import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { begin, script, UNLIMITED } from './support.js';

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
