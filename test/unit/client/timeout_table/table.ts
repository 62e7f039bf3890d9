import { METHODS, type Method } from './methods.js';
import { observe } from './observe.js';
import { PHASE_NAMES, PHASES, type PhaseName } from './phases.js';
import { SETTING_NAMES, SETTINGS, type SettingName } from './settings.js';

/** Milliseconds that a setting has in the table's observations. */
export const TIME_MS = 50;
/** Legacy timeouts end an attempt, and the next one follows after a short pause at most. */
const WITH_RETRY_MS = 5 * TIME_MS;
/** Without any setting: longer than every limit that methods have by themselves. */
const LONG_MS = 100_000;

/** What was seen of one method. */
export interface Observed {
  readonly method: Method;
  /** Phases in which the method waits, and after how many milliseconds the wait ends by itself (Infinity: never). */
  readonly waits: ReadonlyMap<PhaseName, number>;
  /** Phases whose wait a setting ends, and after how many milliseconds. */
  readonly ends: ReadonlyMap<SettingName, ReadonlyMap<PhaseName, number>>;
}

/** Observes one method in each phase, with each setting alone. */
async function observed(method: Method): Promise<Observed> {
  const waits = new Map<PhaseName, number>();
  for (const phase of PHASE_NAMES) {
    const { afterMS } = await observe(method, phase, {}, { healAfterMS: LONG_MS, waitMS: LONG_MS });
    if (afterMS > 0) waits.set(phase, afterMS);
  }
  const ends = new Map<SettingName, Map<PhaseName, number>>();
  for (const setting of SETTING_NAMES) {
    const bySetting = new Map<PhaseName, number>();
    for (const phase of waits.keys()) {
      const times = { [setting]: TIME_MS };
      const waitMS = LEGACY.has(setting) ? WITH_RETRY_MS : TIME_MS;
      const { afterMS } = await observe(method, phase, times, { healAfterMS: TIME_MS - 1, waitMS });
      if (afterMS !== Infinity) bySetting.set(phase, afterMS);
    }
    ends.set(setting, bySetting);
  }
  return { method, waits, ends };
}

const seen = new Map<Method, Promise<Observed>>();

/** What was seen of a method. Observed once. */
export function observationOf(method: Method): Promise<Observed> {
  let observation = seen.get(method);
  if (observation === undefined) {
    observation = observed(method);
    seen.set(method, observation);
  }
  return observation;
}

/** Settings that limit one kind of wait each. */
export const LEGACY: ReadonlySet<SettingName> = new Set([
  'serverSelectionTimeoutMS',
  'waitQueueTimeoutMS',
  'connectTimeoutMS',
  'socketTimeoutMS',
]);

const REPLIES: readonly PhaseName[] = ['reply', 'later'];

/** The text of a cell: which of its waits a setting ends. Both kinds of replies are one word. */
function cell({ waits, ends }: Observed, setting: SettingName): string {
  const ended = ends.get(setting) ?? new Map<PhaseName, number>();
  if (ended.size === 0) return '—';
  if (!LEGACY.has(setting) && ended.size === waits.size) return '**all**';
  const words = new Set<string>();
  const endsReplies = REPLIES.every(phase => ended.has(phase) || !waits.has(phase));
  for (const phase of ended.keys()) words.add(endsReplies && REPLIES.includes(phase) ? 'replies' : PHASES[phase].word);
  return [...words].join(', ');
}

/** What ends the waits of a method if nothing is set. */
function withoutSettings({ waits }: Observed): string {
  const limits = [...new Set(waits.values())].sort((a, b) => b - a);
  return limits.map(ms => (ms === Infinity ? 'no limit' : `${ms / 1000} s`)).join(', ');
}

/** The section of `docs/timeouts.md`, with methods that behave alike in one column. */
export async function renderTable(): Promise<string> {
  const seen: Observed[] = [];
  for (const method of METHODS) seen.push(await observationOf(method));
  const groups = new Map<string, Observed[]>();
  for (const one of seen) {
    const key = [...SETTING_NAMES.map(setting => cell(one, setting)), withoutSettings(one)].join('|');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  const columns = [...groups.values()].sort((a, b) => b.length - a.length);
  const letters = columns.map((_, index) => String.fromCharCode('A'.charCodeAt(0) + index));
  const first = columns.map(([one]) => one as Observed);
  const rows = [
    ...SETTING_NAMES.map(setting => [SETTINGS[setting], ...first.map(one => cell(one, setting))]),
    ['none of them', ...first.map(withoutSettings)],
  ];
  return [
    ...columns.map((group, index) => `- **${letters[index]}** ${namesOf(group)}`),
    '',
    markdown(['', ...letters], rows),
    '',
    `Several commands, all of them in the same time: ${namesOf(seen.filter(({ waits }) => waits.has('later')))}.`,
  ].join('\n');
}

/** `collection`: `findOne`, `insertOne`; `db`: `command` */
function namesOf(group: readonly Observed[]): string {
  const byOwner = new Map<string, string[]>();
  for (const { method } of group) {
    const [, owner = '', member = ''] = /^(\w+)\.?(.+)$/.exec(method.name) ?? [];
    byOwner.set(owner, [...(byOwner.get(owner) ?? []), `\`${member}\``]);
  }
  return Array.from(byOwner, ([owner, members]) => `\`${owner}\`: ${members.join(', ')}`).join('; ');
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map(row => (row[column] ?? '').length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map(width => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
