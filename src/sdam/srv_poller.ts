import type { TopologyDescription } from '../description/topology_description.js';
import { TopologyType } from '../description/types.js';
import type { Clock, Timer } from '../runtime/clock.js';

/** Milliseconds between the end of a scan and the next. DNS would allow less by its TTL, which Node does not tell for SRV records. */
const RESCAN_MS = 60_000;

export interface SrvPollerOptions {
  readonly heartbeatFrequencyMS: number;
}

/** What a poller needs from above. */
export interface SrvPollerPorts {
  readonly clock: Clock;
  readonly topology: {
    readonly description: Pick<TopologyDescription, 'type'>;
    applySrvHosts(hosts: readonly string[]): void;
  };
  /** Hosts that may be used, as `host:port`. */
  lookUp(): Promise<readonly string[]>;
}

/**
 * Reads the SRV records again from time to time, as long as that can tell of another mongos.
 *
 * Source: Polling SRV Records for mongos Discovery.
 */
export class SrvPoller {
  readonly #options: SrvPollerOptions;
  readonly #ports: SrvPollerPorts;
  #timer: Timer | null = null;
  #closed = false;

  constructor(options: SrvPollerOptions, ports: SrvPollerPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /** The records were read just now. */
  start(): void {
    this.#scanIn(RESCAN_MS);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.clear();
    this.#timer = null;
  }

  #scanIn(ms: number): void {
    this.#timer = this.#ports.clock.setTimer(ms, () => void this.#scan());
  }

  async #scan(): Promise<void> {
    const { topology } = this.#ports;
    this.#timer = null;
    // A replica set tells of its members itself.
    if (!isPolled(topology.description)) return;
    let hosts: readonly string[] = [];
    try {
      hosts = await this.#ports.lookUp();
    } catch {
      // Nothing changes because DNS fails; it is asked again sooner.
    }
    if (this.#closed || !isPolled(topology.description)) return;
    if (hosts.length > 0) topology.applySrvHosts(hosts);
    this.#scanIn(hosts.length > 0 ? RESCAN_MS : this.#options.heartbeatFrequencyMS);
  }
}

function isPolled({ type }: Pick<TopologyDescription, 'type'>): boolean {
  return type === TopologyType.Unknown || type === TopologyType.Sharded;
}
