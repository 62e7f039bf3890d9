import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ServerDescription, type ServerDescriptionFields } from '../../../src/description/server_description.js';
import { ServerType } from '../../../src/description/types.js';
import { CommandAttempt, FIRST_ATTEMPT, selectedServer } from '../../../src/executor/command_attempt.js';
import type { EngineOptions } from '../../../src/executor/engine.js';
import {
  EngineHarness,
  endOfTransaction,
  MONGOS,
  type OperationOverrides,
  read,
  unacknowledgedWrite,
  userCommand,
  write,
} from '../../support/engine_harness.js';

const OPTIONS: EngineOptions = {
  retryReads: true,
  retryWrites: true,
  maxAdaptiveRetries: 2,
  enableOverloadRetargeting: false,
  apiFields: undefined,
};

const described = (fields: Partial<ServerDescriptionFields> = {}) =>
  new ServerDescription({
    address: 'a:27017',
    type: ServerType.RSPrimary,
    maxWireVersion: 21,
    logicalSessionTimeoutMinutes: 30,
    ...fields,
  });

const selected = (operation = read(), fields: Partial<ServerDescriptionFields> = {}, options = {}) =>
  selectedServer('a:27017', described(fields), operation, { ...OPTIONS, ...options });

describe('selectedServer', () => {
  it('keeps what the description said of the server', () => {
    assert.deepEqual(selected(read(), { minRoundTripTime: 12.5 }), {
      address: 'a:27017',
      isMongos: false,
      wireVersion: 21,
      minRoundTripTimeMS: 12.5,
      allowsRetry: true,
    });
  });

  it('tells a mongos', () => {
    assert.equal(selected(read(), { type: ServerType.Mongos }).isMongos, true);
  });

  it('knows no wire version behind a load balancer', () => {
    const { wireVersion, isMongos } = selected(read(), { type: ServerType.LoadBalancer, maxWireVersion: 21 });

    assert.equal(wireVersion, undefined);
    assert.equal(isMongos, false);
  });

  it('knows nothing of a server that has left the topology, and allows reads alone to be retried', () => {
    const gone = (operation = read()) => selectedServer('a:27017', undefined, operation, OPTIONS);

    assert.deepEqual(gone(), {
      address: 'a:27017',
      isMongos: false,
      wireVersion: undefined,
      minRoundTripTimeMS: 0,
      allowsRetry: true,
    });
    assert.equal(gone(write()).allowsRetry, false);
  });
});

describe('selectedServer, whether a retry is allowed', () => {
  const reads = (overrides?: OperationOverrides, options = {}) => selected(read(overrides), {}, options).allowsRetry;
  const writes = (fields: Partial<ServerDescriptionFields> = {}, options = {}, overrides?: OperationOverrides) =>
    selected(write(overrides), fields, options).allowsRetry;

  it('allows that of a read with retryReads, on any server', () => {
    assert.equal(reads(), true);
    assert.equal(reads({}, { retryWrites: false }), true);
    assert.equal(reads({}, { retryReads: false }), false);
    assert.equal(
      selected(read(), { type: ServerType.Standalone, logicalSessionTimeoutMinutes: null }).allowsRetry,
      true,
    );
  });

  it('allows that of a write with retryWrites', () => {
    assert.equal(writes(), true);
    assert.equal(writes({}, { retryReads: false }), true);
    assert.equal(writes({}, { retryWrites: false }), false);
  });

  it('does not allow that of an operation that is not retryable', () => {
    assert.equal(reads({ retryable: false }), false);
    assert.equal(writes({}, {}, { retryable: false }), false);
    assert.equal(selected(userCommand({ ping: 1 })).allowsRetry, false);
  });

  it('does not allow that of a write to a server that stands alone or has no sessions', () => {
    assert.equal(writes({ type: ServerType.Standalone }), false);
    assert.equal(writes({ logicalSessionTimeoutMinutes: null }), false);
  });

  it('takes the servers behind a load balancer to have sessions', () => {
    assert.equal(writes({ type: ServerType.LoadBalancer, logicalSessionTimeoutMinutes: null }), true);
  });

  it('does not allow that of an unacknowledged write', () => {
    assert.equal(selected(unacknowledgedWrite()).allowsRetry, false);
  });

  it('does not allow that of a command inside a transaction, and does outside of one', async () => {
    const harness = await EngineHarness.open();
    const session = harness.session({}, 'inTransaction');

    assert.equal(reads({ session }), false);
    assert.equal(writes({}, {}, { session }), false);
    session.transaction.commit();
    assert.equal(reads({ session }), true);
    assert.equal(writes({}, {}, { session }), true);
    await harness.close();
  });

  it('always allows that of the end of a transaction', async () => {
    const harness = await EngineHarness.open();
    const session = harness.session({}, 'inTransaction');
    const options = { retryReads: false, retryWrites: false };

    for (const name of ['commitTransaction', 'abortTransaction'] as const) {
      assert.equal(selected(endOfTransaction(session, name), {}, options).allowsRetry, true);
    }
    await harness.close();
  });
});

describe('CommandAttempt', () => {
  it('goes on from what the earlier attempts have left', async () => {
    const harness = await EngineHarness.open();
    const operation = read();
    const earlier = selected();
    const deprioritized = new Set(['a:27017']);
    const progress = { ...FIRST_ATTEMPT, attempt: 3, deprioritized, txnNumber: 8, selected: earlier };

    const attempt = new CommandAttempt(harness.call(), operation, progress);

    assert.equal(attempt.number, 3);
    assert.equal(attempt.deprioritized, deprioritized);
    assert.equal(attempt.txnNumber, 8);
    assert.equal(attempt.selected, earlier);
    assert.equal(attempt.commandName, 'find');
    assert.equal(attempt.namespace, 'shop.orders');
    assert.equal(attempt.wanted, 'primary');
    await harness.close();
  });

  it('selects as its operation says, and the pinned server alone where a transaction is pinned', async () => {
    const harness = await EngineHarness.open({ hellos: { 'a:27017': MONGOS, 'b:27017': MONGOS } });
    const session = harness.session({}, 'inTransaction');
    const operation = read({ session });
    const { description } = harness.engine.topology;
    const candidates = () => {
      const { selector } = new CommandAttempt(harness.call(), operation, FIRST_ATTEMPT);
      return selector(description, description.candidates).map(({ address }) => address);
    };

    assert.deepEqual(candidates(), ['a:27017', 'b:27017']);
    session.pin = { server: harness.serverAt('b:27017'), connection: null };
    assert.deepEqual(candidates(), ['b:27017']);
    await harness.close();
  });
});
