import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Timestamp } from '../../../src/bson/index.js';
import { ReadConcern } from '../../../src/concern/read_concern.js';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import { WriteConcern } from '../../../src/concern/write_concern.js';
import { Transaction, transactionSettings } from '../../../src/sessions/transaction.js';
import { TRANSACTION_SETTINGS } from './support.js';

type Step = 'start' | 'sent' | 'commit' | 'abort' | 'forget';

/** What each step gives, or the message with which it is refused. */
function after(...steps: Step[]): unknown {
  const transaction = new Transaction(TRANSACTION_SETTINGS);
  const take = (step: Step): unknown => {
    if (step === 'start') transaction.start(TRANSACTION_SETTINGS);
    else return transaction[step]();
    return undefined;
  };
  let last: unknown;
  for (const step of steps) {
    try {
      last = take(step);
    } catch (error) {
      last = (error as Error).message;
    }
  }
  return [transaction.state, last];
}

describe('Transaction', () => {
  const table: [Step[], string, unknown][] = [
    [['commit'], 'none', 'No transaction started'],
    [['abort'], 'none', 'No transaction started'],
    [['sent'], 'none', undefined],
    [['start'], 'starting', undefined],
    [['start', 'start'], 'starting', 'Transaction already in progress'],
    [['start', 'sent', 'start'], 'in progress', 'Transaction already in progress'],
    [['start', 'commit'], 'committed, empty', false],
    [['start', 'commit', 'commit'], 'committed, empty', false],
    [['start', 'abort'], 'aborted', false],
    [['start', 'sent', 'commit'], 'committed', true],
    [['start', 'sent', 'commit', 'commit'], 'committed', true],
    [['start', 'sent', 'commit', 'abort'], 'committed', 'Cannot call abortTransaction after calling commitTransaction'],
    [['start', 'commit', 'abort'], 'committed, empty', 'Cannot call abortTransaction after calling commitTransaction'],
    [['start', 'sent', 'abort'], 'aborted', true],
    [['start', 'sent', 'abort', 'abort'], 'aborted', 'Cannot call abortTransaction twice'],
    [['start', 'sent', 'abort', 'commit'], 'aborted', 'Cannot call commitTransaction after calling abortTransaction'],
    [['start', 'sent', 'commit', 'start'], 'starting', undefined],
    [['start', 'sent', 'commit', 'forget'], 'none', undefined],
  ];
  for (const [steps, state, result] of table) {
    it(`${steps.join(', ')}: is ${state}`, () => assert.deepEqual(after(...steps), [state, result]));
  }

  it('knows that a commit was tried before, and forgets it with the next transaction', () => {
    const transaction = new Transaction(TRANSACTION_SETTINGS);
    transaction.start(TRANSACTION_SETTINGS);
    transaction.sent();
    transaction.commit();
    assert.equal(transaction.commitTried, false);
    transaction.commit();
    assert.equal(transaction.commitTried, true);
    transaction.start(TRANSACTION_SETTINGS);
    assert.equal(transaction.commitTried, false);
  });

  for (const [what, concern, refused] of [
    ['w: 0', { w: 0 }, true],
    ['w: 1', { w: 1 }, false],
    ['w: majority', { w: 'majority' }, false],
  ] as const) {
    it(`${refused ? 'does not start' : 'starts'} with the write concern ${what}`, () => {
      const transaction = new Transaction(TRANSACTION_SETTINGS);
      const settings = { ...TRANSACTION_SETTINGS, writeConcern: WriteConcern.fromOptions({ writeConcern: concern }) };
      const start = () => transaction.start(settings);

      if (refused) assert.throws(start, /^MongoTransactionError: Transactions do not support unacknowledged write con/);
      else start();

      assert.equal(transaction.isActive, !refused);
      assert.equal(transaction.settings, refused ? TRANSACTION_SETTINGS : settings);
    });
  }

  it('the recovery token is forgotten with the next transaction, and by an operation outside of it', () => {
    const transaction = new Transaction(TRANSACTION_SETTINGS);
    transaction.start(TRANSACTION_SETTINGS);
    transaction.recoveryToken = { shard: 'a' };
    transaction.commit();
    transaction.start(TRANSACTION_SETTINGS);
    assert.equal(transaction.recoveryToken, undefined);

    transaction.recoveryToken = { shard: 'b' };
    transaction.forget();
    assert.equal(transaction.recoveryToken, undefined);
  });

  it('starts again with the next command if the server refused the first one unread', () => {
    const transaction = new Transaction(TRANSACTION_SETTINGS);
    transaction.start(TRANSACTION_SETTINGS);
    transaction.sent();

    transaction.refused();
    assert.equal(transaction.state, 'starting');
    transaction.sent();
    transaction.sent();
    transaction.refused();

    assert.equal(transaction.state, 'in progress');
  });

  it('a commit that the server refused unread was not tried', () => {
    const transaction = new Transaction(TRANSACTION_SETTINGS);
    transaction.start(TRANSACTION_SETTINGS);
    transaction.sent();
    transaction.commit();

    transaction.commitSent();
    assert.equal(transaction.commitTried, true);
    transaction.refused();
    assert.equal(transaction.commitTried, false);
    transaction.commitSent();
    transaction.commitSent();
    transaction.refused();
    assert.equal(transaction.commitTried, true);
  });

  it('what is refused before the transaction has begun changes nothing', () => {
    const transaction = new Transaction(TRANSACTION_SETTINGS);
    transaction.start(TRANSACTION_SETTINGS);

    transaction.refused();

    assert.deepEqual([transaction.state, transaction.commitTried], ['starting', false]);
  });

  it('the read concern of the first command has the time after which it reads', () => {
    const time = new Timestamp({ t: 5, i: 1 });
    const plain = new Transaction(TRANSACTION_SETTINGS);
    const concerned = new Transaction({ ...TRANSACTION_SETTINGS, readConcern: new ReadConcern('snapshot') });

    assert.equal(plain.readConcernDocument(undefined), undefined);
    assert.deepEqual(plain.readConcernDocument(time), { afterClusterTime: time });
    assert.deepEqual(concerned.readConcernDocument(undefined), { level: 'snapshot' });
    assert.deepEqual(concerned.readConcernDocument(time), { level: 'snapshot', afterClusterTime: time });
  });
});

describe('transactionSettings', () => {
  const defaults = {
    readConcern: new ReadConcern('local'),
    writeConcern: new WriteConcern(1),
    readPreference: ReadPreference.secondary,
    maxCommitTimeMS: 70,
  };

  for (const given of [undefined, null, {}, { readConcern: null, writeConcern: undefined, readPreference: null }]) {
    it(`are the defaults if the options are ${JSON.stringify(given)}`, () => {
      assert.deepEqual(transactionSettings(given as never, defaults), defaults);
    });
  }

  it('options override the defaults', () => {
    const settings = transactionSettings(
      { readConcern: 'majority', writeConcern: { w: 3 }, readPreference: 'primary', maxCommitTimeMS: 0 },
      defaults,
    );

    assert.equal(settings.readConcern?.level, 'majority');
    assert.equal(settings.writeConcern?.w, 3);
    assert.equal(settings.readPreference.mode, 'primary');
    assert.equal(settings.maxCommitTimeMS, 0);
  });

  it('an option of one kind leaves the others as they are', () => {
    assert.deepEqual(transactionSettings({ maxCommitTimeMS: 5 }, defaults), { ...defaults, maxCommitTimeMS: 5 });
  });
});
