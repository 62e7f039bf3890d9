import { setTimeout as pause } from 'node:timers/promises';
import type { LaunchedServer, NodeDescription } from 'mongotempo-server';
import type { MongoClient } from '../../src/client/mongo_client.js';
import type { SeededRandom } from '../fuzz/random.js';

/** Documents that are written at once to another collection, so that the streams have much to skip. */
const NOISE = 300;
/** Shorter than a member is given up. */
const STANDSTILL_MS = 300;

/** What faults are made with. */
export interface Ground {
  readonly server: LaunchedServer;
  /** A client that no stream is read with. It waits for no server that is not there. */
  readonly admin: MongoClient;
  readonly random: SeededRandom;
}

interface Fault {
  readonly name: string;
  /** How often it is drawn, relative to the others. */
  readonly weight: number;
  /** Afterwards all members are up. */
  readonly happen: (ground: Ground, primary: number) => Promise<unknown>;
}

type How = 'reset' | 'silence';

/** Cuts the replies that the next few getMores get. */
function cutGetMores(afterBytes: number, then: How): Fault['happen'] {
  return async ({ server, random }, primary) => {
    await server.call(
      'failReplies',
      primary,
      { kind: 'cut', afterBytes, then },
      { command: 'getMore', times: 1 + random.below(3) },
    );
  };
}

/** Lets the next few commands fail with an error of the server. The fail point does not label errors, as servers do. */
function failCommands(command: string, codes: readonly number[], times: number): Fault['happen'] {
  return ({ admin, random }) =>
    admin.db('admin').command({
      configureFailPoint: 'failCommand',
      mode: { times: 1 + random.below(times) },
      data: {
        failCommands: [command],
        errorCode: random.pick(codes),
        errorLabels: ['ResumableChangeStreamError'],
      },
    });
}

const FAULTS: readonly Fault[] = [
  { name: 'reset before the reply to a getMore', weight: 5, happen: cutGetMores(0, 'reset') },
  { name: 'reset in the reply to a getMore', weight: 5, happen: cutGetMores(40, 'reset') },
  { name: 'no reply to a getMore', weight: 2, happen: cutGetMores(0, 'silence') },
  {
    name: 'garbage for the reply to a getMore',
    weight: 1,
    happen: ({ server }, primary) =>
      server.call('failReplies', primary, { kind: 'garbage' }, { command: 'getMore', times: 1 }),
  },
  {
    name: 'reset before the reply to an aggregate',
    weight: 2,
    happen: ({ server }, primary) =>
      server.call(
        'failReplies',
        primary,
        { kind: 'cut', afterBytes: 0, then: 'reset' },
        { command: 'aggregate', times: 2 },
      ),
  },
  {
    name: 'getMores that fail',
    weight: 4,
    happen: failCommands('getMore', [43, 6, 89, 91, 189, 262, 10107, 11602, 13436], 6),
  },
  { name: 'aggregates that fail', weight: 2, happen: failCommands('aggregate', [6, 91, 189, 10107, 11602, 13436], 4) },
  {
    name: 'oplog pressure',
    weight: 3,
    happen: ({ admin }) =>
      admin
        .db('soak')
        .collection('noise')
        .insertMany(Array.from({ length: NOISE }, (_, number) => ({ number, text: 'x'.repeat(500) }))),
  },
  { name: 'step-down', weight: 3, happen: ({ server }) => server.call('stepDown') },
  {
    name: 'kill',
    weight: 2,
    async happen({ server }, primary) {
      await server.call('kill', primary);
      await server.call('whenPrimary');
      await server.call('restart', primary);
    },
  },
  {
    name: 'standstill',
    weight: 1,
    async happen({ server }, primary) {
      await server.call('cut', primary);
      await pause(STANDSTILL_MS);
      await server.call('mend', primary);
    },
  },
];

const BAG = FAULTS.flatMap(fault => Array.from({ length: fault.weight }, () => fault));

/** Lets one thing go wrong, and tells what. A fault that met another one's traces (no primary for a while) is one too. */
export async function injectFault(ground: Ground): Promise<string> {
  const { server, random } = ground;
  const { name, happen } = random.pick(BAG);
  await server.call('whenPrimary');
  const nodes = (await server.call('nodes')) as readonly NodeDescription[];
  const primary = Math.max(
    0,
    nodes.findIndex(({ role }) => role === 'primary'),
  );
  await happen(ground, primary).catch(() => undefined);
  return name;
}
