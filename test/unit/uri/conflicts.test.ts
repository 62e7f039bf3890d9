import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoError } from '../../../src/errors/base.js';
import type { MongoClientOptions } from '../../../src/uri/client_options.js';
import { resolveOptions } from '../../../src/uri/resolve.js';

function refuses(what: string, uri: string, message: RegExp, options: MongoClientOptions = {}): void {
  it(`refuses ${what}`, () => {
    assert.throws(
      () => resolveOptions(uri, options),
      (error: unknown) => {
        assert.ok(error instanceof MongoError);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

function accepts(what: string, uri: string, options: MongoClientOptions = {}): void {
  it(`accepts ${what}`, () => {
    assert.deepEqual(resolveOptions(uri, options).warnings, []);
  });
}

describe('options of TLS', () => {
  const exclusive = [
    ['tlsInsecure', 'tlsAllowInvalidCertificates'],
    ['tlsInsecure', 'tlsAllowInvalidHostnames'],
    ['tlsInsecure', 'tlsDisableOCSPEndpointCheck'],
    ['tlsInsecure', 'tlsDisableCertificateRevocationCheck'],
    ['tlsAllowInvalidCertificates', 'tlsDisableOCSPEndpointCheck'],
    ['tlsAllowInvalidCertificates', 'tlsDisableCertificateRevocationCheck'],
    ['tlsDisableOCSPEndpointCheck', 'tlsDisableCertificateRevocationCheck'],
  ] as const;
  for (const [one, other] of exclusive) {
    refuses(`${one} with ${other}`, `mongodb://h/?${one}=false&${other}=true`, new RegExp(`'${one}'.*'${other}'`));
    refuses(`${one} of the program with ${other} of the string`, `mongodb://h/?${other}=true`, /cannot be used with/, {
      [one]: true,
    });
  }
  accepts(
    'invalid certificates with invalid names',
    'mongodb://h/?tlsAllowInvalidCertificates=true&tlsAllowInvalidHostnames=true',
  );
  refuses('tls that is not ssl', 'mongodb://h/?tls=true&ssl=false', /All values of tls\/ssl must be the same/);
  refuses('tls with two values', 'mongodb://h/?tls=true&tls=false', /All values of tls\/ssl must be the same/);
  refuses('tls of the program that is not ssl of the string', 'mongodb://h/?ssl=true', /All values/, { tls: false });
  accepts('tls that is ssl', 'mongodb://h/?tls=true&ssl=true', { tls: true });
});

describe('options of the deployment', () => {
  refuses('a direct connection to two hosts', 'mongodb://a,b/?directConnection=true', /exactly one host, got 2/);
  refuses('a direct connection by SRV', 'mongodb+srv://a.b.c/?directConnection=true', /SRV URI does not support/);
  accepts('no direct connection to two hosts', 'mongodb://a,b/?directConnection=false');
  refuses('a load balancer with two hosts', 'mongodb://a,b/?loadBalanced=true', /single host/);
  refuses('a load balancer with a replica set', 'mongodb://a/?loadBalanced=true&replicaSet=r', /replicaSet/);
  refuses(
    'a load balancer with a direct connection',
    'mongodb://a/?loadBalanced=true&directConnection=true',
    /directConnection/,
  );
  refuses('a load balancer with srvMaxHosts', 'mongodb+srv://a.b.c/?loadBalanced=true&srvMaxHosts=1', /srvMaxHosts/);
  refuses(
    'a replica set with srvMaxHosts',
    'mongodb+srv://a.b.c/?replicaSet=r&srvMaxHosts=1',
    /srvMaxHosts.*replicaSet/,
  );
  accepts('srvMaxHosts=0 with either', 'mongodb+srv://a.b.c/?replicaSet=r&srvMaxHosts=0');
  for (const option of ['srvMaxHosts=2', 'srvMaxHosts=0', 'srvServiceName=x', 'srvAllowedHostsSuffix=.example.com']) {
    refuses(`${option} without SRV`, `mongodb://a/?${option}`, /non-srv connection string/);
  }
  refuses('a validator without SRV', 'mongodb://a', /Cannot use srvHostValidator/, { srvHostValidator: () => true });
  refuses('a validator with a suffix', 'mongodb+srv://a.b.c/?srvAllowedHostsSuffix=b.c', /together/, {
    srvHostValidator: () => true,
  });
});

describe('options of a proxy', () => {
  for (const query of ['proxyPort=1', 'proxyUsername=a', 'proxyPassword=b', 'proxyUsername=a&proxyPassword=b']) {
    refuses(`${query} without a proxy`, `mongodb://h/?${query}`, /Must specify proxyHost/);
  }
  for (const query of ['proxyUsername=a', 'proxyPassword=b', 'proxyUsername=a&proxyPassword=']) {
    refuses(
      `${query} alone`,
      `mongodb://h/?proxyHost=p&${query}`,
      /both of proxyUsername and proxyPassword or neither/,
    );
  }
  for (const name of ['proxyHost', 'proxyPort', 'proxyUsername', 'proxyPassword']) {
    const others = 'proxyHost=p&proxyPort=1&proxyUsername=a&proxyPassword=b';
    refuses(`${name} twice`, `mongodb://h/?${others}&${name}=1`, new RegExp(`multiple times.*: ${name}`));
  }
  it('empty names and passwords of a proxy are the same as none', () => {
    const { proxy } = resolveOptions('mongodb://h/?proxyHost=p&proxyUsername=&proxyPassword=');

    assert.deepEqual({ ...proxy }, { host: 'p', port: 1080, username: undefined, password: undefined });
  });
});

describe('options of reads, writes and values', () => {
  refuses('w=0 with journal', 'mongodb://h/?w=0&journal=true', /w=0 cannot be combined with journal=true/);
  refuses('w=0 of the program with journal of the string', 'mongodb://h/?journal=true', /w=0/, {
    writeConcern: { w: 0 },
  });
  refuses('tags with the primary', 'mongodb://h/?readPreferenceTags=a:b', /cannot be combined with tags/);
  refuses('staleness with the primary', 'mongodb://h/?maxStalenessSeconds=90', /cannot be combined with maxStaleness/);
  accepts('an empty tag set with the primary', 'mongodb://h/?readPreferenceTags=');
  refuses('bigint without long', 'mongodb://h', /Must request either bigint or Long/, {
    useBigInt64: true,
    promoteLongs: false,
  });
  refuses('bigint without values', 'mongodb://h/?useBigInt64=true&promoteValues=false', /Must request either bigint/);
});
