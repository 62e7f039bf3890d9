import assert from 'node:assert/strict';
import type { Document } from '../../../../src/bson/index.js';
import { Call, NO_STAGE_LIMITS } from '../../../../src/call/call.js';
import { Deadline } from '../../../../src/call/deadline.js';
import type { ClientHarness } from '../../../support/client_harness.js';
import { failure, PRIMARY } from '../../../support/engine_harness.js';
import { attempt } from '../../../support/pool_harness.js';
import type { ReceivedCommand } from '../../../support/scripted_peer.js';
import { type Answer, quiet } from '../../../support/scripted_server.js';

/** NotWritablePrimary: the client no longer knows a primary. */
const NOT_PRIMARY = 10107;

/** A primary that takes one document in a batch, so that calls which write several send several commands. */
export const SMALL_BATCHES = Object.freeze({ ...PRIMARY, maxWireVersion: 25, maxWriteBatchSize: 1 });

/** What every command is answered. */
export const ALL_WELL: Answer = ({ name }) => ({
  ok: 1,
  n: 1,
  nInserted: 1,
  values: [],
  ...(name === 'explain' || name === 'findAndModify' ? {} : { cursor: reply(0n, name) }),
});

/** The same, but cursors have a next batch, unless the command asks for one document. */
const MORE_TO_COME: Answer = command => {
  const { name, body } = command;
  const answer = ALL_WELL(command) ?? {};
  const stages = (body['pipeline'] ?? []) as Document[];
  const isShort = name === 'bulkWrite' || 'limit' in body || stages.some(stage => '$group' in stage);
  return 'cursor' in answer && !isShort ? { ...answer, cursor: reply(7n, name) } : answer;
};

function reply(id: bigint, name: string) {
  const documents = name === 'bulkWrite' ? [{ ok: 1, idx: 0, n: 1 }] : [];
  const ns = name === 'bulkWrite' ? 'admin.$cmd.bulkWrite' : 'shop.orders';
  return { id, ns, [name === 'getMore' ? 'nextBatch' : 'firstBatch']: documents };
}

/** What a call may wait for: how the wait begins on a client that is connected and idle, and how it is made to last. */
export interface Phase {
  /** Default: as many connections as are needed. */
  readonly maxPoolSize?: number;
  /** As the table names it. */
  readonly word: string;
  begin(harness: ClientHarness): Promise<void> | void;
  /** The same for a client that is to be connected; absent: then it does not wait in this phase. */
  beginUnconnected?(harness: ClientHarness): void;
  /** From now on, what the call begins anew succeeds. What waits goes on waiting. */
  heal(harness: ClientHarness): void;
}

async function closeConnectionOfPool({ server }: ClientHarness): Promise<void> {
  // The first connection is the monitor's.
  for (const peer of server.openPeers.slice(1)) peer.close();
  await quiet();
}

function healCommands(harness: ClientHarness): void {
  harness.answer = ALL_WELL;
}

export type PhaseName = 'selection' | 'queue' | 'connect' | 'hello' | 'reply' | 'later';

export const PHASES: Readonly<Record<PhaseName, Phase>> = {
  selection: {
    word: 'server',
    async begin(harness) {
      harness.server.hello = () => null;
      harness.answer = () => failure(NOT_PRIMARY);
      await harness.client
        .db('admin')
        .command({ ping: 1 }, { timeoutMS: 0 })
        .catch(() => undefined);
      harness.answer = ALL_WELL;
    },
    beginUnconnected(harness) {
      harness.server.hello = () => null;
    },
    heal: () => undefined,
  },
  queue: {
    word: 'queue',
    maxPoolSize: 1,
    async begin(harness) {
      const untimed = new Call(0, 'test', 'shop', Deadline.background(harness.clock), NO_STAGE_LIMITS);
      const engine = await harness.port.engine(untimed);
      for (const { pool } of engine.topology.servers.values()) {
        assert.ok(pool.tryCheckOut(attempt(untimed.deadline)), 'a connection must be idle');
      }
      harness.answer = ALL_WELL;
    },
    heal: () => undefined,
  },
  connect: {
    word: 'connect',
    async begin(harness) {
      await closeConnectionOfPool(harness);
      harness.server.accepts = false;
      harness.answer = ALL_WELL;
    },
    beginUnconnected({ server }) {
      server.hello = () => {
        server.accepts = false;
        return SMALL_BATCHES;
      };
    },
    heal({ server }) {
      server.accepts = true;
      server.hello = () => SMALL_BATCHES;
    },
  },
  hello: {
    word: 'handshake',
    async begin(harness) {
      await closeConnectionOfPool(harness);
      harness.server.hello = () => null;
      harness.answer = ALL_WELL;
    },
    beginUnconnected({ server }) {
      // The first connection is the monitor's.
      server.hello = ({ peer }) => (peer.number === 1 ? SMALL_BATCHES : null);
    },
    heal(harness) {
      harness.server.hello = () => SMALL_BATCHES;
    },
  },
  reply: {
    word: 'first reply',
    begin(harness) {
      harness.answer = () => null;
    },
    heal: healCommands,
  },
  later: {
    word: 'later replies',
    begin(harness) {
      let answers = 1;
      harness.answer = (command: ReceivedCommand) => (answers-- > 0 ? MORE_TO_COME(command) : null);
    },
    heal: healCommands,
  },
};

export const PHASE_NAMES = Object.keys(PHASES) as readonly PhaseName[];
