import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReadPreference } from '../../../src/concern/read_preference.js';
import { Transaction, type TransactionSettings } from '../../../src/sessions/transaction.js';

const SETTINGS: TransactionSettings = {
  readConcern: undefined,
  writeConcern: undefined,
  readPreference: ReadPreference.primary,
  maxCommitTimeMS: undefined,
};

type Step = 'start' | 'sent' | 'commit' | 'abort' | 'forget';

/** What each step gives, or the message with which it is refused. */
function after(...steps: Step[]): unknown {
  const transaction = new Transaction(SETTINGS);
  const take = (step: Step): unknown => {
    if (step === 'start') transaction.start(SETTINGS);
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
    const transaction = new Transaction(SETTINGS);
    transaction.start(SETTINGS);
    transaction.sent();
    transaction.commit();
    assert.equal(transaction.commitTried, false);
    transaction.commit();
    assert.equal(transaction.commitTried, true);
    transaction.start(SETTINGS);
    assert.equal(transaction.commitTried, false);
  });
});
