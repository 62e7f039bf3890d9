import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { canonicalAddress, canonicalAddresses, HostAddress } from '../../../src/description/host_address.js';

describe('HostAddress', () => {
  for (const [given, host, port, isIPv6, printed] of [
    ['db1', 'db1', 27017, false, 'db1:27017'],
    ['DB1.Example.COM:27018', 'db1.example.com', 27018, false, 'db1.example.com:27018'],
    ['127.0.0.1:1', '127.0.0.1', 1, false, '127.0.0.1:1'],
    ['[::1]', '::1', 27017, true, '[::1]:27017'],
    ['[FE80::1%25eth0]:65535', 'fe80::1%eth0', 65535, true, '[fe80::1%eth0]:65535'],
    ['mongodb-27017.sock', 'mongodb-27017.sock', 27017, false, 'mongodb-27017.sock:27017'],
    ['b%C3%BCcher.example.com', 'bücher.example.com', 27017, false, 'bücher.example.com:27017'],
  ] as const) {
    it(`reads ${given}`, () => {
      const address = new HostAddress(given);

      assert.equal(address.host, host);
      assert.equal(address.port, port);
      assert.equal(address.isIPv6, isIPv6);
      assert.equal(address.socketPath, undefined);
      assert.equal(String(address), printed);
      assert.deepEqual(address.toHostPort(), { host, port });
    });
  }

  it('reads the path of a Unix socket and keeps its case', () => {
    const address = new HostAddress('%2Ftmp%2FMongo DB.sock');

    assert.equal(address.socketPath, '/tmp/Mongo DB.sock');
    assert.equal(address.host, undefined);
    assert.equal(address.port, undefined);
    assert.equal(String(address), '/tmp/Mongo DB.sock');
  });

  for (const [given, message] of [
    ['', /is empty/],
    [':27017', /has a port and no name/],
    ['db:', /number from 1 to 65535/],
    ['db:0', /number from 1 to 65535/],
    ['db:65536', /number from 1 to 65535/],
    ['db:1e3', /number from 1 to 65535/],
    ['db:+1', /number from 1 to 65535/],
    ['db::1', /number from 1 to 65535/],
    ['a b', /must be percent-encoded/],
    ['a\\b', /must be percent-encoded/],
    ['a%00b', /must be percent-encoded/],
    ['%2Ftmp%2Fmongodb', /must end in \.sock/],
    ['%2Ftmp%2Fa.sock:27017', /cannot have a port/],
    ['[::1', /must be an IPv6 address/],
    ['[localhost]', /must be an IPv6 address/],
    ['[::1]27017', /must be an IPv6 address/],
    ['a%zz', /percent sign/],
  ] as const) {
    it(`refuses ${JSON.stringify(given)}`, () => {
      assert.throws(() => new HostAddress(given), { name: 'MongoParseError', message });
    });
  }

  it('does not show what stands for the port, which can be a part of a password', () => {
    assert.throws(
      () => new HostAddress('alice:12hunter2'),
      (error: Error) => !error.message.includes('hunter2'),
    );
  });

  it('is made of the parts of an SRV record, and of an IPv6 address without brackets', () => {
    assert.equal(String(HostAddress.fromSrvRecord({ name: 'a.example.com', port: 1 })), 'a.example.com:1');
    assert.equal(String(HostAddress.fromHostPort('::1', 2)), '[::1]:2');
    assert.equal(String(HostAddress.fromString('a')), 'a:27017');
  });

  it('names itself in the console as the official class does', () => {
    assert.equal(inspect(new HostAddress('a:1')), "new HostAddress('a:1')");
  });

  it('cannot be changed', () => {
    assert.ok(Object.isFrozen(new HostAddress('a')));
  });
});

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

  it('is null for what is no address, so that a hostile hello cannot stop discovery', () => {
    assert.equal(canonicalAddress('a:b:c'), null);
    assert.deepEqual(canonicalAddresses(['a:0', 'b', '']), ['b:27017']);
  });
});
