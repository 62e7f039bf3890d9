import type { MonitoringEvent } from 'mongotempo';
import { shownError } from './shown_error.js';

/** One event as a line of the stream. */
export interface ShownEvent {
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly name: string;
  readonly operationId?: number;
  /** What else is known, in words. */
  readonly text: string;
}

/** The only fields that are shown: no command, no reply, no description with what servers say of themselves. */
const FIELDS = [
  'operationName',
  'namespace',
  'commandName',
  'databaseName',
  'attempt',
  'address',
  'connectionId',
  'requestId',
  'selector',
  'reason',
  'awaited',
  'cancelled',
  'interruptInUseConnections',
  'backoffMS',
  'remainingTimeMS',
  'timeoutMS',
  'timeoutSource',
  'durationMS',
] as const;

/** What is kept of an event. Text is made of it only if it is shown. */
export interface EventFacts {
  readonly sequence: number;
  readonly time: number;
  readonly name: string;
  readonly operationId: number | undefined;
  /** The values of the fields, in their order. */
  readonly values: readonly unknown[];
  /** In words at once: an error may hold on to a reply. */
  readonly error: string | null;
  /** What became of a server or the topology; null if the event is not about that. */
  readonly change: string | null;
}

export function factsOf(event: MonitoringEvent): EventFacts {
  const fields = event as unknown as Readonly<Record<string, unknown>>;
  const { operationId } = fields;
  const error = fields['failure'] ?? fields['error'];
  return {
    sequence: event.sequence,
    time: event.time.getTime(),
    name: event.name,
    operationId: typeof operationId === 'number' ? operationId : undefined,
    values: FIELDS.map(field => fields[field]),
    error: error === undefined || error === null ? null : shownError(error),
    change: changeIn(fields),
  };
}

export function shownEvent({ sequence, time, name, operationId, values, error, change }: EventFacts): ShownEvent {
  const words: string[] = [];
  for (const [index, field] of FIELDS.entries()) {
    const value = values[index];
    if (typeof value === 'string') words.push(field === 'operationName' ? value : `${field} ${value}`);
    else if (typeof value === 'number') words.push(`${field} ${Number.isInteger(value) ? value : value.toFixed(2)}`);
    else if (value === true) words.push(field);
  }
  if (error !== null) words.push(error);
  if (change !== null) words.push(change);
  return { sequence, time, name, ...(operationId !== undefined && { operationId }), text: words.join(' · ') };
}

/** `RSSecondary → RSPrimary`, of the events that carry descriptions. */
function changeIn({ previousDescription, newDescription }: Readonly<Record<string, unknown>>): string | null {
  const before = (previousDescription as { readonly type?: unknown } | undefined)?.type;
  const after = (newDescription as { readonly type?: unknown } | undefined)?.type;
  return typeof before === 'string' && typeof after === 'string' && before !== after ? `${before} → ${after}` : null;
}
