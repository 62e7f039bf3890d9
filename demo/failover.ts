import { setTimeout as sleep } from 'node:timers/promises';
import { type CommandStartedEvent, type MongoClient, MongoError, type ServerDescriptionChangedEvent } from 'mongotempo';
import { knownTopology } from './deployment.js';
import type { OperationLog } from './operation_log.js';

const COMMAND_TIMEOUT_MS = 2000;
const MOST_WAIT_MS = 12_000;
/** After the new primary is known, until retries have had their turn. */
const SETTLE_MS = 300;

/** What a step-down looked like to the client; times in milliseconds since the command was sent. */
export interface Failover {
  readonly oldPrimary: string;
  readonly newPrimary: string | undefined;
  readonly answeredAfterMS: number;
  readonly lostAfterMS: number | undefined;
  readonly foundAfterMS: number | undefined;
  /** The longest time in which no write was acknowledged. */
  readonly longestGapMS: number;
  readonly retriedOperations: number;
  readonly failedOperations: number;
}

/** Asks the primary to step down while the workload runs. Resolves to the reason if the server cannot do that. */
export async function stepDown(client: MongoClient, oldPrimary: string, log: OperationLog): Promise<Failover | string> {
  const begin = performance.now();
  const failedBefore = log.failed;
  const retried = new Set<number>();
  let lostAt: number | undefined;
  let found: { readonly at: number; readonly address: string } | undefined;
  const onCommand = ({ attempt, operationId }: CommandStartedEvent): void => {
    if (attempt > 1) retried.add(operationId);
  };
  const onDescription = ({ address, newDescription }: ServerDescriptionChangedEvent): void => {
    if (address === oldPrimary && newDescription.type !== 'RSPrimary') lostAt ??= performance.now();
    if (lostAt !== undefined && newDescription.type === 'RSPrimary') found ??= { at: performance.now(), address };
  };
  client.on('commandStarted', onCommand).on('serverDescriptionChanged', onDescription);
  try {
    // A set of one member has no other member to elect, so its primary must be allowed to come back soon.
    const seconds = knownTopology(client).servers.size > 1 ? 10 : 1;
    const command = { replSetStepDown: seconds, force: true };
    const reason = await client
      .db('admin')
      .command(command, { timeoutMS: COMMAND_TIMEOUT_MS })
      .then(() => undefined, refusal);
    if (reason !== undefined) return reason;
    const answeredAfterMS = performance.now() - begin;
    while (found === undefined && performance.now() - begin < MOST_WAIT_MS) await sleep(5);
    await sleep(SETTLE_MS);
    const since = (time: number | undefined): number | undefined => (time === undefined ? undefined : time - begin);
    return {
      oldPrimary,
      newPrimary: found?.address,
      answeredAfterMS,
      lostAfterMS: since(lostAt),
      foundAfterMS: since(found?.at),
      longestGapMS: longestGap(log.writesAcknowledgedAt, begin),
      retriedOperations: retried.size,
      failedOperations: log.failed - failedBefore,
    };
  } finally {
    client.off('commandStarted', onCommand).off('serverDescriptionChanged', onDescription);
  }
}

function refusal(error: unknown): string {
  if (error instanceof MongoError) return `${error.name}: ${error.message}`;
  throw error;
}

function longestGap(times: readonly number[], begin: number): number {
  const first = Math.max(
    0,
    times.findLastIndex(time => time < begin),
  );
  let longest = 0;
  for (let i = first + 1; i < times.length; i++) longest = Math.max(longest, (times[i] ?? 0) - (times[i - 1] ?? 0));
  return longest;
}
