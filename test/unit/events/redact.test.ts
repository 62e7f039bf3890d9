import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { MongoServerError } from '../../../src/errors/server.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { isSensitive, redactFailure } from '../../../src/events/redact.js';

describe('isSensitive', () => {
  for (const name of [
    'authenticate',
    'saslStart',
    'saslContinue',
    'getnonce',
    'createUser',
    'updateUser',
    'copydbgetnonce',
    'copydbsaslstart',
    'copydb',
  ]) {
    it(`holds for ${name}`, () => {
      assert.equal(isSensitive(name, { [name]: 1 }), true);
    });
  }

  for (const name of ['hello', 'ismaster', 'isMaster']) {
    it(`holds for ${name} only when it authenticates speculatively`, () => {
      assert.equal(isSensitive(name, { [name]: 1 }), false);
      assert.equal(isSensitive(name, { [name]: 1, speculativeAuthenticate: { saslStart: 1 } }), true);
    });
  }

  it('does not hold for other commands, whatever their fields', () => {
    assert.equal(isSensitive('find', { find: 'users', speculativeAuthenticate: 1 }), false);
    assert.equal(isSensitive('find', { find: 'users', filter: { createUser: 'a', pwd: 'b' } }), false);
    assert.equal(isSensitive('explain', { explain: { find: 'users', filter: { pwd: 'b' } } }), false);
    assert.equal(isSensitive('usersInfo', { usersInfo: 'ann', showCredentials: false }), false);
    assert.equal(isSensitive('hello', { hello: 1, speculativeAuthenticate: null }), false);
  });

  const inner = { createUser: 'ann', pwd: 'hunter2', roles: [] };
  const carriers: readonly [name: string, command: object][] = [
    ['explain', { explain: inner }],
    ['explain', { explain: { explain: inner } }],
    ['explain', { explain: { SaslStart: 1, payload: 'x' }, verbosity: 'queryPlanner' }],
    ['explain', { explain: { hello: 1, speculativeAuthenticate: { saslStart: 1 } } }],
    ['$query', { $query: inner, $readPreference: { mode: 'primary' } }],
    ['applyOps', { applyOps: [{ op: 'c', ns: 'admin.$cmd', o: inner }] }],
    ['wrapper', { wrapper: 1, command: { and: { deeper: [1, [inner]] } } }],
    ['find', { find: '$cmd', filter: inner }],
    ['updateUserSecretly', { updateUserSecretly: 'ann', pwd: 'hunter2' }],
  ];
  for (const [name, command] of carriers) {
    it(`holds for a command that carries a sensitive one: ${JSON.stringify(command)}`, () => {
      assert.equal(isSensitive(name, command), true);
    });
  }

  it('holds for what is nested too deep to be looked at', () => {
    let command: object = { ping: 1 };
    for (let depth = 0; depth < 200; depth++) command = { a: command };
    assert.equal(isSensitive('a', command), true);
  });
});

describe('redactFailure', () => {
  it('keeps code, codeName and labels of a server error', () => {
    const error = new MongoServerError(
      { errmsg: 'wrong password hunter2', code: 18, codeName: 'AuthenticationFailed', errorLabels: ['X'], extra: 1 },
      { host: 'a:27017' },
    );

    const redacted = redactFailure(error);

    assert.ok(redacted instanceof MongoServerError);
    assert.deepEqual(redacted.errorResponse, { code: 18, codeName: 'AuthenticationFailed', errorLabels: ['X'] });
    assert.equal(redacted.hasErrorLabel('X'), true);
    assert.doesNotMatch(redacted.message, /hunter2/);
    assert.equal(redacted.cause, undefined);
  });

  it('looks behind the error for what a server said', () => {
    const cause = new MongoServerError({ errmsg: 'hunter2', code: 50 });

    const redacted = redactFailure(new MongoOperationTimeoutError('time ran out', { cause }));

    assert.ok(redacted instanceof MongoServerError);
    assert.equal(redacted.code, 50);
    assert.equal(redacted.cause, undefined);
  });

  it('leaves an error in which no server had a say', () => {
    const error = new MongoNetworkError('closed', { cause: new Error('ECONNRESET') });

    assert.equal(redactFailure(error), error);
  });

  it('does not follow a circle of causes for ever', () => {
    const error = new Error('outer');
    error.cause = error;

    assert.equal(redactFailure(error), error);
  });
});
