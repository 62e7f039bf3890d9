import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { begin, payloadText, script, UNLIMITED } from './support.js';

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
