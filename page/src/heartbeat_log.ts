import type { ServerHeartbeatFailedEvent, ServerHeartbeatSucceededEvent } from 'mongotempo';
import { shownError } from './shown_error.js';

/** The end of one check of a server. */
export interface ShownHeartbeat {
  readonly time: number;
  readonly durationMS: number;
  readonly awaited: boolean;
  /** Why it failed; null if the server answered. */
  readonly failure: string | null;
}

const MOST_HEARTBEATS = 40;
/** Servers that are remembered: of those that come and go, the ones that were heard of last. */
const MOST_SERVERS = 100;

/** The last checks of each server. */
export class HeartbeatLog {
  readonly #servers = new Map<string, ShownHeartbeat[]>();

  ended(event: ServerHeartbeatSucceededEvent | ServerHeartbeatFailedEvent): void {
    const isFailed = event.name === 'serverHeartbeatFailed';
    // The driver ended the check; the server did not fail.
    if (isFailed && event.cancelled) return;
    const heartbeats = this.#servers.get(event.address) ?? [];
    heartbeats.push({
      time: event.time.getTime(),
      durationMS: event.durationMS,
      awaited: event.awaited,
      failure: isFailed ? shownError(event.failure) : null,
    });
    if (heartbeats.length > MOST_HEARTBEATS) heartbeats.shift();
    this.#servers.delete(event.address);
    this.#servers.set(event.address, heartbeats);
    const [oldest] = this.#servers.keys();
    if (this.#servers.size > MOST_SERVERS && oldest !== undefined) this.#servers.delete(oldest);
  }

  snapshot(): Record<string, readonly ShownHeartbeat[]> {
    return Object.fromEntries([...this.#servers].sort(([first], [second]) => (first < second ? -1 : 1)));
  }
}
