import type { TopologyDescription } from '../description/topology_description.js';
import { TopologyType } from '../description/types.js';
import type { Clock, Timer } from '../runtime/clock.js';

/** Milliseconds between the end of a scan and the next. Node does not report the TTL of SRV records, which could be shorter. */
const RESCAN_MS = 60_000;

export interface SrvPollerOptions {
  readonly heartbeatFrequencyMS: number;
}

/** The port of a poller to the client. */
export interface SrvPollerPorts {
  readonly clock: Clock;
  readonly topology: {
    readonly description: Pick<TopologyDescription, 'type'>;
    applySrvHosts(hosts: readonly string[]): void;
  };
  /** The allowed hosts of the SRV records, as `host:port`. */
  lookUp(): Promise<readonly string[]>;
}

/**
 * Reads the SRV records again from time to time, as long as they can name another mongos.
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

  /** Called just after the records were read. */
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
    // A replica set reports its members itself.
    if (!isPolled(topology.description)) return;
    let hosts: readonly string[] = [];
    try {
      hosts = await this.#ports.lookUp();
    } catch {
      // A failure of DNS changes nothing. The next scan comes sooner.
    }
    if (this.#closed || !isPolled(topology.description)) return;
    if (hosts.length > 0) topology.applySrvHosts(hosts);
    this.#scanIn(hosts.length > 0 ? RESCAN_MS : this.#options.heartbeatFrequencyMS);
  }
}

function isPolled({ type }: Pick<TopologyDescription, 'type'>): boolean {
  return type === TopologyType.Unknown || type === TopologyType.Sharded;
}
