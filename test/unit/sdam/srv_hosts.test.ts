import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applySrvHosts } from '../../../src/sdam/srv_hosts.js';
import { initial, mongos, topologyAfter } from './replies.js';

const random = { next: () => 0.99, bytes: () => new Uint8Array() };
const before = topologyAfter(initial({}), ['a:27017', mongos()]);
const addresses = (hosts: string[], srvMaxHosts = 0) => [
  ...applySrvHosts(before, hosts, srvMaxHosts, random).servers.keys(),
];

describe('applySrvHosts', () => {
  it('adds new hosts and removes those that are gone', () => {
    const after = applySrvHosts(before, ['A:27017', 'c:27017'], 0, random);

    assert.deepEqual([...after.servers.keys()], ['a:27017', 'c:27017']);
    assert.equal(after.servers.get('a:27017'), before.servers.get('a:27017'));
    assert.equal(after.servers.get('c:27017')?.type, 'Unknown');
    assert.equal(after.type, 'Sharded');
  });

  it('keeps known hosts and fills up to srvMaxHosts by chance', () => {
    assert.deepEqual(addresses(['a:27017', 'c:27017', 'd:27017'], 2), ['a:27017', 'd:27017']);
    assert.deepEqual(addresses(['a:27017', 'c:27017'], 5), ['a:27017', 'c:27017']);
  });

  it('adds none when there are as many as allowed', () => {
    assert.deepEqual(addresses(['a:27017', 'b:27017', 'c:27017'], 1), ['a:27017', 'b:27017']);
  });
});
