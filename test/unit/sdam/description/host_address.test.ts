import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalAddress, HostAddress } from '../../../../src/sdam/description/host_address.js';

describe('canonicalAddress', () => {
  const addresses: [given: string, canonical: string][] = [
    ['DB1.Example.COM', 'db1.example.com:27017'],
    ['db1:27018', 'db1:27018'],
    ['[::1]', '[::1]:27017'],
    ['[FE80::1]:27018', '[fe80::1]:27018'],
    ['::1', '[::1]:27017'],
    ['/tmp/MongoDB.sock', '/tmp/MongoDB.sock'],
  ];
  for (const [given, canonical] of addresses) {
    it(`makes ${canonical} of ${given}, and leaves it`, () => {
      assert.equal(canonicalAddress(given), canonical);
      assert.equal(canonicalAddress(canonical), canonical);
    });
  }
});

describe('HostAddress', () => {
  it('keeps an IPv6 address without brackets, as sockets take it', () => {
    const { host, port, isIPv6 } = new HostAddress('[::1]:27018');

    assert.deepEqual({ host, port, isIPv6 }, { host: '::1', port: 27018, isIPv6: true });
  });

  it('is made from a name and a port', () => {
    assert.equal(HostAddress.fromHostPort('::1', 1).toString(), '[::1]:1');
    assert.equal(HostAddress.fromHostPort('db1', 1).toString(), 'db1:1');
    assert.equal(HostAddress.fromString('db1').port, 27017);
  });

  it('has neither host nor port for a Unix socket', () => {
    const address = new HostAddress('/tmp/a.sock');

    assert.equal(address.socketPath, '/tmp/a.sock');
    assert.equal(address.host, undefined);
    assert.deepEqual(address.toHostPort(), { host: '/tmp/a.sock', port: 0 });
  });
});
