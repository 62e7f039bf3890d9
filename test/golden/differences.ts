import type { Streams } from '../support/golden.js';

/** Whether the text at `index` of a stream is left out. */
type LeaveOut = (side: 'go' | 'ours', stream: string, text: string, index: number, texts: readonly string[]) => boolean;

/** A deliberate difference: what is left out of one side's streams before they are compared, or whole scenarios that are not. */
interface Difference {
  readonly reason: string;
  readonly scenarios: readonly string[] | 'all' | 'others' | 'those without a server';
  /** For `others`: the scenarios that the difference is not for. */
  readonly except?: readonly string[];
  readonly leaveOut: 'the scenario' | LeaveOut;
}

const isChangeless = (text: string): boolean => text.split(' -> ')[0] === text.split(' -> ')[1];
const isOfDiscovery = (stream: string): boolean => /^(topology|server|discovery)/.test(stream);

/** All of them, each with its reason. */
const differences: readonly Difference[] = [
  {
    reason: 'Go lets the first timeout of a check pass and interrupts at the second; the specification at the first',
    scenarios: ['interrupt'],
    leaveOut: 'the scenario',
  },
  {
    reason: 'an operation whose deadline is over takes no connection; Go checks one out and in again',
    scenarios: ['csot_presend', 'csot_presend0'],
    leaveOut: 'the scenario',
  },
  {
    reason: 'the timeout of the client bounds a cursor that is drained; in Go it does not',
    scenarios: ['cursor_all_clienttimeout'],
    leaveOut: 'the scenario',
  },
  {
    reason:
      'the recording reached no server, and says nothing of the commands that it is about; redaction has tests of its own',
    scenarios: ['sensitive'],
    leaveOut: 'the scenario',
  },
  {
    reason: 'a streamed heartbeat that succeeds tells how long a scenario took; one scenario is about them',
    scenarios: 'others',
    except: ['streaming'],
    leaveOut: (_, stream, text) => /^(heartbeats|discovery)/.test(stream) && text === 'HeartbeatSucceeded true',
  },
  {
    reason:
      'a server whose connection was reset is asked on the connection for round trips, which is no heartbeat (docs/decisions/0008); Go checks it anew',
    scenarios: 'others',
    except: ['hb_fail', 'hb_fail_poll', 'streaming'],
    leaveOut: (_, __, text, index, texts) =>
      text.startsWith('Heartbeat') && texts.slice(0, index).some(earlier => earlier.startsWith('HeartbeatFailed')),
  },
  {
    reason: 'how often a server that is not there is checked again is a matter of time',
    scenarios: 'those without a server',
    leaveOut: (_, stream, text) => /^(heartbeats|discovery)/.test(stream) && text === 'HeartbeatFailed false',
  },
  {
    reason: 'Go publishes no events while it waits for a late reply',
    scenarios: ['csot_read', 'csot_read_long', 'csot_maxtime'],
    leaveOut: (side, _, text) => side === 'ours' && text.startsWith('ConnectionPendingResponse'),
  },
  {
    reason: 'the pool is cleared and the connection closed before the waiter is told (CMAP); Go tells first',
    scenarios: ['auth'],
    leaveOut: (_, __, text) => text.startsWith('ConnectionCheckOutFailed'),
  },
  {
    reason:
      'the place of a pool being cleared among the events of commands is free; among those of its server it is fixed',
    scenarios: 'all',
    leaveOut: (_, stream, text) => stream === 'operations' && text.startsWith('ConnectionPool'),
  },
  {
    reason: 'idle connections are closed one by one when a client closes, in no order with the ends of heartbeats',
    scenarios: 'all',
    leaveOut: (_, stream, text) => stream === 'discovery' && text.endsWith('-> Unknown[]'),
  },
  {
    reason: 'after a cancelled check Go publishes a second change from Unknown to Unknown',
    scenarios: 'all',
    leaveOut: (side, stream, text) =>
      side === 'go' && isOfDiscovery(stream) && text.includes('Unknown') && isChangeless(text),
  },
  {
    reason: 'in Go a pool is ready, and so may be cleared, before its server is known',
    scenarios: 'those without a server',
    leaveOut: (side, _, text) => side === 'go' && /^ConnectionPool(Ready|Cleared)$/.test(text),
  },
  {
    reason:
      'the first error of a server that was Unknown is published as a change, since the error is part of the description',
    scenarios: 'those without a server',
    leaveOut: (side, _, text) => side === 'ours' && isChangeless(text),
  },
];

function appliesTo(name: string, { scenarios, except = [] }: Difference, streams: Streams = {}): boolean {
  if (scenarios === 'all') return true;
  if (scenarios === 'those without a server') return !hasServer(streams);
  return scenarios === 'others' ? !except.includes(name) : scenarios.includes(name);
}

/** Whether any server was ever known. */
function hasServer({ topology = [] }: Streams): boolean {
  return topology.some(text => /\[(?!Unknown\b|\])/.test(text));
}

/** Why a scenario is not compared at all; false when it is. */
export function reasonToSkip(name: string): string | false {
  const whole = differences.find(difference => difference.leaveOut === 'the scenario' && appliesTo(name, difference));
  return whole?.reason ?? false;
}

/** What is left of one side's streams. */
export function comparable(side: 'go' | 'ours', name: string, streams: Streams): Streams {
  const applied = differences.filter(difference => appliesTo(name, difference, streams));
  const leavesOut = (stream: string, text: string, index: number, texts: readonly string[]): boolean =>
    applied.some(({ leaveOut }) => typeof leaveOut === 'function' && leaveOut(side, stream, text, index, texts));
  const kept = Object.entries(streams).map(([stream, texts]) => [
    stream,
    texts.filter((text, index) => !leavesOut(stream, text, index, texts)),
  ]);
  return Object.fromEntries(kept.filter(([, texts]) => (texts as string[]).length > 0)) as Streams;
}
