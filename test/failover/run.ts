// 50 callers insert into a replica set of three while its primary steps down, is killed, cut off silently, frozen and restarted.
//   npm run failover                   100 rounds, about a minute
//   npm run failover -- --rounds 10    fewer
// Exit code 1 if an acknowledged write is lost, a rejection goes unhandled, or writes come back later than a heartbeat after a new primary.
import { parseArgs } from 'node:util';
import { failOver, HEARTBEAT_MS } from './failover.js';

const { values } = parseArgs({ options: { rounds: { type: 'string' } } });

void main(Number(values.rounds ?? 100));

async function main(count: number): Promise<void> {
  const { rounds, acknowledged, failed, lost, late } = await failOver(
    count,
    ({ disruption, withoutWritesMS }, number) => {
      console.log(
        `${String(number + 1).padStart(4)} ${disruption.padEnd(10)} ${withoutWritesMS.toFixed(1).padStart(7)} ms`,
      );
    },
  );
  for (const name of new Set(rounds.map(({ disruption }) => disruption))) {
    const times = rounds.filter(({ disruption }) => disruption === name).map(({ withoutWritesMS }) => withoutWritesMS);
    const sorted = times.toSorted((a, b) => a - b);
    const [median, most] = [sorted[Math.floor(sorted.length / 2)] ?? 0, sorted.at(-1) ?? 0];
    console.log(
      `${name}: without writes ${median.toFixed(1)} ms in the median of ${sorted.length}, at most ${most.toFixed(1)} ms`,
    );
  }
  const others = [...failed].map(([name, times]) => `${name} ${times}`).join(', ') || 'none';
  console.log(`${acknowledged} inserts acknowledged, failed: ${others}; a heartbeat is ${HEARTBEAT_MS} ms`);
  const complaints = [...late, ...lost];
  for (const complaint of complaints) console.log(`✖ ${complaint}`);
  if (complaints.length === 0) console.log('✔ nothing is lost, and writes came back in time');
  process.exitCode = complaints.length === 0 ? 0 : 1;
}
