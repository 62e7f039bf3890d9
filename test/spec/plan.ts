import { basename, relative, sep } from 'node:path';
import type { Driver } from './drivers/driver.js';
import { knownLacks, knownSkip } from './known.js';
import { describePersona, type Persona, personas } from './personas.js';
import { featuresOf } from './unified/features.js';
import { type Deployment, decideRun, type TopologyName } from './unified/requirements.js';
import type { TestCase, TestFile } from './unified/test_file.js';

/** A test of a file on one kind of server. */
export interface PlannedTest {
  readonly index: number;
  readonly description: string;
  /** The test is there to fail: `unified-test-format/tests/valid-fail`. */
  readonly mustFail: boolean;
}

/** The tests of one file that run on one persona. */
export interface Job {
  readonly path: string;
  readonly name: string;
  readonly persona: Persona;
  readonly tests: readonly PlannedTest[];
}

export interface SkippedTest {
  readonly description: string;
  readonly reason: string;
}

export interface FilePlan {
  readonly jobs: readonly Job[];
  readonly skipped: readonly SkippedTest[];
}

export interface PlanOptions {
  readonly driver: Pick<Driver, 'name' | 'lacks'>;
  /** Only these; without: all. */
  readonly topologies?: readonly TopologyName[];
  readonly version?: string;
  /** Only tests whose description, or whose file, contains this. */
  readonly grep?: string;
  /** On how many of the topologies that it allows a test is tried. */
  readonly breadth: 'first' | 'every';
  /** In place of our own personas: a server that is there already. */
  readonly only?: { readonly persona: Persona; readonly deployment: Deployment };
}

interface Candidate {
  readonly persona: Persona;
  readonly deployment: Deployment;
}

/** Decides where each test of a file is run, without any server: each topology that it allows once, at the version preferred. */
export function planFile(file: TestFile, path: string, root: string, options: PlanOptions): FilePlan {
  const name = relative(root, path)
    .split(sep)
    .join('/')
    .replace(/\.json$/, '');
  const candidates = candidatesFor(options);
  const jobs = new Map<Persona, PlannedTest[]>();
  const skipped: SkippedTest[] = [];
  for (const [index, test] of file.tests.entries()) {
    const { description } = test;
    if (!isWanted(test, name, options.grep)) continue;
    const reason = reasonToSkip(file, test, name, options.driver);
    const chosen = reason === undefined ? choose(file, test, candidates, options) : reason;
    if (typeof chosen === 'string') {
      skipped.push({ description, reason: chosen });
      continue;
    }
    for (const persona of chosen) {
      const tests = jobs.get(persona) ?? [];
      tests.push({ index, description, mustFail: name.includes('/valid-fail/') });
      jobs.set(persona, tests);
    }
  }
  return { jobs: [...jobs].map(([persona, tests]) => ({ path, name, persona, tests })), skipped };
}

function candidatesFor({ only, topologies, version }: PlanOptions): readonly Candidate[] {
  if (only !== undefined) return [only];
  return personas
    .filter(persona => topologies?.includes(persona.topology) ?? true)
    .filter(persona => version === undefined || persona.version === version)
    .map(persona => ({ persona, deployment: describePersona(persona) }));
}

function isWanted({ description }: TestCase, name: string, grep: string | undefined): boolean {
  return grep === undefined || description.includes(grep) || name.includes(grep);
}

function reasonToSkip(file: TestFile, test: TestCase, name: string, driver: PlanOptions['driver']): string | undefined {
  const known = knownSkip(name, driver.name);
  if (known !== undefined) return known;
  if (test.skipReason !== undefined) return `the test itself says: ${test.skipReason}`;
  if (needsEncryption(file)) return 'client-side encryption';
  const lack = featuresOf(file, test).find(feature => driver.lacks.includes(feature));
  return lack === undefined ? undefined : knownLacks[lack];
}

function needsEncryption({ createEntities = [] }: TestFile): boolean {
  return createEntities.some(({ kind, options }) => kind === 'clientEncryption' || 'autoEncryptOpts' in options);
}

/** The personas that a test is run on, or why there is none. */
function choose(
  file: TestFile,
  test: TestCase,
  candidates: readonly Candidate[],
  { breadth, driver }: PlanOptions,
): readonly Persona[] | string {
  const chosen = new Map<TopologyName, Persona>();
  const reasons: string[] = [];
  const lesser: string[] = [];
  const wantsAuth = [...(file.runOnRequirements ?? []), ...(test.runOnRequirements ?? [])].some(({ auth }) => auth);
  for (const { persona, deployment } of candidates) {
    if (chosen.has(persona.topology)) continue;
    const decision = firstRefusal(file, test, deployment);
    if (decision === undefined) chosen.set(persona.topology, persona);
    // A server without authentication says nothing else of a test that wants it: the others are asked first.
    else if (persona.auth === wantsAuth) reasons.push(decision);
    else lesser.push(decision);
  }
  if (chosen.size === 0) return reasons[0] ?? lesser[0] ?? 'no server of that kind';
  const all = [...chosen.values()];
  // Servers with authentication come last: a test that gets one needs it.
  if (all.some(({ auth }) => auth) && driver.lacks.includes('authentication')) return knownLacks.authentication;
  return breadth === 'first' ? all.slice(0, 1) : all;
}

function firstRefusal(file: TestFile, test: TestCase, deployment: Deployment): string | undefined {
  for (const requirements of [file.runOnRequirements, test.runOnRequirements]) {
    const decision = decideRun(requirements, deployment);
    if (!decision.run) return decision.reason;
  }
  return undefined;
}

/** Files of the format that are there to be refused. */
export function isInvalidFile(path: string): boolean {
  return (
    path.split(sep).includes('invalid') && path.includes('unified-test-format') && basename(path).endsWith('.json')
  );
}
