import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Deadline } from '../../../src/call/deadline.js';
import { MongoNetworkError } from '../../../src/errors/network.js';
import { MongoOperationTimeoutError } from '../../../src/errors/timeout.js';
import { resolveOptions } from '../../../src/uri/resolve.js';
import { lookUpSrv } from '../../../src/uri/srv_lookup.js';
import { FakeClock } from '../../support/fake_clock.js';
import { FakeResolver } from '../../support/fake_resolver.js';

const OPTIONS = resolveOptions('mongodb+srv://cluster.example.com');
const SRV = '_mongodb._tcp.cluster.example.com';
const RECORD = { name: 'db1.example.com', port: 27017 };

async function failure(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => assert.fail('did not fail'),
    (error: unknown) => error as Error,
  );
}

describe('lookUpSrv', () => {
  it('an answer without a TXT record is enough', async () => {
    const resolver = new FakeResolver();
    resolver.srv.set(SRV, [[RECORD]]);
    const answer = await lookUpSrv(OPTIONS, resolver, Deadline.background(new FakeClock()));

    assert.deepEqual(answer, { hosts: [RECORD], txt: [] });
    assert.deepEqual(resolver.asked, [`SRV ${SRV}`, 'TXT cluster.example.com']);
  });

  it('a query without an answer is retried, and the error names the record, the name servers and the attempts', async () => {
    const clock = new FakeClock();
    const resolver = new FakeResolver();
    resolver.srv.set(SRV, ['ETIMEOUT', 'ESERVFAIL', [RECORD]]);
    const found = lookUpSrv(OPTIONS, resolver, Deadline.background(clock));
    await clock.advance(300);
    assert.deepEqual((await found).hosts, [RECORD]);

    resolver.srv.set(SRV, ['ECONNREFUSED']);
    const failed = failure(lookUpSrv(OPTIONS, resolver, Deadline.background(clock)));
    await clock.advance(300);
    const error = await failed;
    assert.ok(error instanceof MongoNetworkError);
    assert.match(
      error.message,
      /^Could not read the SRV record of _mongodb\._tcp\.cluster\.example\.com \(asked 192\.0\.2\.53 3 times\): querySrv ECONNREFUSED .*name servers of this machine/,
    );
    assert.equal((error.cause as { code?: string }).code, 'ECONNREFUSED');
    assert.equal(clock.pendingTimers, 0);
  });

  it('a query for a record that does not exist is not retried', async () => {
    const resolver = new FakeResolver();
    const error = await failure(lookUpSrv(OPTIONS, resolver, Deadline.background(new FakeClock())));

    assert.match(error.message, /ENOTFOUND.*typing error/);
    assert.equal(resolver.asked.length, 2);
  });

  it('a query ends with its deadline', async () => {
    const clock = new FakeClock();
    const resolver = new FakeResolver();
    resolver.silent = true;
    const deadline = Deadline.start({ timeoutMS: 100, source: 'operation' }, clock);
    const failed = failure(lookUpSrv(OPTIONS, resolver, deadline));
    await clock.advance(100);
    const error = await failed;

    assert.ok(error instanceof MongoOperationTimeoutError);
    assert.match(error.message, /while waiting for the (SRV|TXT) record of .*cluster\.example\.com.*192\.0\.2\.53/);
    assert.equal(clock.pendingTimers, 0);
  });
});
