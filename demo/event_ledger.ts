import type { MongoClient, MonitoringEventName } from 'mongotempo';

/** All events, in the order in which the report shows them. */
const EVENT_NAMES = [
  'commandStarted',
  'commandSucceeded',
  'commandFailed',
  'serverSelectionStarted',
  'waitingForSuitableServer',
  'serverSelectionSucceeded',
  'serverSelectionFailed',
  'connectionCheckOutStarted',
  'connectionCheckedOut',
  'connectionCheckOutFailed',
  'connectionCheckedIn',
  'connectionPendingResponseStarted',
  'connectionPendingResponseSucceeded',
  'connectionPendingResponseFailed',
  'connectionCreated',
  'connectionReady',
  'connectionClosed',
  'connectionPoolCreated',
  'connectionPoolReady',
  'connectionPoolCleared',
  'connectionPoolClosed',
  'serverHeartbeatStarted',
  'serverHeartbeatSucceeded',
  'serverHeartbeatFailed',
  'serverOpening',
  'serverDescriptionChanged',
  'serverClosed',
  'topologyOpening',
  'topologyDescriptionChanged',
  'topologyClosed',
] as const satisfies readonly MonitoringEventName[];

type CountedEvent = (typeof EVENT_NAMES)[number];

/** Starts that must each have exactly one end, once all clients are closed. */
const BALANCES: readonly { readonly what: string; readonly starts: CountedEvent; readonly ends: CountedEvent[] }[] = [
  { what: 'commands', starts: 'commandStarted', ends: ['commandSucceeded', 'commandFailed'] },
  {
    what: 'checkouts',
    starts: 'connectionCheckOutStarted',
    ends: ['connectionCheckedOut', 'connectionCheckOutFailed'],
  },
  { what: 'connections lent', starts: 'connectionCheckedOut', ends: ['connectionCheckedIn'] },
  { what: 'connections made', starts: 'connectionCreated', ends: ['connectionClosed'] },
  {
    what: 'heartbeats',
    starts: 'serverHeartbeatStarted',
    ends: ['serverHeartbeatSucceeded', 'serverHeartbeatFailed'],
  },
];

export interface Balance {
  readonly what: string;
  readonly starts: number;
  readonly ends: number;
}

/** Counts the events of all clients of the demo. */
export class EventLedger {
  readonly #counts = new Map<CountedEvent, number>();

  watch(client: MongoClient): void {
    for (const name of EVENT_NAMES) client.on(name, () => this.#counts.set(name, this.of(name) + 1));
  }

  of(name: CountedEvent): number {
    return this.#counts.get(name) ?? 0;
  }

  /** Those that occurred. */
  get counts(): readonly (readonly [CountedEvent, number])[] {
    return EVENT_NAMES.map(name => [name, this.of(name)] as const).filter(([, count]) => count > 0);
  }

  get balances(): readonly Balance[] {
    return BALANCES.map(({ what, starts, ends }) => ({
      what,
      starts: this.of(starts),
      ends: ends.reduce((sum, name) => sum + this.of(name), 0),
    }));
  }
}
