import { setTimeout as pause } from 'node:timers/promises';
import type { Document, Long } from '../../src/bson/index.js';
import type { ChangeStream } from '../../src/client/cursors/change_stream.js';
import type { MongoClient } from '../../src/client/mongo_client.js';
import { MongoOperationTimeoutError } from '../../src/errors/timeout.js';
import type { Pace } from '../support/pace.js';

/** Name of the change after which nothing is written any more. */
export const LAST = 'last';

/** Reads a change stream to its last change, in one of the ways there are. */
type Reader = (client: MongoClient, seen: (change: Document) => void, ms: Pace) => Promise<void>;

/** Longer than any outage of the soak. */
const RESUME_FOR_MS = 60_000;
/** Of a call under `timeoutMS`: it runs out often. */
const TIMEOUT_MS = 250;
/** Beyond it, a reply that does not come is a network error. */
const SOCKET_TIMEOUT_MS = 1500;

/** Marks the stream whose cursor is killed. */
const KILLED = 'to be killed';
const CALLS_PER_KILL = 40;
const CHANGES_PER_START = 25;
const RESTART_PAUSE_MS = 100;

const watch = (client: MongoClient, options: object = {}): ChangeStream =>
  client
    .db('soak')
    .collection('changes')
    .watch([], { resumeFor: RESUME_FOR_MS, ...options });

const isLast = ({ documentKey }: Document): boolean => (documentKey as Document)['_id'] === LAST;

export const READERS: Readonly<Record<string, Reader>> = {
  async next(client, seen) {
    const stream = watch(client);
    for (;;) {
      const change = await stream.next();
      seen(change);
      if (isLast(change)) break;
    }
    await stream.close();
  },

  /** Timeouts run out all the time. */
  async 'next under timeoutMS'(client, seen, ms) {
    const stream = watch(client, { timeoutMS: ms(TIMEOUT_MS), maxAwaitTimeMS: ms(TIMEOUT_MS / 5) });
    for (;;) {
      const change = await stream.next().catch(orTimeout);
      if (change === null) continue;
      seen(change);
      if (isLast(change)) break;
    }
    await stream.close();
  },

  /** Its cursor is killed between two batches, while no getMore runs: a cursor that is killed in a getMore is meant to end the stream. */
  async 'tryNext, whose cursor is killed'(client, seen) {
    const kills = observeCursor(client);
    const stream = watch(client, { batchSize: 2, maxAwaitTimeMS: 20, comment: KILLED });
    for (let call = 1; ; call++) {
      const change = await stream.tryNext();
      if (call % CALLS_PER_KILL === 0) await kills.killCursor();
      if (change === null) continue;
      seen(change);
      if (isLast(change)) break;
    }
    await stream.close();
  },

  async listeners(client, seen) {
    const stream = watch(client);
    await new Promise<void>((resolve, reject) => {
      stream.on('error', reject);
      stream.on('change', change => {
        seen(change);
        if (isLast(change)) resolve();
      });
    });
    await stream.close();
  },

  async stream(client, seen) {
    for await (const change of watch(client, { maxAwaitTimeMS: 100 }).stream()) {
      seen(change);
      if (isLast(change)) break;
    }
  },

  /** Closes after some changes, and begins again with the token, as after a restart of the process. */
  async 'for await, with restarts'(client, seen) {
    let startAfter: unknown;
    for (;;) {
      const stream = watch(client, { startAfter });
      let count = 0;
      try {
        for await (const change of stream) {
          seen(change);
          if (isLast(change)) return;
          if (++count === CHANGES_PER_START) break;
        }
      } catch (error) {
        // Only an open stream is resumed. One that cannot be opened is the program's affair.
        if (count > 0 || startAfter === undefined) throw error;
        await pause(RESTART_PAUSE_MS);
      }
      startAfter = stream.resumeToken ?? undefined;
    }
  },
};

export const READER_OPTIONS = Object.freeze({
  socketTimeoutMS: SOCKET_TIMEOUT_MS,
  heartbeatFrequencyMS: 500,
  connectTimeoutMS: 500,
});

function orTimeout(error: unknown): null {
  if (error instanceof MongoOperationTimeoutError) return null;
  throw error;
}

/** Knows the cursor that was opened last for the stream that is marked, and can kill it behind its back. */
function observeCursor(client: MongoClient) {
  const opening = new Set<number>();
  let cursor: Long | null = null;
  client.on('commandStarted', ({ commandName, command, requestId }) => {
    if (commandName === 'aggregate' && command['comment'] === KILLED) opening.add(requestId);
  });
  client.on('commandSucceeded', ({ requestId, reply }) => {
    if (opening.delete(requestId)) cursor = (reply['cursor'] as { readonly id: Long }).id;
  });
  return {
    async killCursor(): Promise<void> {
      const command = { killCursors: 'changes', cursors: [cursor] };
      if (cursor !== null)
        await client
          .db('soak')
          .command(command, { timeoutMS: TIMEOUT_MS })
          .catch(() => undefined);
    },
  };
}
