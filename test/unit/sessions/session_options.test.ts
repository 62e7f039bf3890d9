import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Timestamp } from '../../../src/bson/index.js';
import { MongoInvalidArgumentError } from '../../../src/errors/driver.js';
import { type ClientSessionOptions, sessionSettings } from '../../../src/sessions/session_options.js';
import type { MongoClientOptions } from '../../../src/uri/client_options.js';
import { mongoOptions } from '../../../src/uri/mongo_options.js';
import { resolveOptions } from '../../../src/uri/resolve.js';

const TIME = new Timestamp({ t: 5, i: 1 });

function settings(given: ClientSessionOptions = {}, client: MongoClientOptions = {}) {
  return sessionSettings(given, mongoOptions(resolveOptions('mongodb://a', client)));
}

describe('sessionSettings', () => {
  const kinds: readonly [ClientSessionOptions, causal: boolean, snapshot: boolean][] = [
    [{}, true, false],
    [{ causalConsistency: true }, true, false],
    [{ causalConsistency: false }, false, false],
    [{ snapshot: false }, true, false],
    [{ snapshot: true }, false, true],
    [{ snapshot: true, causalConsistency: false }, false, true],
    [{ snapshot: false, causalConsistency: true }, true, false],
  ];
  for (const [given, causal, snapshot] of kinds) {
    it(`a session with ${JSON.stringify(given)} is ${causal ? '' : 'not '}causal and ${snapshot ? '' : 'not '}snapshot`, () => {
      const found = settings(given);

      assert.deepEqual([found.causal, found.snapshot], [causal, snapshot]);
    });
  }

  it('a snapshot session cannot be causal', () => {
    assert.throws(() => settings({ snapshot: true, causalConsistency: true }), {
      name: 'MongoInvalidArgumentError',
      message: 'Properties "causalConsistency" and "snapshot" are mutually exclusive',
    });
  });

  it('snapshotTime needs a snapshot session', () => {
    assert.equal(settings({ snapshot: true, snapshotTime: TIME }).snapshotTime, TIME);
    for (const given of [{ snapshotTime: TIME }, { snapshotTime: TIME, snapshot: false }]) {
      assert.throws(() => settings(given), /^MongoInvalidArgumentError: Property "snapshotTime" needs "snapshot"/);
    }
    assert.equal(settings({ snapshotTime: null as never }).causal, true);
  });

  it('transactions have the concerns and the read preference of the client', () => {
    const { transaction } = settings({}, { readConcernLevel: 'majority', w: 2, readPreference: 'nearest' });

    assert.equal(transaction.readConcern?.level, 'majority');
    assert.equal(transaction.writeConcern?.w, 2);
    assert.equal(transaction.readPreference.mode, 'nearest');
    assert.equal(transaction.maxCommitTimeMS, undefined);
  });

  it('defaultTransactionOptions override those of the client one by one', () => {
    const { transaction } = settings(
      { defaultTransactionOptions: { writeConcern: { w: 3 }, maxCommitTimeMS: 70 } },
      { readConcernLevel: 'majority', w: 2 },
    );

    assert.equal(transaction.readConcern?.level, 'majority');
    assert.equal(transaction.writeConcern?.w, 3);
    assert.equal(transaction.maxCommitTimeMS, 70);
  });

  it('timeoutMS of the session is defaultTimeoutMS, and not that of the client', () => {
    assert.equal(settings({ defaultTimeoutMS: 0 }, { timeoutMS: 500 }).timeoutMS, 0);
    assert.equal(settings({}, { timeoutMS: 500 }).timeoutMS, undefined);
  });

  it('a wrong defaultTimeoutMS is refused with its name', () => {
    assert.throws(
      () => settings({ defaultTimeoutMS: -1 }),
      (error: Error) =>
        error instanceof MongoInvalidArgumentError &&
        /^timeoutMS of the session \(defaultTimeoutMS\) is -1/.test(error.message),
    );
  });

  it('options are read from the object itself and not from what it inherits', () => {
    assert.equal(settings(Object.create({ snapshot: true }) as ClientSessionOptions).snapshot, false);
  });
});
