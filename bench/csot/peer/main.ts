/** The process of the peers: it opens and closes one at a time, as the benchmark asks. */
import { phaseOf } from '../phases.js';
import { answerTasks } from '../processes.js';
import { Peer, type PeerAddress } from './peer.js';

export type PeerTask = { readonly kind: 'open'; readonly phase: string } | { readonly kind: 'misbehave' | 'close' };

let peer: Peer | null = null;

async function perform(task: PeerTask): Promise<PeerAddress | null> {
  switch (task.kind) {
    case 'open':
      peer = await Peer.open(phaseOf(task.phase).server);
      return peer.address;
    case 'misbehave':
      await peer?.misbehave();
      return null;
    case 'close':
      peer?.close();
      peer = null;
      return null;
  }
}

answerTasks(perform);
process.once('disconnect', () => {
  peer?.close();
  process.exit();
});
