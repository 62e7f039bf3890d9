/** The process of one variant. */
import { answerTasks } from '../csot/processes.js';
import { callerOf, connect, type Users, VARIANTS, type Variant } from './variants.js';

export type WorkerTask =
  | { readonly kind: 'begin'; readonly uri: string; readonly connections: number }
  | { readonly kind: 'sample'; readonly operations: number; readonly inFlight: number };

/** What a number of operations took, in microseconds for each. */
export interface Sample {
  /** User time of the whole process, with its GC and compiler threads. */
  readonly userUS: number;
  /** User and system time. */
  readonly cpuUS: number;
  readonly wallUS: number;
}

const variant = VARIANTS.find(({ name }) => name === process.argv[2]) as Variant;
/** The folder of the library, if it is not this one. */
const library = process.argv[3] ?? null;
let users: Users | null = null;

async function perform(task: WorkerTask): Promise<Sample | null> {
  if (task.kind === 'begin') {
    users = await connect(variant, task.uri, task.connections, library);
    return null;
  }
  if (users === null) throw new Error('The client is not connected');
  return await sample(users, task.operations, task.inFlight);
}

async function sample(connected: Users, operations: number, inFlight: number): Promise<Sample> {
  const { run, around = (all: () => Promise<void>) => all() } = callerOf(variant, connected);
  let left = operations;
  const caller = async (): Promise<void> => {
    while (left-- > 0) {
      if ((await run()) === null) throw new Error('findOne found nothing');
    }
  };
  const wall = performance.now();
  const before = process.cpuUsage();
  await around(async () => {
    await Promise.all(Array.from({ length: inFlight }, caller));
  });
  const { user, system } = process.cpuUsage(before);
  const wallUS = ((performance.now() - wall) * 1000) / operations;
  return { userUS: user / operations, cpuUS: (user + system) / operations, wallUS };
}

answerTasks(perform);
process.once('disconnect', () => process.exit());
