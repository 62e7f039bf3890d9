import assert from 'node:assert/strict';
import dns from 'node:dns';
import { describe, it } from 'node:test';
import { systemResolver } from '../../../src/runtime/dns.js';
import { rejection } from '../../support/cluster.js';
import { DNSServer } from '../../support/dns_server.js';

const NAME = '_mongodb._tcp.cluster.test';

/** Runs with a name server of the test's own; afterwards Node's resolver asks those that it asked before. */
async function withDNS(run: (server: DNSServer) => Promise<void>): Promise<void> {
  const before = dns.getServers();
  const server = await DNSServer.start();
  server.srv.set(NAME, ['db1.cluster.test:27018']);
  try {
    await run(server);
  } finally {
    dns.setServers(before);
    dns.promises.setServers(before);
    server.stop();
  }
}

async function hosts(): Promise<string[]> {
  return (await systemResolver.resolveSrv(NAME)).map(({ name, port }) => `${name}:${port}`);
}

describe('the resolver of this system', () => {
  for (const [what, setServers] of [
    ['dns.setServers()', dns.setServers],
    ['dns.promises.setServers()', dns.promises.setServers],
  ] as const) {
    it(`asks the name servers that ${what} names`, async () => {
      await withDNS(async server => {
        setServers([server.address]);

        assert.deepEqual(systemResolver.servers(), [server.address]);
        assert.deepEqual(await hosts(), ['db1.cluster.test:27018']);
        assert.equal((await rejection<NodeJS.ErrnoException>(systemResolver.resolveTxt(NAME))).code, 'ENODATA');
        assert.deepEqual(server.asked, [NAME, NAME]);
      });
    });
  }

  it('asks those of the later call when both were used', async () => {
    await withDNS(async server => {
      dns.promises.setServers(['192.0.2.1']);
      dns.setServers([server.address]);
      assert.deepEqual(await hosts(), ['db1.cluster.test:27018']);

      dns.setServers(['192.0.2.1']);
      dns.promises.setServers([server.address]);
      assert.deepEqual(await hosts(), ['db1.cluster.test:27018']);
    });
  });

  it('a query whose signal is aborted ends at once, and no query of the program does', async () => {
    await withDNS(async server => {
      dns.setServers([server.address]);
      server.silent = true;
      const abort = new AbortController();
      const asked = server.question();
      const failure = rejection<NodeJS.ErrnoException>(systemResolver.resolveSrv(NAME, abort.signal));
      await asked;
      const askedByProgram = server.question();
      const ofProgram = dns.promises.resolveSrv('_mongodb._tcp.other.test');
      await askedByProgram;

      abort.abort();
      assert.equal((await failure).code, 'ECANCELLED');

      server.srv.set('_mongodb._tcp.other.test', ['db2.other.test:1']);
      server.answerAll();
      assert.equal((await ofProgram)[0]?.name, 'db2.other.test');
    });
  });
});
