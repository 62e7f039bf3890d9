import type { MonitoringEventName, MonitoringEvents } from '../events/event_map.js';
import type { EventSink } from '../events/publisher.js';
import type { Clock } from '../runtime/clock.js';
import { LOG_MESSAGES, type LogMessage, logRecord } from './log_messages.js';
import { isLogged, type Log, MongoLoggableComponent, type SeverityLevel } from './log_options.js';
import type { LogSettings } from './log_settings.js';
import { LogWriter } from './log_writer.js';

/**
 * The structured log of a client: each event becomes a record, if its component logs its severity. No event is built for a record that is not
 * wanted.
 *
 * Source: Logging.
 */
export class LogSink implements EventSink {
  readonly #settings: LogSettings;
  readonly #clock: Clock;
  readonly #writer: LogWriter;
  #isHalted = false;
  #onWantsChanged = (): void => undefined;

  constructor(settings: LogSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#writer = new LogWriter(
      settings.destination,
      () => this.#now(),
      () => {
        this.#isHalted = true;
        this.#onWantsChanged();
      },
    );
  }

  start(onWantsChanged: () => void): void {
    this.#onWantsChanged = onWantsChanged;
  }

  wants(name: MonitoringEventName): boolean {
    const logged = LOG_MESSAGES[name];
    return logged !== undefined && this.#logs(logged.component, logged.severity);
  }

  deliver<N extends MonitoringEventName>(name: N, event: MonitoringEvents[N]): void {
    const message = LOG_MESSAGES[name];
    if (message !== undefined) this.#writer.write(this.#recordOf(message, event));
  }

  /** A reply that cannot be decoded throws when it is read. The operation reports that, and the log must not fail. */
  #recordOf<E extends { readonly time: Date }>(message: LogMessage<E>, event: E): Log {
    try {
      return logRecord(message, event, this.#settings.maxDocumentLength);
    } catch (error) {
      const { component: c, severity: s, message: text } = message;
      return { t: event.time, c, s, message: text, error: `The record is incomplete: ${String(error)}` };
    }
  }

  /** Logs a message that belongs to no event. */
  note(severity: SeverityLevel, message: string): void {
    const component = MongoLoggableComponent.CLIENT;
    if (this.#logs(component, severity)) this.#writer.write({ t: this.#now(), c: component, s: severity, message });
  }

  #logs(component: MongoLoggableComponent, severity: SeverityLevel): boolean {
    return !this.#isHalted && isLogged(severity, this.#settings.severities[component]);
  }

  #now(): Date {
    return new Date(this.#clock.wallTime());
  }
}
