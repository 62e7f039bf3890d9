import { type Doc, fieldsOf, show } from './bson_values.js';
import { type MatchContext, match } from './matching.js';

/** Unified test format, "expectedEvent" and "expectedEventsForClient". */

/**
 * An event as the adapter of a driver gives it: the name of the format, and its fields under the names below. A field
 * that the event does not have is absent. `serviceId` and `serverConnectionId` are whatever the driver has for them.
 */
export interface ObservedEvent {
  readonly name: string;
  readonly fields: Doc;
}

export type EventType = 'command' | 'cmap' | 'sdam';

export interface ExpectedEvents {
  readonly client: string;
  readonly eventType: EventType;
  /** Each a document with one key, the name of the event. */
  readonly events: readonly Doc[];
  readonly ignoreExtraEvents: boolean;
}

/**
 * How a field of an expected event is compared.
 *   root   as a root document
 *   equal  as a value
 *   flag   as a boolean that is false when the event does not have it
 *   set    `hasX` says whether the event has a field `x`
 *   type   as a description, of which only the type is named
 */
type Rule = 'root' | 'equal' | 'flag' | 'set' | 'type';
type Rules = Readonly<Record<string, Rule>>;

const OF_SERVER: Rules = { hasServiceId: 'set', hasServerConnectionId: 'set' };
const OF_COMMAND: Rules = { commandName: 'equal', databaseName: 'equal', ...OF_SERVER };
const CHANGE: Rules = { previousDescription: 'type', newDescription: 'type' };

const EVENTS: Readonly<Record<EventType, Readonly<Record<string, Rules>>>> = {
  command: {
    commandStartedEvent: { command: 'root', ...OF_COMMAND },
    commandSucceededEvent: { reply: 'root', ...OF_COMMAND },
    commandFailedEvent: OF_COMMAND,
  },
  cmap: {
    poolCreatedEvent: {},
    poolReadyEvent: {},
    poolClearedEvent: { hasServiceId: 'set', interruptInUseConnections: 'flag' },
    poolClosedEvent: {},
    connectionCreatedEvent: {},
    connectionReadyEvent: {},
    connectionClosedEvent: { reason: 'equal' },
    connectionCheckOutStartedEvent: {},
    connectionCheckOutFailedEvent: { reason: 'equal' },
    connectionCheckedOutEvent: {},
    connectionCheckedInEvent: {},
  },
  sdam: {
    serverDescriptionChangedEvent: CHANGE,
    serverHeartbeatStartedEvent: { awaited: 'flag' },
    serverHeartbeatSucceededEvent: { awaited: 'flag' },
    serverHeartbeatFailedEvent: { awaited: 'flag' },
    topologyDescriptionChangedEvent: CHANGE,
    topologyOpeningEvent: {},
    topologyClosedEvent: {},
  },
};

const NAMES_SHOWN = 40;

/** What kind an event is; undefined when the format does not have it. */
export function eventTypeOf(name: string): EventType | undefined {
  return (['command', 'cmap', 'sdam'] as const).find(type => Object.hasOwn(EVENTS[type], name));
}

/**
 * Compares what a client published with what is expected. Observed events of other types are left out, so that one list
 * can serve every expectation of a client; what the test ignores (`ignoreCommandMonitoringEvents`) is not to be in it.
 */
export function matchEvents(
  expected: ExpectedEvents,
  observed: readonly ObservedEvent[],
  context: MatchContext,
): string | null {
  const { client, eventType, events, ignoreExtraEvents } = expected;
  for (const event of events) {
    const { name } = parts(event);
    if (eventTypeOf(name) !== eventType)
      throw new Error(`${name} cannot be expected among events of type ${eventType}`);
  }
  const actual = observed.filter(({ name }) => eventTypeOf(name) === eventType);
  const mismatch = firstMismatch(events, actual, ignoreExtraEvents, context);
  if (mismatch === null) return null;
  return [
    `${eventType} events of ${client}: ${mismatch}`,
    `  expected ${sequence(events.map(expectedTitle))}`,
    `  observed ${sequence(actual.map(({ name, fields }) => title(name, fields)))}`,
  ].join('\n');
}

function firstMismatch(
  expected: readonly Doc[],
  actual: readonly ObservedEvent[],
  ignoreExtra: boolean,
  context: MatchContext,
): string | null {
  for (const [index, event] of expected.entries()) {
    const observed = actual[index];
    if (observed === undefined) {
      return `event ${index} (${expectedTitle(event)}) is missing: ${expected.length} expected, ${actual.length} observed`;
    }
    const mismatch = matchEvent(event, observed, context);
    if (mismatch !== null) return `event ${index} (${expectedTitle(event)}) ${mismatch}`;
  }
  const extra = actual[expected.length];
  if (extra === undefined || ignoreExtra) return null;
  const count = `${expected.length} expected, ${actual.length} observed`;
  return `event ${expected.length} (${title(extra.name, extra.fields)}) is not expected: ${count}`;
}

/** Compares one event, as `waitForEvent` and `assertEventCount` need it too. */
export function matchEvent(expected: Doc, observed: ObservedEvent, context: MatchContext): string | null {
  const { name, fields, rules } = parts(expected);
  if (name !== observed.name) return `is ${title(observed.name, observed.fields)}`;
  for (const [field, value] of fields) {
    const rule = Object.hasOwn(rules, field) ? rules[field] : undefined;
    if (rule === undefined) throw new Error(`${name} has no field ${field} that this runner can match`);
    const mismatch = matchField(rule, field, value, observed.fields, context);
    if (mismatch !== null) return `differs in ${field}, ${mismatch}`;
  }
  return null;
}

function matchField(rule: Rule, field: string, expected: unknown, observed: Doc, context: MatchContext): string | null {
  switch (rule) {
    case 'root':
      return match(expected, observed[field], context);
    case 'type':
      return match(described(expected), described(observed[field]), context);
    case 'equal':
      return match(expected, observed[field], context, 'nested');
    case 'flag':
      return match(expected, observed[field] ?? false, context, 'nested');
    case 'set': {
      const value = observed[field.charAt(3).toLowerCase() + field.slice(4)] ?? undefined;
      return match(expected, value !== undefined, context, 'nested');
    }
    default:
      return rule satisfies never;
  }
}

/** A description with the type that multi-threaded clients know: to them a PossiblePrimary is Unknown. */
function described(description: unknown): unknown {
  const type = (description as Doc | null | undefined)?.['type'];
  return type === 'PossiblePrimary' ? { type: 'Unknown' } : description;
}

function parts(event: Doc): { name: string; fields: ReadonlyMap<string, unknown>; rules: Rules } {
  const entries = Object.entries(event);
  const [first] = entries;
  if (first === undefined || entries.length > 1) {
    throw new Error(`An expected event has one key, the name of the event, not ${show(event)}`);
  }
  const [name, value] = first;
  const type = eventTypeOf(name);
  const rules = type === undefined ? undefined : EVENTS[type][name];
  const fields = fieldsOf(value);
  if (rules === undefined) throw new Error(`Unknown event ${name}: this runner cannot match it`);
  if (fields === undefined) throw new Error(`The fields of ${name} are a document, not ${show(value)}`);
  return { name, fields, rules };
}

/** An event as a short text: `commandStartedEvent insert`, `connectionClosedEvent error`. */
function title(name: string, fields: Doc): string {
  const commands = fieldsOf(fields['command'])?.keys().next().value;
  const detail = fields['commandName'] ?? commands ?? fields['reason'];
  return typeof detail === 'string' ? `${name} ${detail}` : name;
}

function expectedTitle(event: Doc): string {
  const { name, fields } = parts(event);
  return title(name, Object.fromEntries(fields));
}

function sequence(titles: readonly string[]): string {
  if (titles.length === 0) return 'none';
  const rest = titles.length - NAMES_SHOWN;
  return titles.slice(0, NAMES_SHOWN).join(', ') + (rest > 0 ? `, and ${rest} more` : '');
}
