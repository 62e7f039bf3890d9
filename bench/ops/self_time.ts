import { type Profiler, Session } from 'node:inspector/promises';

/** A function and its share of the time in which the process was not idle, without what it called. */
export interface SelfTime {
  readonly name: string;
  readonly place: string;
  readonly share: number;
}

export interface CpuProfile {
  readonly functions: readonly SelfTime[];
  readonly files: readonly SelfTime[];
}

const MOST = 45;
const IDLE = '(idle)';

/** Profiles what a function does, sampled every 100 µs. */
export async function profile(run: () => Promise<unknown>): Promise<CpuProfile> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: 100 });
    await session.post('Profiler.start');
    await run();
    const { profile } = await session.post('Profiler.stop');
    return summarize(profile);
  } finally {
    session.disconnect();
  }
}

function summarize({ nodes, samples = [] }: Profiler.Profile): CpuProfile {
  const frames = new Map(nodes.map(node => [node.id, node.callFrame]));
  const functions = new Map<string, { name: string; place: string; samples: number }>();
  const files = new Map<string, { name: string; place: string; samples: number }>();
  let busy = 0;
  for (const id of samples) {
    const frame = frames.get(id);
    if (frame === undefined || frame.functionName === IDLE) continue;
    busy++;
    const name = frame.functionName === '' ? '(anonymous)' : frame.functionName;
    const file = fileOf(frame.url);
    count(functions, name, file === '' ? '' : `${file}:${frame.lineNumber + 1}`);
    count(files, file === '' ? name : file, '');
  }
  return { functions: sorted(functions, busy), files: sorted(files, busy) };
}

function count(
  totals: Map<string, { name: string; place: string; samples: number }>,
  name: string,
  place: string,
): void {
  const key = `${name} ${place}`;
  const total = totals.get(key) ?? { name, place, samples: 0 };
  total.samples++;
  totals.set(key, total);
}

function sorted(totals: Map<string, { name: string; place: string; samples: number }>, busy: number): SelfTime[] {
  return [...totals.values()]
    .sort((a, b) => b.samples - a.samples)
    .slice(0, MOST)
    .map(({ name, place, samples }) => ({ name, place, share: samples / busy }));
}

/** The path below the package: `lib/pool/pool.js`, `bson/lib/bson.cjs`, `node:net`. */
function fileOf(url: string): string {
  return url
    .replace(/^file:\/\//, '')
    .replace(/^.*\/node_modules\//, '')
    .replace(/^.*\/(lib|bench)\//, '$1/');
}
