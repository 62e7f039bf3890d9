import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Document } from '../../src/bson/index.js';
import { withDeadline } from '../../src/call/scope.js';
import { SharedDeadline } from '../../src/call/shared_deadline.js';
import { MongoOperationTimeoutError } from '../../src/errors/timeout.js';
import { ClientHarness } from '../support/client_harness.js';
import type { ReceivedCommand } from '../support/scripted_peer.js';
import { quiet } from '../support/scripted_server.js';

/** What the server does with one command. */
interface Reaction {
  readonly kind: 'answers' | 'refuses' | 'is silent';
  /** Milliseconds until then. */
  readonly afterMS: number;
}

interface Schedule {
  readonly operation: keyof typeof OPERATIONS;
  readonly reactions: readonly Reaction[];
  /** `timeoutMS` of the operation. */
  readonly ownMS: number | null;
  /** `timeoutMS` of the client. */
  readonly clientMS: number | null;
  /** Nested calls of withDeadline, the outermost first. */
  readonly sharedMS: readonly number[];
  /** When the signal of the operation aborts. */
  readonly abortAtMS: number | null;
}

/** More than any time of a schedule. */
const LONGEST_MS = 130;

const orders = ({ client }: ClientHarness) => client.db('shop').collection('orders');

type Limits = { timeoutMS?: number; signal?: AbortSignal };

const OPERATIONS = {
  findOne: (harness: ClientHarness, limits: Limits) => orders(harness).findOne({}, limits),
  insertOne: (harness: ClientHarness, limits: Limits) => orders(harness).insertOne({}, limits),
  insertMany: (harness: ClientHarness, limits: Limits) => orders(harness).insertMany([{}, {}], limits),
  toArray: (harness: ClientHarness, limits: Limits) => orders(harness).find({}, limits).toArray(),
  command: (harness: ClientHarness, limits: Limits) => harness.client.db('shop').command({ ping: 1 }, limits),
};

const time = fc.integer({ min: 1, max: 100 });
const schedules: fc.Arbitrary<Schedule> = fc.record({
  operation: fc.constantFrom(...(Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[])),
  reactions: fc.array(
    fc.record({
      kind: fc.constantFrom('answers', 'answers', 'refuses', 'is silent'),
      afterMS: fc.integer({ min: 0, max: 30 }),
    }),
    { maxLength: 8 },
  ),
  ownMS: fc.option(time),
  clientMS: fc.option(time),
  sharedMS: fc.array(time, { maxLength: 3 }),
  abortAtMS: fc.option(time),
});

/** ReadConcernMajorityNotAvailableYet: the command may be repeated on the same server. */
const REFUSAL: Document = {
  ...{ ok: 0, code: 134, errmsg: 'not yet', errorLabels: ['RetryableWriteError'] },
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
    const reply = kind === 'refuses' ? REFUSAL : replyTo(command);
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

type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** Runs a schedule to its end, millisecond by millisecond. */
async function play(harness: ClientHarness, schedule: Schedule, reason: Error) {
  const { operation, ownMS, sharedMS, abortAtMS } = schedule;
  const { clock } = harness;
  const controller = new AbortController();
  const limits: Limits = {
    ...(ownMS !== null && { timeoutMS: ownMS }),
    ...(abortAtMS !== null && { signal: controller.signal }),
  };
  const begin = clock.now();
  const start = (): Promise<unknown> => OPERATIONS[operation](harness, limits);
  const nested = sharedMS.reduceRight<() => Promise<unknown>>((inner, ms) => {
    const deadline = SharedDeadline.start(ms, 'withDeadline', play, clock);
    return () => withDeadline(deadline, inner);
  }, start);
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
        await using harness = await ClientHarness.connected(clientMS === null ? {} : { timeoutMS: clientMS });
        const armed = harness.clock.pendingTimers;
        follow(harness, reactions);
        const reason = new Error('aborted');

        const ended = await play(harness, schedule, reason);

        const limit = limitOf(schedule);
        if (limit === null) {
          // Without a limit only a silent server keeps it waiting.
          assert.ok(ended !== null || reactions.some(({ kind }) => kind === 'is silent'));
          return;
        }
        assert.ok(ended !== null, 'It must have ended');
        assert.ok(ended.afterMS <= limit.endMS, `ended after ${ended.afterMS} ms, the limit is ${limit.endMS}`);
        if ('error' in ended.outcome) checkError(ended.outcome.error, limit, reason);
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
      { numRuns: 150 },
    );
  });
});

function checkError(error: unknown, limit: Limit, reason: Error): void {
  if (error === reason) {
    assert.ok(limit.byAbort);
    return;
  }
  // Without timeoutMS a second refusal is the error of the operation.
  if (!(error instanceof MongoOperationTimeoutError)) return;
  assert.ok(limit.byTime);
  const { timings, elapsedMS = NaN, phase, timeoutMS } = error;
  const sum = timings.reduce((all, { durationMS }) => all + durationMS, 0);
  assert.ok(Math.abs(sum - elapsedMS) < 1e-6, `the stages are ${sum} ms, in all it took ${elapsedMS} ms`);
  assert.equal(timings.at(-1)?.stage, phase);
  assert.ok(timeoutMS !== undefined && timeoutMS >= elapsedMS);
}
