import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { specificationsDirectory } from '../support/specifications.js';
import { knownSkip } from './known.js';
import { legacySuites } from './legacy/index.js';
import type { TestResult, Work } from './messages.js';
import { isInvalidFile, type PlanOptions, planFile, type SkippedTest } from './plan.js';
import { schemaErrors } from './schema/index.js';
import { parseTestFile } from './unified/test_file.js';

/** What there is to do for one file, and what is known of it already. */
export interface CollectedFile {
  readonly area: string;
  /** Its path below the specifications, without `.json`. */
  readonly name: string;
  readonly works: readonly Work[];
  readonly skipped: readonly SkippedTest[];
  /** Results that needed no server: files that the schema has to refuse. */
  readonly results: readonly TestResult[];
}

export interface CollectOptions extends PlanOptions {
  /** Folders of the specifications; without: all. */
  readonly areas: readonly string[];
  readonly uri?: string;
}

/** Reads every JSON file below the specifications, whatever its name. */
export function collectFiles(options: CollectOptions): readonly CollectedFile[] {
  const root = specificationsDirectory();
  if (!existsSync(root))
    throw new Error(`There is nothing at ${root}; set SPECIFICATIONS_DIR to the driver specifications`);
  const areas = areasIn(root);
  const unknown = options.areas.filter(area => !areas.includes(area));
  if (unknown.length > 0) throw new Error(`There is no area ${unknown.join(', ')}; there are ${areas.join(', ')}`);
  return areas
    .filter(area => options.areas.length === 0 || options.areas.includes(area))
    .flatMap(area => jsonFiles(join(root, area)).map(path => collectFile(area, path, root, options)));
}

function areasIn(root: string): readonly string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

function jsonFiles(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.json'))
    .map(entry => join(entry.parentPath, entry.name))
    .sort();
}

function collectFile(area: string, path: string, root: string, options: CollectOptions): CollectedFile {
  const name = relative(root, path)
    .split(sep)
    .join('/')
    .replace(/\.json$/, '');
  const base = { area, name, works: [], skipped: [], results: [] };
  const text = readFileSync(path, 'utf8');
  if (isInvalidFile(path)) return { ...base, results: [refusal(text)] };
  if (!isUnified(text)) return { ...base, ...collectLegacy(path, name, options) };
  const file = readOrFailure(text);
  if (file instanceof Error) return { ...base, results: [failed('the file', file.message, name)] };
  const { jobs, skipped } = planFile(file, path, root, options);
  const works = jobs.map(job => ({
    kind: 'unified' as const,
    driver: options.driver.name,
    path,
    persona: job.persona,
    tests: job.tests,
    ...(options.uri === undefined ? {} : { uri: options.uri }),
  }));
  return { ...base, works, skipped };
}

function readOrFailure(text: string): ReturnType<typeof parseTestFile> | Error {
  try {
    return parseTestFile(text);
  } catch (error) {
    return error as Error;
  }
}

/** Only the unified format has a schema version. */
function isUnified(text: string): boolean {
  const content: unknown = JSON.parse(text);
  return typeof content === 'object' && content !== null && 'schemaVersion' in content;
}

/** A file of which the runner makes nothing fails; unless it is there to. */
function failed(description: string, message: string, name: string): TestResult {
  if (name.includes('/valid-fail/')) return { description, outcome: 'passed', durationMS: 0 };
  return { description, outcome: 'failed', message, durationMS: 0 };
}

function refusal(text: string): TestResult {
  const description = 'is refused by the schema';
  if (schemaErrors(JSON.parse(text)).length > 0) return { description, outcome: 'passed', durationMS: 0 };
  return { description, outcome: 'failed', message: 'the schema has nothing against it', durationMS: 0 };
}

function collectLegacy(
  path: string,
  name: string,
  { driver, grep }: CollectOptions,
): Pick<CollectedFile, 'works' | 'skipped'> {
  const description = 'the whole file';
  const known = knownSkip(name, driver.name);
  if (known !== undefined) return { works: [], skipped: [{ description, reason: known }] };
  if (grep !== undefined && !name.includes(grep)) return { works: [], skipped: [] };
  const suite = legacySuites.find(({ folder }) =>
    resolve(path).startsWith(join(specificationsDirectory(), folder) + sep),
  );
  if (suite === undefined) return { works: [], skipped: [{ description, reason: 'no runner for this format' }] };
  if (driver.name !== 'mongotempo') {
    return {
      works: [],
      skipped: [{ description, reason: 'of an older format, which asks parts of mongotempo itself' }],
    };
  }
  return { works: [{ kind: 'legacy', folder: suite.folder, path }], skipped: [] };
}
