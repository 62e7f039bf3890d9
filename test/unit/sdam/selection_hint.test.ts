import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoError } from '../../../src/errors/base.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { parseHello } from '../../../src/sdam/description/hello.js';
import { unknownServer } from '../../../src/sdam/description/server_description.js';
import { initialTopology, type TopologyDescription } from '../../../src/sdam/description/topology_description.js';
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
