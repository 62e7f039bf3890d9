/** The process of one driver. */
import { DRIVERS, type Driver } from './clients.js';
import type { PeerAddress } from './peer/peer.js';
import { phaseOf } from './phases.js';
import { answerTasks } from './processes.js';
import { type Sample, Sampler } from './sample.js';

export type WorkerTask =
  | { readonly kind: 'begin'; readonly phase: string; readonly address: PeerAddress }
  | { readonly kind: 'sample'; readonly round: number }
  | { readonly kind: 'end' };

const driver = DRIVERS.find(name => name === process.argv[2]) as Driver;

let sampler: Sampler | null = null;

async function perform(task: WorkerTask): Promise<Sample | null> {
  switch (task.kind) {
    case 'begin':
      sampler = await Sampler.begin(driver, phaseOf(task.phase), task.address);
      return null;
    case 'sample':
      return sampler?.take(task.round) ?? null;
    case 'end':
      await sampler?.end();
      sampler = null;
      return null;
  }
}

answerTasks(perform);
process.once('disconnect', () => process.exit());
