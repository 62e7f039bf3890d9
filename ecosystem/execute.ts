import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LaunchedServer } from 'mongotempo-server';
import type { Program } from './catalogue.js';
import type { Check, Outcome } from './outcome.js';
import type { Tree } from './trees.js';

/** How long a program may run, unless it says otherwise. */
const PROGRAM_LIMIT_MS = 240_000;
const KEPT_OUTPUT = 20_000;

/** Every program states this too: what a driver leaves open would keep it from ending. */
export const ENDS_BY_ITSELF = 'the program ends by itself';

/** Runs a program in a tree, against a server that has just been emptied. */
export async function execute(
  program: Program,
  tree: Tree,
  server: LaunchedServer,
  executable: string,
): Promise<Outcome> {
  await server.call('reset');
  const report = join(tree.folder, `report-${program.name.replaceAll(/\W+/g, '-')}.ndjson`);
  rmSync(report, { force: true });
  program.prepare?.(tree, server.uri);
  const begin = performance.now();
  const { code, output, late } = await run(program, tree, {
    executable,
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      NODE_PATH: '',
      // Libraries and frameworks of colour would write escapes into the output.
      NO_COLOR: '1',
      ECOSYSTEM_REPORT: report,
      ECOSYSTEM_URI: server.uri,
      ECOSYSTEM_DRIVER: tree.driver,
      ...program.env?.(server.uri),
    },
  });
  const checks = readReport(report);
  checks.push({ name: ENDS_BY_ITSELF, error: faultOfEnd(code, late, checks) });
  return { checks, tookMS: performance.now() - begin, output };
}

/** A test framework ends with another code than 0 when a test has failed; that test is named already. */
function faultOfEnd(code: number | string, late: boolean, checks: readonly Check[]): string | undefined {
  if (late) return 'it was killed, since it did not end';
  if (code === 0 || (typeof code === 'number' && checks.some(({ error }) => error !== undefined))) return undefined;
  return `it ended with ${code}`;
}

async function run(
  program: Program,
  tree: Tree,
  { executable, env }: { executable: string; env: NodeJS.ProcessEnv },
): Promise<{ code: number | string; output: string; late: boolean }> {
  const child = spawn(executable, [...program.args], {
    cwd: join(tree.folder, program.folder ?? '.'),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that what it started ends with it.
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-KEPT_OUTPUT)));
  }
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    endGroup(child.pid);
  }, program.limitMS ?? PROGRAM_LIMIT_MS);
  try {
    const code = await new Promise<number | string>((resolve, reject) => {
      child.on('error', reject).on('close', (status, signal) => {
        resolve(status ?? signal ?? 'no code');
      });
    });
    return { code, output, late };
  } finally {
    clearTimeout(timer);
    endGroup(child.pid);
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has ended.
  }
}

function readReport(file: string): Check[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const { check, ok, error } = JSON.parse(line) as { check: string; ok: boolean; error?: string };
      return { name: check, error: ok ? undefined : (error ?? 'it failed') };
    });
}
