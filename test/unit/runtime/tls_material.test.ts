import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { CertificateAuthority } from 'mongotempo-server';
import { TLSMaterial, type TLSSettings } from '../../../src/runtime/tls_material.js';

const authority = new CertificateAuthority('an authority');
const other = new CertificateAuthority('another authority');
const client = authority.issue({ commonName: 'client' });

/** Files that a test can change. */
class Files {
  readonly content = new Map<string, string>();

  readonly read = (path: string): Promise<Buffer> => {
    const content = this.content.get(path);
    if (content !== undefined) return Promise.resolve(Buffer.from(content));
    const error = new Error(`ENOENT: no such file or directory, open '${path}'`);
    return Promise.reject(Object.assign(error, { code: 'ENOENT' }));
  };

  material(settings: Partial<TLSSettings>): TLSMaterial {
    const none = { caFile: undefined, crlFile: undefined, certificateKeyFile: undefined, connection: {} };
    return new TLSMaterial({ ...none, ...settings }, this.read);
  }
}

describe('the files of TLS', () => {
  let files: Files;
  let warnings: Error[];
  const onWarning = (warning: Error) => {
    if (warning.name === 'MongoTLSWarning') warnings.push(warning);
  };

  beforeEach(() => {
    files = new Files();
    files.content.set('/ca.pem', authority.certificate);
    files.content.set('/client.pem', `${client.cert}\n${client.key}`);
    warnings = [];
    process.on('warning', onWarning);
  });

  afterEach(() => {
    process.off('warning', onWarning);
  });

  /** Warnings come in a later turn of the event loop. */
  const warned = () => new Promise<void>(resolve => setImmediate(resolve));

  it('share one context while they hold the same', async () => {
    const material = files.material({ caFile: '/ca.pem', certificateKeyFile: '/client.pem' });

    const { secureContext } = await material.connectOptions();

    assert.equal((await material.connectOptions()).secureContext, secureContext);
    files.content.set('/ca.pem', other.certificate);
    assert.notEqual((await material.connectOptions()).secureContext, secureContext);
  });

  const outages: readonly [string, string | null][] = [
    ['is deleted', null],
    ['is empty', ''],
    ['is half written', `${authority.certificate}\n${other.certificate}`.slice(0, -200)],
    ['holds something else', 'not a certificate'],
    ['holds a broken certificate', authority.certificate.replace(/\n[A-Za-z0-9+/]{20}/, '\nAAAAAAAAAAAAAAAAAAAA')],
  ];
  for (const [what, content] of outages) {
    it(`that were good stay in use when one ${what}, with one warning until it is good again`, async () => {
      const material = files.material({ caFile: '/ca.pem' });
      const { secureContext } = await material.connectOptions();
      const breakIt = () =>
        content === null ? files.content.delete('/ca.pem') : files.content.set('/ca.pem', content);

      breakIt();
      for (let i = 0; i < 3; i++) assert.equal((await material.connectOptions()).secureContext, secureContext);
      await warned();
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]!.message, /^tlsCAFile cannot be (read|used): .*\/ca\.pem.*what was read before/);
      files.content.set('/ca.pem', authority.certificate);
      await material.connectOptions();
      breakIt();
      await material.connectOptions();
      await warned();

      assert.equal(warnings.length, 2);
    });

    it(`are an error that names the file when one ${what} before the first connection`, async () => {
      if (content === null) files.content.delete('/ca.pem');
      else files.content.set('/ca.pem', content);

      await assert.rejects(files.material({ caFile: '/ca.pem' }).load(), {
        name: 'MongoInvalidArgumentError',
        message: /tlsCAFile cannot be (read|used): .*\/ca\.pem/,
      });
    });
  }

  it('tell which of them is malformed', async () => {
    files.content.set('/client.pem', `${client.cert}\n${other.issue({ commonName: 'x' }).key}`);

    await assert.rejects(files.material({ caFile: '/ca.pem', certificateKeyFile: '/client.pem' }).load(), {
      message: /^tlsCertificateKeyFile cannot be used: \/client\.pem: .*key values mismatch/,
    });
  });

  it('may hold keys in the old encrypted form, text around the blocks, and chains', async () => {
    const encrypted = createPrivateKey(client.key).export({
      type: 'sec1',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'secret',
    });
    files.content.set(
      '/client.pem',
      `subject=client\n${client.cert}\n${authority.certificate}\n${encrypted.toString()}`,
    );
    const good = { caFile: '/ca.pem', certificateKeyFile: '/client.pem' };

    await files.material({ ...good, connection: { passphrase: 'secret' } }).load();
    await assert.rejects(files.material({ ...good, connection: { passphrase: '' } }).load(), /\/client\.pem/);
  });

  it('are not read where the same is given directly', async () => {
    files.content.clear();
    const connection = { ca: authority.certificate, cert: client.cert, key: client.key };

    await files.material({ caFile: '/none', certificateKeyFile: '/none', connection }).load();
  });

  it('have the code of the system when they cannot be read', async () => {
    await assert.rejects(files.material({ caFile: '/none' }).load(), { code: 'ENOENT' });
  });
});
