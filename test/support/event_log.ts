import type {
  CommandStartedEvent,
  MongoClient,
  MonitoringEvent,
  MonitoringEventName,
  MonitoringEvents,
} from 'mongotempo';
import { MONITORING_EVENTS } from '../../src/events/event_map.js';

const NAMES = Object.keys(MONITORING_EVENTS) as MonitoringEventName[];

interface Wait {
  readonly name: MonitoringEventName;
  readonly matches: (event: never) => boolean;
  readonly resolve: (event: never) => void;
}

/** All that a client publishes, in order, and a way to wait for it. */
export class EventLog {
  readonly events: MonitoringEvent[] = [];
  readonly #waits = new Set<Wait>();

  constructor(client: MongoClient) {
    for (const name of NAMES) client.on(name, (event: MonitoringEvent) => this.#add(event));
  }

  #add(event: MonitoringEvent): void {
    this.events.push(event);
    for (const wait of [...this.#waits]) {
      if (wait.name !== event.name || !wait.matches(event as never)) continue;
      this.#waits.delete(wait);
      wait.resolve(event as never);
    }
  }

  /** All events of a name so far. */
  named<N extends MonitoringEventName>(name: N): MonitoringEvents[N][] {
    return this.events.filter(event => event.name === name) as MonitoringEvents[N][];
  }

  /** The next event of a name. */
  next<N extends MonitoringEventName>(
    name: N,
    matches: (event: MonitoringEvents[N]) => boolean = () => true,
  ): Promise<MonitoringEvents[N]> {
    return new Promise(resolve => this.#waits.add({ name, matches, resolve }));
  }

  /** An event of a name: one that is there, or the next. */
  async some<N extends MonitoringEventName>(
    name: N,
    matches: (event: MonitoringEvents[N]) => boolean = () => true,
  ): Promise<MonitoringEvents[N]> {
    return this.named(name).find(matches) ?? this.next(name, matches);
  }

  /** Commands that were started, of one name or of all. */
  started(commandName?: string): CommandStartedEvent[] {
    return this.named('commandStarted').filter(event => commandName === undefined || event.commandName === commandName);
  }

  /** The name of the last event but those of calls: a call of `close` ends after all that it does. */
  get last(): MonitoringEventName | undefined {
    return this.events.findLast(({ name }) => !name.startsWith('operation'))?.name as MonitoringEventName | undefined;
  }

  clear(): void {
    this.events.length = 0;
  }
}
