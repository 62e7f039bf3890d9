import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Random } from '../../../src/runtime/random.js';
import type { MongoClientOptions } from '../../../src/uri/client_options.js';
import { resolveOptions } from '../../../src/uri/resolve.js';
import { applySrvRecords, type SrvAnswer, srvQueryName, whyRefused } from '../../../src/uri/srv.js';

const first: Random = { next: () => 0, bytes: length => new Uint8Array(length) };
const last: Random = { ...first, next: () => 0.999 };

const three = [1, 2, 3].map(port => ({ name: `db${port}.example.com`, port }));

function apply(uri: string, answer: Partial<SrvAnswer>, options: MongoClientOptions = {}, random = first) {
  return applySrvRecords(resolveOptions(uri, options), { hosts: three, txt: [], ...answer }, random);
}

const uri = 'mongodb+srv://cluster.example.com';

describe('applySrvRecords', () => {
  it('the queried name contains the name of the service', () => {
    assert.equal(srvQueryName(resolveOptions(`${uri}/?srvServiceName=custom`)), '_custom._tcp.cluster.example.com');
  });

  it('adds the hosts of the records, in ASCII, in lower case and without the dot of the root', () => {
    const { hosts, srvHost } = apply(uri, { hosts: [{ name: 'DB1.Bücher.example.com.', port: 1 }] });

    assert.deepEqual(hosts.map(String), ['db1.xn--bcher-kva.example.com:1']);
    assert.equal(srvHost, 'cluster.example.com');
  });

  it('srvMaxHosts limits the hosts to a random sample', () => {
    assert.deepEqual(apply(`${uri}/?srvMaxHosts=2`, {}).hosts.map(String), ['db1.example.com:1', 'db2.example.com:2']);
    assert.deepEqual(apply(`${uri}/?srvMaxHosts=2`, {}, {}, last).hosts.map(String), [
      'db3.example.com:3',
      'db1.example.com:1',
    ]);
    assert.equal(apply(`${uri}/?srvMaxHosts=5`, {}).hosts.length, 3);
    assert.equal(apply(`${uri}/?srvMaxHosts=0`, {}).hosts.length, 3);
  });

  it('refuses an answer without hosts', () => {
    assert.throws(() => apply(uri, { hosts: [] }), { message: /No addresses found at host _mongodb\._tcp\.cluster/ });
  });

  it('refuses a host that a forged answer could name', () => {
    assert.throws(() => apply(uri, { hosts: [...three, { name: 'db.evil.com', port: 1 }] }), {
      name: 'MongoAPIError',
      message: /does not share hostname with parent URI: db\.evil\.com/,
    });
  });

  it('an option of the TXT record counts if neither the connection string nor the program gives it', () => {
    const options = apply('mongodb+srv://u:p@cluster.example.com/db', {
      txt: [['authSource=users&', 'replicaSet=rs0']],
    });

    assert.equal(options.replicaSet, 'rs0');
    assert.equal(options.credentials?.source, 'users');
    assert.equal(options.credentials.password, 'p');
  });

  it('options of the connection string and the program win over the TXT record', () => {
    const options = apply(
      'mongodb+srv://u:p@cluster.example.com/?authSource=mine',
      { txt: [['authSource=users&replicaSet=rs0']] },
      { replicaSet: 'rs1' },
    );

    assert.equal(options.credentials?.source, 'mine');
    assert.equal(options.replicaSet, 'rs1');
  });

  it('a TXT record does not change $external for mechanisms that have their users there', () => {
    const { credentials } = apply(`${uri}/?authMechanism=MONGODB-X509`, { txt: [['authSource=users']] });

    assert.equal(credentials?.source, '$external');
  });

  it('the deployment is checked again with the hosts and options of DNS', () => {
    const one = three.slice(0, 1);

    assert.equal(apply(uri, { hosts: one, txt: [['loadBalanced=true']] }).loadBalanced, true);
    assert.equal(apply(`${uri}/?loadBalanced=false`, { txt: [['loadBalanced=true']] }).loadBalanced, false);
    assert.throws(() => apply(uri, { txt: [['loadBalanced=true']] }), { message: /single host in the URI, got 3/ });
    assert.throws(() => apply(`${uri}/?loadBalanced=true`, {}), { message: /single host/ });
    assert.throws(() => apply(`${uri}/?srvMaxHosts=1`, { txt: [['replicaSet=rs0']] }), { message: /srvMaxHosts/ });
    assert.throws(() => apply(`${uri}/?srvMaxHosts=1`, { hosts: one, txt: [['loadBalanced=true']] }), {
      message: /srvMaxHosts/,
    });
  });

  for (const [txt, message] of [
    [[['replicaSet=a'], ['replicaSet=b']], /Multiple text records not allowed, got 2/],
    [[['tls=false']], /may only set any of: authSource, replicaSet, loadBalanced/],
    [[['replicaSet=a&socketTimeoutMS=5']], /may only set any of/],
    [[['authSource=']], /Cannot have empty URI params in DNS TXT Record: authSource/],
    [[['loadBalanced=maybe']], /wrong value for loadBalanced; allowed is true or false/],
    [[['nonsense']], /lacks a "="/],
  ] as const) {
    it(`refuses the TXT records ${JSON.stringify(txt)}`, () => {
      assert.throws(() => apply(uri, { txt }), { name: 'MongoParseError', message });
    });
  }

  it('options completed by DNS are frozen and show no secret', () => {
    const options = apply(
      'mongodb+srv://u:p@cluster.example.com',
      {},
      { autoEncryption: { kmsProviders: { local: { key: 'hunter2' } } } },
    );

    assert.ok(Object.isFrozen(options));
    assert.ok(Object.isFrozen(options.hosts));
    assert.doesNotMatch(JSON.stringify(options), /hunter2/);
  });

  it('options without an SRV host are refused', () => {
    assert.throws(() => apply('mongodb://h', {}), { name: 'MongoAPIError' });
  });
});

const isAllowedSrvHost = (...args: Parameters<typeof whyRefused>) => whyRefused(...args) === null;

describe('whyRefused', () => {
  for (const [srvHost, name, isAllowed] of [
    ['cluster.example.com', 'a.example.com', true],
    ['cluster.example.com', 'a.b.example.com', true],
    ['cluster.example.com', 'A.EXAMPLE.COM.', true],
    ['cluster.example.com', 'example.com', false],
    ['cluster.example.com', 'badexample.com', false],
    ['cluster.example.com', 'a.example.com.evil.org', false],
    ['example.com', 'a.example.com', true],
    ['example.com', 'example.com', false],
    ['example.com', 'a.other.com', false],
    ['localhost', 'a.localhost', true],
    ['localhost', 'localhost', false],
  ] as const) {
    it(`${isAllowed ? 'allows' : 'does not allow'} ${name} for ${srvHost}`, () => {
      assert.equal(isAllowedSrvHost(name, resolveOptions(`mongodb+srv://${srvHost}`)), isAllowed);
    });
  }

  it('srvAllowedHostsSuffix is compared label by label', () => {
    const options = resolveOptions(uri, { srvAllowedHostsSuffix: '.Other.ORG' });

    assert.equal(isAllowedSrvHost('a.other.org', options), true);
    assert.equal(isAllowedSrvHost('another.org', options), false);
    assert.equal(isAllowedSrvHost('a.example.com', options), false);
  });

  it('srvHostValidator replaces all other checks', () => {
    const options = resolveOptions(uri, { srvHostValidator: host => host === 'any.where' });

    assert.equal(isAllowedSrvHost('ANY.where.', options), true);
    assert.equal(isAllowedSrvHost('a.example.com', options), false);
  });

  it('refuses a validator that throws or is asynchronous', () => {
    const cause = new Error('broken');
    const throwing = resolveOptions(uri, {
      srvHostValidator: () => {
        throw cause;
      },
    });
    const asynchronous = resolveOptions(uri, { srvHostValidator: (async () => true) as never });

    assert.throws(() => isAllowedSrvHost('a', throwing), { name: 'MongoAPIError', cause });
    assert.throws(() => isAllowedSrvHost('a', asynchronous), {
      name: 'MongoAPIError',
      message: /boolean, received object/,
    });
  });
});
