import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Packages that a registry cannot give here: no fault of this code, and the run says so and skips what needs them. */
export class PackagesUnavailable extends Error {}

/** What npm says when the network or the registry is at fault, and not the lock file. */
const UNREACHABLE =
  /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT|E401|E403|E5\d\d)\b|code FETCH_ERROR/;

/** Installs of older lock files are removed after so long without a use. */
const KEPT_DAYS = 14;

/** Where packages are installed: outside the repository, so that nothing is found by walking up to its node_modules. */
export function cacheFolder(): string {
  const { ECOSYSTEM_CACHE: own, XDG_CACHE_HOME: shared } = process.env;
  return own ?? join(shared ?? join(homedir(), '.cache'), 'mongotempo-ecosystem');
}

/**
 * Installs what the lock file in `folder` names, unless the cache has it, and returns the folder that holds node_modules.
 *
 * Scripts of packages do not run: none of them is needed, and some build or download binaries.
 *
 * @throws {@link PackagesUnavailable}
 */
export async function install(folder: string, flags: readonly string[] = []): Promise<string> {
  const hash = createHash('sha256').update([process.platform, process.arch, ...flags].join(' '));
  for (const name of ['package.json', 'package-lock.json']) hash.update(readFileSync(join(folder, name)));
  const cache = cacheFolder();
  const target = join(cache, `install-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(target)) return target;
  const partial = `${target}.partial-${process.pid}`;
  mkdirSync(partial, { recursive: true });
  try {
    for (const name of ['package.json', 'package-lock.json']) cpSync(join(folder, name), join(partial, name));
    await npmCi(partial, flags);
    if (!existsSync(target)) renameSync(partial, target);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return target;
}

/** Removes what no run has used for long, such as the remains of runs that were killed. */
export function removeOldInstalls(): void {
  const cache = cacheFolder();
  if (!existsSync(cache)) return;
  for (const name of readdirSync(cache)) {
    const age = Date.now() - statSync(join(cache, name)).mtimeMs;
    if (age > KEPT_DAYS * 86_400_000) rmSync(join(cache, name), { recursive: true, force: true });
  }
}

async function npmCi(folder: string, flags: readonly string[]): Promise<void> {
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...flags];
  const npm = spawn('npm', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [npm.stdout, npm.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const code = await new Promise<number | null>((resolve, reject) => npm.on('error', reject).on('close', resolve));
  if (code === 0) return;
  const message = `npm ci failed: ${said.trim().split('\n').slice(0, 6).join(' | ')}`;
  throw UNREACHABLE.test(said) ? new PackagesUnavailable(message) : new Error(message);
}
