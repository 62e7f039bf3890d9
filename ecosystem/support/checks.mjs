// What the programs state: `check` runs one named statement and writes how it ended into the report that the runner reads.
// The programs run on Node, Bun and Deno, so that this is no test framework.
import { appendFileSync } from 'node:fs';

const report = process.env.ECOSYSTEM_REPORT;
/** A wait that never ends fails its check. It is long, since machines may be slow and busy. */
const LIMIT_MS = 60_000;

/** The deployment of this run: a replica set, unless the catalogue asks for a standalone. */
export const uri = process.env.ECOSYSTEM_URI ?? 'mongodb://127.0.0.1:27017';

/** `mongodb` or `mongotempo`: for what must be asked of one of them in another way. No check may be left out for one of them. */
export const driver = process.env.ECOSYSTEM_DRIVER ?? 'mongodb';

/** The same deployment with another database. */
export function uriOf(database) {
  const [, start, query = ''] = /^(mongodb:\/\/[^/?]+)\/?(\?.*)?$/.exec(uri);
  return `${start}/${database}${query}`;
}

/** Runs `body` and notes its end. A failure ends this check only. */
export async function check(name, body, limitMS = LIMIT_MS) {
  let timer;
  try {
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not over after ${limitMS} ms`)), limitMS);
    });
    await Promise.race([(async () => body())(), late]);
    note({ check: name, ok: true });
  } catch (error) {
    note({ check: name, ok: false, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  } finally {
    clearTimeout(timer);
  }
}

function note(line) {
  if (report === undefined) console.log(line.ok ? 'ok    ' : 'FAILED', line.check, line.error ?? '');
  else appendFileSync(report, `${JSON.stringify(line)}\n`);
}

/** Resolves with the first value of `poll` that is not undefined. The limit of the check ends the wait. */
export async function until(poll) {
  for (let tries = 0; ; tries++) {
    const value = await poll();
    if (value !== undefined && value !== false) return value;
    if (tries > 3000) throw new Error('what was waited for has not come');
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}
