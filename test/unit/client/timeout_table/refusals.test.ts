import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withDeadline } from '../../../../src/call/scope.js';
import { SharedDeadline } from '../../../../src/call/shared_deadline.js';
import type { MongoClient } from '../../../../src/client/mongo_client.js';
import { MongoInvalidArgumentError, MongoParseError } from '../../../../src/errors/driver.js';
import { ClientHarness } from '../../../support/client_harness.js';
import { errorOf } from '../../../support/engine_harness.js';
import { METHODS } from './methods.js';
import { ALL_WELL } from './phases.js';

/** No `timeoutMS`: it is an integer from 0 on, and no larger than a number can be exact. */
const BAD: readonly unknown[] = [
  ...[-1, -0.5, 0.5, 1e-9, Number.NaN, Infinity, -Infinity, 2 ** 53, 2 ** 63, -(2 ** 63)],
  ...[10n, '10', true, {}, [10]],
];

/** Places beside methods where a time is set. */
const LEVELS: Readonly<Record<string, (client: MongoClient, timeoutMS: number) => unknown>> = {
  'client.db': (client, timeoutMS) => client.db('shop', { timeoutMS }),
  'db.collection': (client, timeoutMS) => client.db('shop').collection('orders', { timeoutMS }),
  startSession: (client, timeoutMS) => client.startSession({ defaultTimeoutMS: timeoutMS }),
  'defaultTransactionOptions of startSession': (client, timeoutMS) =>
    client.startSession({ defaultTransactionOptions: { timeoutMS } }).startTransaction(),
  startTransaction: (client, timeoutMS) => client.startSession().startTransaction({ timeoutMS }),
  withDeadline: (_, timeoutMS) => withDeadline(timeoutMS, () => assert.fail('the function was called')),
  'Deadline.after': (_, timeoutMS) => SharedDeadline.after(timeoutMS),
};

const shown = (value: unknown) => `${typeof value} ${typeof value === 'bigint' ? value : JSON.stringify(value)}`;

async function answering(): Promise<ClientHarness> {
  const harness = await ClientHarness.connected();
  harness.answer = command =>
    command.name === 'find'
      ? { ok: 1, cursor: { id: 7n, ns: 'shop.orders', firstBatch: [{ a: 1 }] } }
      : ALL_WELL(command);
  return harness;
}

describe('a timeoutMS that is none', () => {
  for (const method of METHODS.filter(({ withoutOptions }) => withoutOptions !== true)) {
    it(`of ${method.name} is refused, and nothing is sent`, async () => {
      for (const bad of BAD) {
        await using harness = await answering();
        const call = await method.prepare(harness.client);
        harness.received.length = 0;

        const error = await errorOf((async () => call({ timeoutMS: bad as number }))());

        assert.ok(error instanceof MongoInvalidArgumentError, `${shown(bad)}: ${String(error)}`);
        assert.match(error.message, /^timeoutMS of [\w. ]+ is /, shown(bad));
        assert.deepEqual(harness.story(), [], shown(bad));
      }
    });
  }

  for (const [level, set] of Object.entries(LEVELS)) {
    it(`of ${level} is refused`, async () => {
      await using harness = new ClientHarness();
      for (const bad of BAD) {
        assert.throws(
          () => set(harness.client, bad as number),
          (error: Error) => error instanceof MongoInvalidArgumentError && /timeoutMS|milliseconds/.test(error.message),
          shown(bad),
        );
      }
      assert.equal(harness.server.peers.length, 0);
    });
  }

  it('of new MongoClient is refused', () => {
    // Options of a client may be given as text, as in the official driver.
    for (const bad of BAD.filter(value => value !== '10')) {
      assert.throws(
        () => new ClientHarness({ timeoutMS: bad as number }),
        (error: Error) => error instanceof MongoParseError && error.message.startsWith('Option timeoutMS cannot be '),
        shown(bad),
      );
    }
  });

  it('of the connection string is ignored with a warning that names it', async () => {
    for (const bad of [
      '-1',
      '-0.5',
      '0.5',
      'NaN',
      'Infinity',
      '9007199254740992',
      '9223372036854775808',
      '1e3',
      'ten',
      '',
    ]) {
      await using harness = new ClientHarness({}, { url: `mongodb://a:27017/?timeoutMS=${bad}` });

      assert.equal(harness.client.timeoutMS, undefined, bad);
      assert.match(harness.client.options.warnings.join(), /timeoutMS/, bad);
    }
  });
});
