import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { ReadConcern } from '../../../src/concern/read_concern.js';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import { WriteConcern, writeConcernDocument } from '../../../src/concern/write_concern.js';
import type { MongoClientOptions } from '../../../src/uri/client_options.js';
import { resolveOptions } from '../../../src/uri/resolve.js';

describe('resolveOptions', () => {
  it('the database comes from the program, the path or the default', () => {
    assert.equal(resolveOptions('mongodb://h').dbName, 'test');
    assert.equal(resolveOptions('mongodb://h/shop').dbName, 'shop');
    assert.equal(resolveOptions('mongodb://h/shop', { dbName: 'other' }).dbName, 'other');
  });

  it('specified lists the given options by their canonical names', () => {
    const { specified } = resolveOptions('mongodb://h/?APPNAME=a&wTimeoutMS=5&maxPoolSize=x', { retryReads: false });

    assert.deepEqual([...specified].sort(), ['appName', 'retryReads', 'wtimeoutMS']);
  });

  it('TLS is on for SRV unless an option switches it off', () => {
    assert.equal(resolveOptions('mongodb+srv://a.b.c').tls.enabled, true);
    assert.equal(resolveOptions('mongodb+srv://a.b.c/?tls=false').tls.enabled, false);
    assert.equal(resolveOptions('mongodb+srv://a.b.c', { ssl: false }).tls.enabled, false);
    assert.equal(resolveOptions('mongodb://h').tls.enabled, false);
  });

  it('an SRV connection string has no hosts before DNS is asked', () => {
    const options = resolveOptions('mongodb+srv://Cluster.Example.com/?srvServiceName=custom&srvMaxHosts=3');

    assert.deepEqual(options.hosts, []);
    assert.equal(options.srvHost, 'cluster.example.com');
    assert.equal(options.srvServiceName, 'custom');
    assert.equal(options.srvMaxHosts, 3);
  });

  it('flags of TLS become options of tls.connect', () => {
    const trusting = resolveOptions('mongodb://h/?tlsInsecure=true').tls.connection;
    const strict = resolveOptions('mongodb://h/?tlsAllowInvalidCertificates=false').tls.connection;
    const anyName = resolveOptions('mongodb://h/?tlsAllowInvalidHostnames=true').tls.connection;

    assert.equal(trusting.rejectUnauthorized, false);
    assert.equal(trusting.checkServerIdentity?.('h', {} as never), undefined);
    assert.equal(strict.rejectUnauthorized, true);
    assert.equal(strict.checkServerIdentity, undefined);
    assert.equal(anyName.rejectUnauthorized, undefined);
    assert.equal(anyName.checkServerIdentity?.('h', {} as never), undefined);
  });

  it('options of Node.js stand in the groups for tls.connect and net.connect', () => {
    const ca = Buffer.from('ca');
    const lookup = () => undefined;
    const options = resolveOptions('mongodb://h', { ca, servername: 's', family: 6, lookup, noDelay: false });

    assert.equal(options.tls.connection.ca, ca);
    assert.equal(options.tls.connection.servername, 's');
    assert.deepEqual(options.socket, { noDelay: false, keepAliveInitialDelay: 120_000, connection: { family: 6 } });
    assert.equal(options.lookup, lookup);
  });

  it('bsonOptions hold the options of BSON with their defaults', () => {
    assert.deepEqual(resolveOptions('mongodb://h/?promoteLongs=false', { ignoreUndefined: true }).bsonOptions, {
      raw: false,
      promoteLongs: false,
      promoteValues: true,
      promoteBuffers: false,
      useBigInt64: false,
      bsonRegExp: false,
      ignoreUndefined: true,
      serializeFunctions: false,
      enableUtf8Validation: true,
      fieldsAsRaw: {},
    });
  });

  it('resolved options show no secret in the console or in JSON', () => {
    const options = resolveOptions('mongodb://u:secret1@h/?proxyHost=p&proxyUsername=u&proxyPassword=secret2', {
      tlsCertificateKeyFilePassword: 'secret3',
      key: 'secret4',
      autoEncryption: { kmsProviders: { local: { key: 'secret5' } } },
    });

    assert.doesNotMatch(inspect(options, { depth: 9 }), /secret\d/);
    assert.doesNotMatch(JSON.stringify(options), /secret\d/);
    assert.equal(options.proxy?.password, 'secret2');
    assert.equal(options.tls.certificateKeyFilePassword, 'secret3');
    assert.equal(options.tls.connection.passphrase, 'secret3');
  });
});

describe('credentials', () => {
  it('credentials of the program win over those of the connection string', () => {
    const { credentials } = resolveOptions('mongodb://u:p@h/db?authSource=a', {
      auth: { username: 'x', password: 'y' },
      authSource: 'b',
    });

    assert.equal(credentials?.username, 'x');
    assert.equal(credentials.password, 'y');
    assert.equal(credentials.source, 'b');
  });

  it('credentials do not mix the user of the program with the password of the connection string', () => {
    assert.equal(resolveOptions('mongodb://u:p@h', { auth: { username: 'x' } }).credentials?.password, undefined);
    assert.equal(resolveOptions('mongodb://u@h', { auth: { password: 'y' } }).credentials?.password, 'y');
  });

  it('credentials need a user or a mechanism', () => {
    assert.equal(resolveOptions('mongodb://h/db?authSource=a').credentials, undefined);
    assert.equal(resolveOptions('mongodb://h', { auth: {} }).credentials, undefined);
    assert.equal(resolveOptions('mongodb://h/?authMechanism=DEFAULT').credentials, undefined);
  });

  it('mechanisms and their properties are compared without case', () => {
    const { credentials } = resolveOptions(
      'mongodb://u@h/?authMechanism=gssapi&authMechanismProperties=service_name:x,Canonicalize_Host_Name:true',
    );

    assert.equal(credentials?.mechanism, 'GSSAPI');
    assert.deepEqual(credentials.mechanismProperties, { SERVICE_NAME: 'x', CANONICALIZE_HOST_NAME: true });
  });

  it('properties of both places are combined, and those of the program win', () => {
    const { credentials } = resolveOptions(
      'mongodb://u@h/?authMechanism=GSSAPI&authMechanismProperties=SERVICE_NAME:x,SERVICE_REALM:r',
      {
        authMechanismProperties: { SERVICE_NAME: 'y' },
      },
    );

    assert.deepEqual(credentials?.mechanismProperties, { SERVICE_NAME: 'y', SERVICE_REALM: 'r' });
  });

  it('a connection string cannot decide where tokens may go', () => {
    assert.throws(
      () =>
        resolveOptions(
          'mongodb://h/?authMechanism=MONGODB-OIDC&authMechanismProperties=ENVIRONMENT:test,ALLOWED_HOSTS:evil',
        ),
      { name: 'MongoParseError', message: /ALLOWED_HOSTS is not allowed in the connection string/ },
    );
  });

  it('callbacks of a program stay in the properties', () => {
    const callback = async () => ({ accessToken: 'x' });
    const { credentials } = resolveOptions('mongodb://h/?authMechanism=MONGODB-OIDC', {
      authMechanismProperties: { OIDC_CALLBACK: callback },
    });

    assert.equal(credentials?.mechanismProperties.OIDC_CALLBACK, callback);
  });
});

describe('concerns', () => {
  const document = (uri: string, options?: MongoClientOptions) =>
    writeConcernDocument(resolveOptions(uri, options).writeConcern);

  it('fields of the write concern are combined, and the program wins for each', () => {
    assert.deepEqual(document('mongodb://h/?w=1&wtimeoutMS=5', { writeConcern: { w: 'majority' } }), {
      w: 'majority',
      wtimeout: 5,
    });
    assert.deepEqual(document('mongodb://h', { w: 1, writeConcern: new WriteConcern(2), journal: true }), {
      w: 2,
      j: true,
    });
    assert.deepEqual(document('mongodb://h', { writeConcern: 'majority' as never }), { w: 'majority' });
    assert.equal(document('mongodb://h'), undefined);
  });

  it('an old spelling counts only if the new one is not given', () => {
    assert.deepEqual(document('mongodb://h/?wtimeout=5&wtimeoutMS=10'), { wtimeout: 10 });
    assert.deepEqual(document('mongodb://h/?j=true&journal=false'), { j: false });
    assert.deepEqual(document('mongodb://h/?fsync=true'), { j: true });
  });

  it('a read concern may have each of its forms', () => {
    for (const options of [
      { readConcern: new ReadConcern('majority') },
      { readConcern: { level: 'majority' } },
      { readConcern: 'majority' },
      { readConcernLevel: 'majority' },
    ]) {
      assert.equal(
        resolveOptions('mongodb://h/?readConcernLevel=local', options as MongoClientOptions).readConcern?.level,
        'majority',
      );
    }
  });

  it('parts of the read preference are combined, and the program wins for each', () => {
    const uri = 'mongodb://h/?readPreference=secondary&readPreferenceTags=a:b&maxStalenessSeconds=100';
    const json = (options: MongoClientOptions) => resolveOptions(uri, options).readPreference.toJSON();

    assert.deepEqual(json({}), { mode: 'secondary', tags: [{ a: 'b' }], maxStalenessSeconds: 100 });
    assert.deepEqual(json({ readPreference: 'nearest' }), {
      mode: 'nearest',
      tags: [{ a: 'b' }],
      maxStalenessSeconds: 100,
    });
    assert.deepEqual(json({ readPreferenceTags: [{ c: 'd' }] })['tags'], [{ c: 'd' }]);
    assert.deepEqual(json({ readPreference: new ReadPreference('nearest', [{ e: 'f' }]) })['tags'], [{ e: 'f' }]);
    assert.deepEqual(json({ readPreference: 'primary' }), { mode: 'primary' });
  });

  it('a read preference of primary is the shared instance', () => {
    assert.equal(resolveOptions('mongodb://h').readPreference, ReadPreference.primary);
  });
});

describe('resolved options', () => {
  /** Classes whose instances are frozen themselves are looked into like plain objects. */
  function assertDeeplyFrozen(value: unknown, path: string): void {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
    assert.ok(Object.isFrozen(value), path);
    for (const [name, item] of Object.entries(value)) assertDeeplyFrozen(item, `${path}.${name}`);
  }

  it('resolved options are frozen at every depth', () => {
    const options = resolveOptions(
      'mongodb://u:p@a,b/db?readPreference=nearest&readPreferenceTags=a:b&w=1&readConcernLevel=local&foo=1&proxyHost=p',
      {
        compressors: ['zlib'],
        driverInfo: { name: 'lib' },
        fieldsAsRaw: { a: true },
        mongodbLogComponentSeverities: { default: 'info' },
        serverApi: { version: '1' },
        ca: [Buffer.from('ca')],
        localAddress: '127.0.0.1',
      },
    );

    assertDeeplyFrozen(options, 'options');
  });

  it('objects that belong to the program are not frozen', () => {
    const driverInfo = { name: 'lib' };
    const ca = [Buffer.from('ca')];
    const pkFactory = { createPk: () => 1 };
    const given: MongoClientOptions = { driverInfo, ca, pkFactory };

    const options = resolveOptions('mongodb://h', given);

    for (const part of [given, driverInfo, ca, pkFactory]) assert.ok(!Object.isFrozen(part));
    assert.equal(options.pkFactory, pkFactory);
    driverInfo.name = 'other';
    assert.deepEqual(options.driverInfo, { name: 'lib' });
  });

  it('the default pkFactory makes an ObjectId', () => {
    assert.equal(String(resolveOptions('mongodb://h').pkFactory.createPk()).length, 24);
  });
});
