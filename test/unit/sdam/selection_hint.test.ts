import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseHello } from '../../../src/description/hello.js';
import { unknownServer } from '../../../src/description/server_description.js';
import { initialTopology, type TopologyDescription } from '../../../src/description/topology_description.js';
import { MongoError, type OperationPhase } from '../../../src/errors/base.js';
import { MongoNetworkError, MongoNetworkTimeoutError } from '../../../src/errors/network.js';
import type { ConnectionProgress } from '../../../src/errors/pool_counts.js';
import { hintFor } from '../../../src/sdam/selection_hint.js';
import { applyServerDescription } from '../../../src/sdam/transitions.js';

const A = 'a:27017';

function seed(replicaSet?: string): TopologyDescription {
  return initialTopology({
    hosts: [A],
    directConnection: false,
    loadBalanced: false,
    heartbeatFrequencyMS: 10_000,
    localThresholdMS: 15,
    ...(replicaSet !== undefined && { replicaSet }),
  });
}

/** What is known once the only seed could not be reached, for a reason with this code. */
function failedWith(code: string, replicaSet?: string): TopologyDescription {
  const cause = Object.assign(new Error('reason'), { code });
  const error = new MongoNetworkError('connect failed', { cause });
  return applyServerDescription(seed(replicaSet), unknownServer(A, error));
}

describe('hintFor', () => {
  it('knows nothing of a server that has not been heard of', () => {
    assert.equal(hintFor(seed()), undefined);
  });

  it('names the name that does not resolve', () => {
    for (const code of ['ENOTFOUND', 'EAI_AGAIN']) assert.match(hintFor(failedWith(code)) ?? '', /does not resolve/);
  });

  it('tells of directConnection when the names of a replica set do not resolve', () => {
    assert.match(hintFor(failedWith('ENOTFOUND', 'rs')) ?? '', /directConnection=true/);
    assert.doesNotMatch(hintFor(failedWith('ENOTFOUND')) ?? '', /directConnection/);
  });

  it('tells of TLS when a certificate or the protocol was refused', () => {
    const codes = ['DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID', 'CERT_HAS_EXPIRED', 'EPROTO'];
    for (const code of codes) assert.match(hintFor(failedWith(code)) ?? '', /TLS was refused/, code);
  });

  it('tells of the credentials when a server refused them', () => {
    const refused = Object.assign(new MongoError('Authentication failed.'), { code: 18 });
    const error = new MongoNetworkError('authenticate failed', { cause: refused });

    assert.match(hintFor(applyServerDescription(seed(), unknownServer(A, error))) ?? '', /refuses the credentials/);
  });

  it('tells of a member without a configuration', () => {
    const reply = { ok: 1, isreplicaset: true, minWireVersion: 8, maxWireVersion: 21 };
    const ghost = parseHello(A, reply, { roundTripTime: 1, minRoundTripTime: 1, lastUpdateTime: 1 });

    assert.match(hintFor(applyServerDescription(seed('rs'), ghost)) ?? '', /no replica set configuration/);
  });

  it('tells of a host that refuses connections', () => {
    assert.match(hintFor(failedWith('ECONNREFUSED')) ?? '', /refuses connections/);
  });
});

describe('hintFor, when a host does not answer as a server would', () => {
  const running = (phase: ConnectionProgress['phase']) => [{ error: null, check: { phase, elapsedMS: 500 } }];
  const broken = (phase: OperationPhase, code?: string) => {
    const cause = code === undefined ? undefined : Object.assign(new Error('reason'), { code });
    return [{ error: new MongoNetworkError('closed', { phase, ...(cause !== undefined && { cause }) }) }];
  };
  const timedOut = (phase: OperationPhase) => [{ error: new MongoNetworkTimeoutError('timed out', { phase }) }];

  for (const [what, servers, hint] of [
    ['a check that waits for the connection', running('connect'), /does not answer: check host and port, firewalls/],
    ['a check that waits for the name', running('resolve'), /does not answer: check host and port/],
    ['a check that waits for the TLS handshake', running('tls'), /may not speak TLS, check tls/],
    ['a check that waits for the reply to hello', running('hello'), /may want TLS \(tls=true\)/],
    ['a check that waits for the proxy', running('proxy'), /check proxyHost/],
    ['a TLS handshake that timed out', timedOut('tls'), /may not speak TLS/],
    ['a hello that timed out', timedOut('hello'), /may want TLS/],
    ['a TLS handshake that was reset', broken('tls', 'ECONNRESET'), /check that the server speaks TLS/],
    ['a hello that was answered by the end', broken('hello'), /may want TLS \(tls=true\), or refuse this client/],
    ['a certificate of our own that is wrong', broken('tls', 'ENOENT'), /^$/],
    ['no way to the host', broken('connect', 'EHOSTUNREACH'), /no way to a host/],
    ['an answer that is no TLS', broken('tls', 'ERR_SSL_WRONG_VERSION_NUMBER'), /does not speak TLS/],
  ] as const) {
    it(`knows what to do about ${what}`, () => assert.match(hintFor(seed(), servers) ?? '', hint));
  }
});
