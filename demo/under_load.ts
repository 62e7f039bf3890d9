import { setTimeout as sleep } from 'node:timers/promises';
import type { MongoClient } from 'mongotempo';
import { writableAddress } from './deployment.js';
import { type Failover, stepDown } from './failover.js';
import { showFailover } from './report.js';
import { count, mark, say, section, styled } from './terminal.js';
import { findAbsent } from './verify.js';
import { runWorkload, showProgress, TIMEOUT_MS, type Workload } from './workload.js';

/** Runs the workload with a step-down in its middle. Returns how many documents were missing after that. */
export async function workAndStepDown(client: MongoClient, workload: Workload, seconds: number): Promise<number> {
  section(
    'Reads and writes, and a step-down in the middle',
    `${workload.workers} operations at a time: insertOne, updateOne, findOne, find. Each has timeoutMS=${TIMEOUT_MS} for everything. ` +
      'Half-way the primary is told to step down: operations wait for the new one and are retried within the same deadline.',
  );
  const { log, orders, acknowledged } = workload;
  const end = new AbortController();
  const work = runWorkload(workload, end.signal);
  const progress = showProgress(log, () => writableAddress(client), end.signal);
  let failover: Failover | string = 'no server takes writes';
  let insertedBefore: number[] = [];
  let absent: number[] = [];
  try {
    await sleep(seconds * 500);
    const primary = writableAddress(client);
    insertedBefore = [...acknowledged.inserted];
    if (primary !== undefined) failover = await stepDown(client, primary, log);
    absent = await findAbsent(orders, insertedBefore);
    await sleep(seconds * 500);
  } finally {
    end.abort();
    await Promise.all([work, progress]);
  }
  say();
  if (typeof failover === 'string') {
    say(styled('yellow', `No step-down here: ${failover}`));
    return absent.length;
  }
  showFailover(failover);
  say(
    `The ${count(insertedBefore.length)} orders that had been inserted before were looked for on the new primary: ` +
      `${count(insertedBefore.length - absent.length)} found ${mark(absent.length === 0)}`,
  );
  return absent.length;
}
