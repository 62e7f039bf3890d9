import type { Document } from '../../../src/bson/index.js';
import type { BulkWriteOptions } from '../../../src/bulk/batch.js';
import { bulkWrite } from '../../../src/bulk/bulk_write.js';
import { runsOf } from '../../../src/bulk/runs.js';
import type { Tally } from '../../../src/bulk/tally.js';
import { writeOf } from '../../../src/bulk/write_models.js';
import type { OperationContext } from '../../../src/commands/context.js';
import { EngineHarness, PRIMARY, type RunOptions } from '../../support/engine_harness.js';
import { contextWith } from '../commands/support.js';

/** How a scripted server answers one command: by a reply, by closing the connection, or not at all. */
export type ScriptedAnswer = Document | 'reset' | 'silence' | (() => Document);

/** A write that succeeds for as many documents. */
export const ok = (n: number, fields: Document = {}): Document => ({ ok: 1, n, ...fields });

/** A write concern error: code 100 is UnsatisfiableWriteConcern, which no retry cures. */
export const unsatisfied = (fields: Document = {}): Document => ({
  writeConcernError: { code: 100, errmsg: 'not enough members', ...fields },
});

/** A write concern error after which a retryable write is sent again. */
export const RETRYABLE: Document = Object.freeze({
  writeConcernError: { code: 6, errmsg: 'host unreachable' },
  errorLabels: ['RetryableWriteError'],
});

export const insert = (_id: unknown, more: Document = {}): Document => ({ insertOne: { document: { _id, ...more } } });
export const updateOne = (more: Document = {}): Document => ({
  updateOne: { filter: { a: 1 }, update: { $set: { b: 1 } }, ...more },
});
export const updateMany = (): Document => ({ updateMany: { filter: {}, update: { $set: { b: 1 } } } });
export const deleteOne = (): Document => ({ deleteOne: { filter: { a: 1 } } });
export const deleteMany = (): Document => ({ deleteMany: { filter: { a: 1 } } });

/** An engine whose primary answers with the script's replies, one after the other, and refuses what comes after the last. */
export async function scripted(
  script: readonly ScriptedAnswer[],
  limits: Document = {},
  options: Parameters<typeof EngineHarness.open>[0] = {},
): Promise<EngineHarness> {
  const harness = await EngineHarness.open({ hellos: { 'a:27017': { ...PRIMARY, ...limits } }, ...options });
  const left = [...script];
  harness.answer = command => {
    const answer = left.shift() ?? { ok: 0, code: 1, errmsg: 'the script has no more replies' };
    if (answer === 'reset') command.peer.reset();
    if (typeof answer === 'string') return null;
    return typeof answer === 'function' ? (answer as () => Document)() : answer;
  };
  return harness;
}

export interface BulkSettings extends RunOptions {
  readonly options?: BulkWriteOptions;
  readonly context?: Partial<OperationContext>;
}

/** Runs writes as `Collection.bulkWrite` does. */
export async function run(
  harness: EngineHarness,
  models: readonly Document[],
  { options = {}, context, call, ...rest }: BulkSettings = {},
): Promise<Tally> {
  const runs = runsOf(
    models.map(model => writeOf(model, document => document as Document)),
    options.ordered ?? true,
  );
  return bulkWrite(harness.engine, contextWith(context), runs, options, call ?? harness.call(rest, 'bulkWrite'));
}

/** The commands that a server has received, with the number of statements in each. */
export function commands({ received }: EngineHarness): [name: string, statements: number][] {
  return received.map(({ name, sequences }) => [name, Object.values(sequences)[0]?.length ?? 0]);
}

/** A field of each command that a server has received. */
export function fieldOf({ received }: EngineHarness, name: string): unknown[] {
  return received.map(({ body }) => body[name] as unknown);
}
