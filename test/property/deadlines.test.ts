import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import fc from 'fast-check';
import type { Document } from '../../src/bson/index.js';
import { Call } from '../../src/call/call.js';
import { withDeadline } from '../../src/call/scope.js';
import { SharedDeadline } from '../../src/call/shared_deadline.js';
import type { FindOptions } from '../../src/client/cursors/find_cursor.js';
import type { OperationPhase } from '../../src/errors/base.js';
import { MongoOperationTimeoutError } from '../../src/errors/timeout.js';
import { ClientHarness } from '../support/client_harness.js';
import { checkLedger, checkTimeout } from '../support/ledger.js';
import type { ReceivedCommand } from '../support/scripted_peer.js';
import { quiet } from '../support/scripted_server.js';

/** What the server does with one command. */
interface Reaction {
  readonly kind: 'answers' | 'refuses' | 'conflicts' | 'is silent';
  /** Milliseconds until then. */
  readonly afterMS: number;
}

interface Schedule {
  readonly operation: keyof typeof OPERATIONS;
  readonly reactions: readonly Reaction[];
  /** How long each piece of the program's own work takes. */
  readonly workMS: number;
  /** `timeoutMS` of the operation. */
  readonly ownMS: number | null;
  /** `timeoutMS` of the client. */
  readonly clientMS: number | null;
  /** Nested calls of withDeadline, the outermost first. */
  readonly sharedMS: readonly number[];
  /** When a signal aborts. */
  readonly abortAtMS: number | null;
  /** Whether it is that of a withDeadline, and not an option of the operation. */
  readonly abortsAround: boolean;
}

/** The longest time that anything in a schedule has. */
const LONGEST_TIME_MS = 100;
/** More than any operation takes that can end. */
const LONGEST_MS = 600;

const orders = ({ client }: ClientHarness) => client.db('shop').collection('orders');

type Limits = { timeoutMS?: number; signal?: AbortSignal };

/** The program's own work: it takes as long as the schedule says. */
type Work = () => Promise<void>;

/** A transaction with work of the program between its operations, of which two may run at once. */
async function transact(harness: ClientHarness, limits: Limits, work: Work, atOnce: boolean): Promise<void> {
  const session = harness.client.startSession();
  const insert = () => orders(harness).insertOne({}, { session });
  try {
    await session.withTransaction(async () => {
      await work();
      await insert();
      await work();
      await (atOnce ? Promise.all([insert(), insert()]) : orders(harness).find({}, { session }).toArray());
    }, limits);
  } finally {
    void session.endSession();
  }
}

/** Reads a cursor to its end, with work of the program between the reads. */
async function readAll(harness: ClientHarness, limits: FindOptions, work: Work): Promise<void> {
  const cursor = orders(harness).find({}, limits);
  while ((await cursor.next()) !== null) await work();
}

const OPERATIONS = {
  findOne: (harness: ClientHarness, limits: Limits) => orders(harness).findOne({}, limits),
  insertOne: (harness: ClientHarness, limits: Limits) => orders(harness).insertOne({}, limits),
  insertMany: (harness: ClientHarness, limits: Limits) => orders(harness).insertMany([{}, {}], limits),
  toArray: (harness: ClientHarness, limits: Limits) => orders(harness).find({}, limits).toArray(),
  next: readAll,
  'next, iteration': (harness: ClientHarness, limits: Limits, work: Work) =>
    readAll(harness, { ...limits, ...(limits.timeoutMS !== undefined && { timeoutMode: 'iteration' }) }, work),
  'toArray, iteration': (harness: ClientHarness, limits: Limits) =>
    orders(harness)
      .find({}, { ...limits, ...(limits.timeoutMS !== undefined && { timeoutMode: 'iteration' }) })
      .toArray(),
  bulkWrite: (harness: ClientHarness, limits: Limits) =>
    orders(harness).bulkWrite([{ insertOne: { document: {} } }, { deleteOne: { filter: {} } }], limits),
  withTransaction: (harness: ClientHarness, limits: Limits, work: Work) => transact(harness, limits, work, false),
  'withTransaction, several at once': (harness: ClientHarness, limits: Limits, work: Work) =>
    transact(harness, limits, work, true),
  command: (harness: ClientHarness, limits: Limits) => harness.client.db('shop').command({ ping: 1 }, limits),
};

const time = fc.integer({ min: 1, max: LONGEST_TIME_MS });
const schedules: fc.Arbitrary<Schedule> = fc.record({
  operation: fc.constantFrom(...(Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[])),
  reactions: fc.array(
    fc.record({
      kind: fc.constantFrom('answers', 'answers', 'answers', 'refuses', 'conflicts', 'is silent'),
      afterMS: fc.integer({ min: 0, max: 30 }),
    }),
    { maxLength: 8 },
  ),
  workMS: fc.integer({ min: 0, max: 30 }),
  ownMS: fc.option(time),
  clientMS: fc.option(time),
  sharedMS: fc.array(time, { maxLength: 3 }),
  abortAtMS: fc.option(time),
  abortsAround: fc.boolean(),
});

/** The getMore in a transaction fails, and the server does not answer the killCursors that follows. */
const SILENT_KILL: Schedule = {
  operation: 'withTransaction',
  reactions: (['answers', 'answers', 'conflicts', 'is silent'] as const).map(kind => ({ kind, afterMS: 0 })),
  ...{ workMS: 0, ownMS: 1, clientMS: null, sharedMS: [], abortAtMS: null, abortsAround: false },
};

/** ReadConcernMajorityNotAvailableYet: the command may be repeated on the same server. */
const REFUSAL: Document = {
  ...{ ok: 0, code: 134, errmsg: 'not yet', errorLabels: ['RetryableWriteError'] },
};

/** The transaction may be run again as a whole. */
const CONFLICT: Document = {
  ...{ ok: 0, code: 112, errmsg: 'a conflict', errorLabels: ['TransientTransactionError'] },
};

/** A reply that suits every command: a cursor with one batch more, then without. */
function replyTo({ name }: ReceivedCommand): Document {
  const ns = 'shop.orders';
  if (name === 'find') return { ok: 1, cursor: { id: 7n, ns, firstBatch: [{ a: 1 }] } };
  if (name === 'getMore') return { ok: 1, cursor: { id: 0n, ns, nextBatch: [{ a: 2 }] } };
  return { ok: 1, n: 1 };
}

/** Lets the server follow a schedule; it answers at once when there is nothing more in it. */
function follow(harness: ClientHarness, reactions: readonly Reaction[]): void {
  const left = [...reactions];
  harness.answer = command => {
    const { kind, afterMS } = left.shift() ?? { kind: 'answers', afterMS: 0 };
    if (kind === 'is silent') return null;
    const reply = kind === 'refuses' ? REFUSAL : kind === 'conflicts' ? CONFLICT : replyTo(command);
    if (afterMS === 0) return reply;
    harness.clock.setTimer(afterMS, () => {
      if (!command.peer.closed) command.reply(reply);
    });
    return null;
  };
}

interface Limit {
  readonly endMS: number;
  /** Both, if the two come at the same moment. */
  readonly byTime: boolean;
  readonly byAbort: boolean;
}

/** The earliest time at which something ends the operation; null if nothing does. */
function limitOf({ ownMS, clientMS, sharedMS, abortAtMS }: Schedule): Limit | null {
  // A shared deadline takes the place of the client's time.
  const inherited = ownMS === null && sharedMS.length === 0 ? clientMS : null;
  const times = [ownMS, inherited, ...sharedMS].filter(ms => ms !== null);
  const end = Math.min(Infinity, ...times);
  const abort = abortAtMS ?? Infinity;
  if (end === Infinity && abort === Infinity) return null;
  return { endMS: Math.min(end, abort), byTime: end <= abort, byAbort: abort <= end };
}

/** Milliseconds by which an operation may end after its limit: the program's own work, and what has a time of its own. */
function slackOf({ operation, workMS }: Schedule): number {
  switch (operation) {
    // The callback is waited for, and the abort has the whole time once more.
    case 'withTransaction':
    case 'withTransaction, several at once':
      return workMS + LONGEST_TIME_MS;
    // That the time is over is noticed by the next read.
    case 'next':
      return workMS;
    // Each of the two batches has the whole time.
    case 'next, iteration':
    case 'toArray, iteration':
      return 2 * (LONGEST_TIME_MS + workMS);
    default:
      return 0;
  }
}

type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** A call of the client, and when it ended. */
interface EndedCall {
  readonly call: Call;
  readonly endedAt: number;
}

/** Keeps the records of all calls of a client whose events are checked. */
function watchCalls({ clock }: ClientHarness): EndedCall[] {
  const ended: EndedCall[] = [];
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called on each call
  const { end } = Call.prototype;
  mock.method(Call.prototype, 'end', function endAndKeep(this: Call, stage: OperationPhase | null) {
    end.call(this, stage);
    ended.push({ call: this, endedAt: clock.now() });
  });
  return ended;
}

/** Runs a schedule to its end, millisecond by millisecond. */
async function play(harness: ClientHarness, schedule: Schedule, reason: Error) {
  const { operation, ownMS, sharedMS, abortAtMS, abortsAround, workMS } = schedule;
  const { clock } = harness;
  const controller = new AbortController();
  const limits: Limits = {
    ...(ownMS !== null && { timeoutMS: ownMS }),
    ...(abortAtMS !== null && !abortsAround && { signal: controller.signal }),
  };
  const begin = clock.now();
  const work = () =>
    workMS === 0 ? Promise.resolve() : new Promise<void>(resolve => void clock.setTimer(workMS, resolve));
  const start = (): Promise<unknown> => OPERATIONS[operation](harness, limits, work);
  const scopes: readonly (SharedDeadline | AbortSignal)[] = [
    ...sharedMS.map(ms => SharedDeadline.start(ms, 'withDeadline', play, clock)),
    ...(abortAtMS !== null && abortsAround ? [controller.signal] : []),
  ];
  const nested = scopes.reduceRight<() => Promise<unknown>>((inner, scope) => () => withDeadline(scope, inner), start);
  const ended: { readonly outcome: Outcome; readonly afterMS: number }[] = [];
  const end = (outcome: Outcome) => ended.push({ outcome, afterMS: clock.now() - begin });
  nested().then(
    value => end({ value }),
    (error: unknown) => end({ error }),
  );
  if (abortAtMS !== null) clock.setTimer(abortAtMS, () => controller.abort(reason));
  await quiet();
  for (let ms = 0; ms < LONGEST_MS && ended.length === 0; ms++) {
    await clock.advance(1);
    await quiet();
  }
  return ended[0] ?? null;
}

describe('deadlines, whatever the server does', () => {
  it('end the operation in time, with the stage that waited, parts that add up, and nothing left armed', async () => {
    await fc.assert(
      fc.asyncProperty(schedules, async schedule => {
        const { clientMS, reactions } = schedule;
        await using harness = await ClientHarness.connected(clientMS === null ? {} : { timeoutMS: clientMS }, {
          checksEvents: true,
        });
        const armed = harness.clock.pendingTimers;
        follow(harness, reactions);
        const reason = new Error('aborted');
        const calls = watchCalls(harness);

        const ended = await play(harness, schedule, reason).finally(() => mock.restoreAll());

        checkRecords(calls);
        const limit = limitOf(schedule);
        if (limit === null) {
          // Without a limit only a silent server keeps it waiting.
          assert.ok(ended !== null || reactions.some(({ kind }) => kind === 'is silent'));
          return;
        }
        assert.ok(ended !== null, 'It must have ended');
        const latestMS = limit.endMS + slackOf(schedule);
        assert.ok(ended.afterMS <= latestMS, `ended after ${ended.afterMS} ms, the limit is ${latestMS}`);
        if ('error' in ended.outcome) checkError(ended.outcome.error, ended.afterMS, limit, reason, schedule);
        // What the server still owes, and what closes the cursor, is given up on in the background.
        harness.answer = () => ({ ok: 1 });
        for (let turns = 0; turns < 4; turns++) {
          await harness.clock.advance(700);
          await quiet();
        }
        assert.ok(harness.clock.pendingTimers <= armed, `${harness.clock.pendingTimers} timers, ${armed} before`);
        assert.deepEqual(
          harness.client.poolStats().map(({ inUse, waitQueueLength }) => [inUse, waitQueueLength]),
          [[0, 0]],
        );
      }),
      { numRuns: 250, examples: [[SILENT_KILL]] },
    );
  });
});

/** The stages of each call add up to the time that it took, whether it succeeded or failed. */
function checkRecords(calls: readonly EndedCall[]): void {
  for (const { call, endedAt } of calls) {
    const record = call.record();
    assert.ok(record !== null, call.name);
    checkLedger(record, endedAt - call.deadline.ledger.startedAt);
  }
}

function checkError(error: unknown, afterMS: number, limit: Limit, reason: Error, schedule: Schedule): void {
  const slackMS = slackOf(schedule);
  // With some slack, either end may come first.
  if (error === reason) {
    assert.ok(limit.byAbort || slackMS > 0);
    return;
  }
  // Without timeoutMS a second refusal is the error of the operation, and so is a conflict.
  if (!(error instanceof MongoOperationTimeoutError)) return;
  assert.ok(limit.byTime || slackMS > 0);
  const { elapsedMS = NaN, timeoutMS = NaN } = error;
  checkTimeout(error, slackMS === 0 ? afterMS : elapsedMS);
  assert.ok(elapsedMS <= afterMS);
  assert.ok(elapsedMS <= timeoutMS + slackMS, `after ${elapsedMS} ms of ${timeoutMS}`);
}
