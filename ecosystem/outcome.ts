/** The two drivers, in the order in which they run. */
export const DRIVERS = ['mongodb', 'mongotempo'] as const;
export type Driver = (typeof DRIVERS)[number];

/** How one named statement of a program ended. */
export interface Check {
  readonly name: string;
  /** What it failed with; undefined when it holds. */
  readonly error?: string | undefined;
}

/** What one run of a program has told. */
export interface Outcome {
  readonly checks: readonly Check[];
  readonly tookMS: number;
  /** The last lines that it printed. */
  readonly output: string;
}

/** A statement that does not hold, with its reason once one is known. */
export interface Finding {
  readonly program: string;
  readonly check: string;
  readonly error: string;
  readonly reason?: string | undefined;
}

/** Why a check fails with one driver or with both. */
export interface Reason {
  readonly program: string;
  /** The name of the check, or what it begins with where it ends in `*`. */
  readonly check: string;
  /** `mongotempo`: it holds with the official driver. `both`: it fails with the official driver too. */
  readonly fails: 'mongotempo' | 'both';
  readonly reason: string;
}

export interface Comparison {
  /** How many checks hold with each driver. */
  readonly holds: Readonly<Record<Driver, number>>;
  /** Checks that hold with the official driver and not with ours, those that did not run with ours included. */
  readonly differences: readonly Finding[];
  /** Checks that fail with the official driver and hold with ours. */
  readonly better: readonly Finding[];
  /** Checks that fail with both: the program or the server is at fault, and both drivers go untested. */
  readonly broken: readonly Finding[];
}

/** Compares what a program told with each driver. Checks are matched by name; the same name twice counts as often as it came. */
export function compare(
  program: string,
  official: Outcome,
  ours: Outcome,
  reasons: readonly Reason[] = [],
): Comparison {
  const [theirs, own] = [numbered(official.checks), numbered(ours.checks)];
  const differences: Finding[] = [];
  const better: Finding[] = [];
  const broken: Finding[] = [];
  const finding = (check: string, error: string, fails: Reason['fails']): Finding => ({
    program,
    check,
    error,
    reason: reasons.find(reason => reason.fails === fails && concerns(reason, program, check))?.reason,
  });
  for (const [name, { error }] of theirs) {
    const counterpart = own.get(name);
    const failure = counterpart === undefined ? 'it did not run' : counterpart.error;
    if (error === undefined && failure !== undefined) differences.push(finding(name, failure, 'mongotempo'));
    else if (error !== undefined && failure !== undefined) broken.push(finding(name, error, 'both'));
    else if (error !== undefined) better.push(finding(name, error, 'both'));
  }
  for (const [name, { error }] of own) {
    if (error !== undefined && !theirs.has(name)) differences.push(finding(name, error, 'mongotempo'));
  }
  return { holds: { mongodb: holding(theirs), mongotempo: holding(own) }, differences, better, broken };
}

/** Reasons of programs that ran, and that nothing asked for any more. */
export function unused(
  reasons: readonly Reason[],
  ran: ReadonlySet<string>,
  findings: readonly Finding[],
): readonly Reason[] {
  return reasons.filter(
    reason => ran.has(reason.program) && !findings.some(({ program, check }) => concerns(reason, program, check)),
  );
}

function concerns(reason: Reason, program: string, check: string): boolean {
  if (reason.program !== program) return false;
  return reason.check.endsWith('*') ? check.startsWith(reason.check.slice(0, -1)) : reason.check === check;
}

function numbered(checks: readonly Check[]): Map<string, Check> {
  const byName = new Map<string, Check>();
  for (const check of checks) {
    let name = check.name;
    for (let nth = 2; byName.has(name); nth++) name = `${check.name} (${nth})`;
    byName.set(name, check);
  }
  return byName;
}

function holding(checks: ReadonlyMap<string, Check>): number {
  return [...checks.values()].filter(({ error }) => error === undefined).length;
}
