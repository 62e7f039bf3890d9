import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSecureContext } from 'node:tls';
import { MongoClient } from '../../../src/client/mongo_client.js';
import type { MongoClientOptions } from '../../../src/uri/client_options.js';
import { OPTION_NAMES, optionNamed } from '../../../src/uri/options/table.js';
import { resolveOptions } from '../../../src/uri/resolve.js';

/** A program's options by any name and of any type, as JavaScript allows it. */
function clientWith(options: Record<string, unknown>, uri = 'mongodb://h/'): MongoClient {
  return new MongoClient(uri, options);
}

const UNREADABLE = ['1', '0', 'yes', 'no', 'on', 'off', 'TRUE', 'False', 't', 'Y', ' true', 'true ', 'enabled'];

describe('an option that decides over trust, secrecy or durability', () => {
  for (const name of ['tls', 'ssl'] as const) {
    it(`an unreadable ${name} does not leave the connection in the clear`, () => {
      for (const value of [...UNREADABLE, '', 'invalid', 'required']) {
        const uri = `mongodb://h/?${name}=${encodeURIComponent(value)}`;
        assert.throws(
          () => resolveOptions(uri),
          { name: 'MongoParseError', message: new RegExp(`Option ${name} `) },
          uri,
        );
        if (value !== '') assert.throws(() => clientWith({ [name]: value }), { name: 'MongoParseError' }, value);
      }
    });
  }

  for (const name of OPTION_NAMES.filter(one => optionNamed(one).toleratesNonsense === true)) {
    it(`${name} is an error when it plainly means true or false, and a warning when it means nothing (URI Options)`, () => {
      for (const value of UNREADABLE) {
        const uri = `mongodb://h/?${name}=${encodeURIComponent(value)}`;
        assert.throws(() => resolveOptions(uri), { name: 'MongoParseError' }, uri);
      }
      for (const value of ['invalid', '']) {
        assert.equal(resolveOptions(`mongodb://h/?${name}=${value}`).warnings.length > 0, true, value);
      }
    });
  }

  it('an empty option that guards something is an error in a connection string', () => {
    for (const name of OPTION_NAMES) {
      const { guards, where, toleratesNonsense } = optionNamed(name);
      if (guards === undefined || where === 'client' || toleratesNonsense === true) continue;
      assert.throws(() => resolveOptions(`mongodb://h/?${name}=`), { name: 'MongoParseError' }, name);
    }
  });

  it('an option that guards something is an error if a connection string gives it twice, with different values', () => {
    for (const query of [
      'tlsInsecure=true&tlsInsecure=false',
      'w=majority&w=1',
      'authSource=a&authSource=b',
      'tls=yes&tls=true',
      'journal=false&journal=true',
    ]) {
      assert.throws(() => resolveOptions(`mongodb://h/?${query}`), { name: 'MongoParseError' }, query);
    }
    assert.equal(resolveOptions('mongodb://h/?w=majority&w=majority').writeConcern?.w, 'majority');
  });

  for (const name of [
    'rejectUnauthorized',
    'tlsInsecure',
    'tlsAllowInvalidCertificates',
    'tlsAllowInvalidHostnames',
    'allowPartialTrustChain',
    'requestOCSP',
    'enableTrace',
  ]) {
    it(`${name} of a program is true or false, and not the text of it`, () => {
      for (const value of ['false', 'true', 'no', '', 0, 1, {}]) {
        assert.throws(
          () => clientWith({ tls: true, [name]: value }),
          { name: 'MongoParseError' },
          JSON.stringify(value),
        );
      }
      clientWith({ tls: true, [name]: false });
    });
  }

  it('an option that guards something is an error if its value has another type', () => {
    for (const wrong of [
      { checkServerIdentity: false },
      { checkServerIdentity: 'none' },
      { secureContext: 'x' },
      { secureContext: {} },
      { authMechanism: 'SCRAM' },
      { w: 1.5 },
      { writeConcern: { j: 'yes' } },
      { journal: 'yes' },
      { readConcernLevel: 5 },
      { readConcern: { level: 5 } },
      { tlsCAFile: 5 },
      { servername: false },
    ]) {
      assert.throws(() => clientWith({ tls: true, ...wrong }), Error, JSON.stringify(wrong));
    }
    clientWith({ tls: true, secureContext: createSecureContext() });
  });

  it('an option that guards something is an error if a program spells it twice, with different values', () => {
    assert.throws(() => clientWith({ tlsInsecure: false, TLSINSECURE: true }), /TLSINSECURE are the same option/);
    assert.throws(() => clientWith({ w: 'majority', W: 1 }), /same option/);
  });
});

describe('certificates and keys without TLS', () => {
  const material: MongoClientOptions[] = [
    { tlsCAFile: 'ca.pem' },
    { tlsCRLFile: 'crl.pem' },
    { tlsCertificateKeyFile: 'client.pem' },
    { cert: 'x' },
    { key: 'x' },
    { pfx: 'x' },
    { crl: 'x' },
    { secureContext: createSecureContext() },
    { checkServerIdentity: () => undefined },
  ];
  for (const options of material) {
    const [name = ''] = Object.keys(options);
    it(`${name} without TLS is an error, and the client does not go on in the clear`, () => {
      assert.throws(() => new MongoClient('mongodb://h/', options), {
        name: 'MongoParseError',
        message: new RegExp(`^Option ${name} is given, and TLS is not switched on.*Add tls=true`),
      });
      assert.equal(new MongoClient('mongodb://h/', { ...options, tls: true }).options.tls, true);
      assert.equal(new MongoClient('mongodb://h/?ssl=true', options).options.tls, true);
      assert.equal(new MongoClient('mongodb+srv://h.example.com/', options).options.tls, true);
      // The caller has said so.
      assert.equal(new MongoClient('mongodb://h/?tls=false', options).options.tls, false);
    });
  }

  it('certificates and keys of a connection string without TLS are an error', () => {
    assert.throws(() => new MongoClient('mongodb://h/?tlsCertificateKeyFile=a.pem'), /tlsCertificateKeyFile is given/);
    assert.throws(
      () => new MongoClient('mongodb+srv://h.example.com/?tls=false', { tls: true, cert: 'x' }),
      /tls\/ssl/,
    );
  });

  it('mongosh connects without TLS: it hands the certificate authorities of the system to every client', () => {
    assert.equal(new MongoClient('mongodb://h/', { ca: 'x' }).options.tls, false);
  });

  it('a misspelt option of TLS is an error if TLS is off', () => {
    for (const query of ['tsl=true', 'stl=1', 'sslCA=ca.pem', 'tlsCAfil=ca.pem', 'ssl_ca_certs=x', 'tlss=true']) {
      assert.throws(() => new MongoClient(`mongodb://h/?${query}`), /looks like one of TLS/, query);
      assert.equal(new MongoClient(`mongodb://h/?${query}&tls=true`).options.warnings.length, 1, query);
    }
  });
});

describe('an empty string from an unset environment variable', () => {
  it('an empty password of a key and an empty server name are values', () => {
    const { tls } = resolveOptions('mongodb://h/?tls=true', { tlsCertificateKeyFilePassword: '', servername: '' });

    assert.equal(tls.connection.passphrase, '');
    assert.equal(tls.connection.servername, '');
  });

  it('an empty string is the same as no value for options whose empty value means nothing', () => {
    const unset = {
      authSource: '',
      replicaSet: '',
      appName: '',
      readConcernLevel: '',
      dbName: '',
      localAddress: '',
      proxyHost: '',
    };

    assert.deepEqual(resolveOptions('mongodb://h/', unset as never).specified, []);
  });

  it('an empty file name does not matter without TLS, and is an error with TLS', () => {
    for (const name of ['tlsCAFile', 'tlsCRLFile', 'tlsCertificateKeyFile']) {
      assert.equal(clientWith({ [name]: '' }).options.tls, false);
      assert.throws(() => clientWith({ [name]: '', tls: true }), {
        message: new RegExp(`Option ${name} cannot be ""`),
      });
    }
  });
});

describe('white space around a connection string', () => {
  for (const space of ['\n', '\r\n', ' ', '\t', ' \n\n', '\u00a0', '\ufeff']) {
    it(`${JSON.stringify(space)} around a connection string does not become part of it`, () => {
      const options = resolveOptions(`${space}mongodb://u:p@h:27018/db?retryWrites=false&w=majority${space}`);

      assert.deepEqual(options.hosts.map(String), ['h:27018']);
      assert.equal(options.writeConcern?.w, 'majority');
      assert.equal(options.retryWrites, false);
      assert.equal(resolveOptions(`mongodb://localhost:27017${space}`).hosts.map(String).join(), 'localhost:27017');
      assert.equal(resolveOptions(`mongodb://h/db${space}`).dbName, 'db');
      assert.equal(resolveOptions(`mongodb://h/?tls=true${space}`).tls.enabled, true);
      assert.deepEqual(options.warnings, []);
    });
  }

  it('line breaks of a folded connection string do not become part of it', () => {
    const { hosts, replicaSet } = resolveOptions('mongodb://a,\n\tb,\r\n\tc/?replicaSet=\n\trs0');

    assert.deepEqual(hosts.map(String), ['a:27017', 'b:27017', 'c:27017']);
    assert.equal(replicaSet, 'rs0');
  });
});

describe('a fragment in a connection string', () => {
  for (const uri of [
    'mongodb://u:p@h/db#frag',
    'mongodb://u:p@h/db?w=1#frag',
    'mongodb://u:p@h/db#frag?w=2',
    'mongodb://u:p@h#f',
  ]) {
    it(`the fragment of ${uri} does not become part of the text before it`, () => {
      const { dbName, hosts, writeConcern, warnings } = resolveOptions(uri);

      assert.equal(dbName, uri.includes('/db') ? 'db' : 'test');
      assert.deepEqual(hosts.map(String), ['h:27017']);
      assert.equal(writeConcern?.w, uri.includes('w=1') ? 1 : undefined);
      assert.equal(warnings.length, 1);
    });
  }

  it('a "#" in a password does not start a fragment', () => {
    assert.equal(resolveOptions('mongodb://u:p#w@h').credentials?.password, 'p#w');
    assert.throws(() => resolveOptions('mongodb://u:1/#w@h/db'), { message: /a "#" must be written as %23/ });
  });
});
