import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OperationPhase } from '../../../src/errors/base.js';
import { MongoErrorLabel } from '../../../src/errors/codes.js';
import { MongoNetworkError, MongoNetworkTimeoutError } from '../../../src/errors/network.js';
import { labelOverload } from '../../../src/pool/establish.js';

function failed(phase: OperationPhase, code?: string): MongoNetworkError {
  const cause = code === undefined ? undefined : Object.assign(new Error(code), { code });
  return new MongoNetworkError('failed', { phase, cause });
}

describe('the failure to establish a connection', () => {
  const overload: readonly [string, MongoNetworkError][] = [
    ['a refused connection', failed('connect', 'ECONNREFUSED')],
    ['a connection that takes too long', new MongoNetworkTimeoutError('late', { phase: 'connect' })],
    ['a reset in the TLS handshake', failed('tls', 'ECONNRESET')],
    ['an end in the TLS handshake', failed('tls')],
    ['a TLS handshake that takes too long', new MongoNetworkTimeoutError('late', { phase: 'tls' })],
    ['a reset during hello', failed('hello', 'ECONNRESET')],
  ];
  const other: readonly [string, MongoNetworkError][] = [
    ['a name that does not resolve', failed('resolve', 'ENOTFOUND')],
    ['a certificate that is not trusted', failed('tls', 'DEPTH_ZERO_SELF_SIGNED_CERT')],
    ['a certificate for another host', failed('tls', 'ERR_TLS_CERT_ALTNAME_INVALID')],
    ['a server that does not speak TLS', failed('tls', 'ERR_SSL_WRONG_VERSION_NUMBER')],
    ['a file that cannot be read', failed('tls', 'ENOENT')],
    ['a proxy that refuses', failed('proxy', 'ECONNREFUSED')],
    ['a reset during authentication', failed('auth', 'ECONNRESET')],
  ];
  for (const [cases, isOverload] of [
    [overload, true],
    [other, false],
  ] as const) {
    for (const [what, error] of cases) {
      it(`is ${isOverload ? 'a' : 'no'} sign of overload: ${what}`, () => {
        labelOverload(error);

        assert.ok(error.hasErrorLabel(MongoErrorLabel.HandshakeError));
        assert.equal(error.hasErrorLabel(MongoErrorLabel.SystemOverloadedError), isOverload);
        assert.equal(error.hasErrorLabel(MongoErrorLabel.RetryableError), isOverload);
      });
    }
  }
});
