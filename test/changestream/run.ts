// Change streams are read in each way while their replica set steps down, is killed and restarted, resets and garbles replies, loses cursors and is flooded.
//   npm run changestream-soak                       60 seconds, a new seed
//   npm run changestream-soak -- --seconds 600      longer
//   npm run changestream-soak -- --seed 42          the same faults, as far as time allows
// Exit code 1 if a reader has not seen each change exactly once and in order, by a count that uses no change stream.
import { parseArgs } from 'node:util';
import { soakChangeStreams } from './soak.js';

const { values } = parseArgs({ options: { seconds: { type: 'string' }, seed: { type: 'string' } } });

void main(Number(values.seconds ?? 60), Number(values.seed ?? Date.now() % 2 ** 31));

async function main(seconds: number, seed: number): Promise<void> {
  console.log(`${seconds} s, seed ${seed}`);
  const { changes, faults, aggregates, complaints: wrong, isComplete } = await soakChangeStreams(seconds, seed);
  const complaints = isComplete ? wrong : [...wrong, 'not all readers have come to the end in time'];
  console.log(`faults: ${[...faults].map(([name, count]) => `${name} ${count}`).join(', ')}`);
  console.log(`${changes} changes; the streams were opened or resumed ${aggregates} times`);
  for (const complaint of complaints) console.log(`✖ ${complaint}`);
  if (complaints.length === 0) console.log('✔ each reader has seen each change once, and in order');
  process.exitCode = complaints.length === 0 ? 0 : 1;
}
