import { Deadline } from '../csot/deadline.js';
import { waitFor } from '../csot/wait.js';
import { MongoClientClosedError } from '../errors/driver.js';
import type { EventPublisher } from '../events/publisher.js';
import { SrvPollingEvent } from '../events/topology.js';
import type { Clock } from '../runtime/clock.js';
import type { DNSResolver } from '../runtime/dns.js';
import type { Random } from '../runtime/random.js';
import { emptyTopology } from '../sdam/description/topology_description.js';
import { MongoServerSelectionError } from '../sdam/errors.js';
import type { ResolvedOptions } from '../uri/resolved_options.js';
import { allowedSrvHosts, applySrvRecords, srvQueryName } from '../uri/srv.js';
import { lookUpSrv, lookUpSrvHosts } from '../uri/srv_lookup.js';

/** The effects that it works with. */
export interface SrvEffects {
  readonly clock: Clock;
  readonly random: Random;
  readonly resolver: DNSResolver;
}

/**
 * Finds out by DNS what an SRV connection string leaves open: once for all operations that wait for it, each under its own deadline. After a
 * failure the next operation asks anew.
 *
 * Source: Initial DNS Seedlist Discovery.
 */
export class SrvDiscovery {
  readonly #options: ResolvedOptions;
  readonly #effects: SrvEffects;
  readonly #publisher: EventPublisher;
  readonly #abort = new AbortController();
  #lookup: Promise<ResolvedOptions> | null = null;

  constructor(options: ResolvedOptions, effects: SrvEffects, publisher: EventPublisher) {
    this.#options = options;
    this.#effects = effects;
    this.#publisher = publisher;
  }

  /**
   * The options completed by what DNS says.
   *
   * @throws MongoNetworkError if DNS does not answer, MongoAPIError or MongoParseError if what it answers may not be
   * @throws MongoServerSelectionError, MongoOperationTimeoutError or the abort reason when the deadline ends
   */
  resolve(deadline: Deadline): Promise<ResolvedOptions> {
    this.#lookup ??= this.#lookUp().finally(() => {
      this.#lookup = null;
    });
    const limit = deadline.within('serverSelection', this.#options.serverSelectionTimeoutMS);
    const during = `while waiting for the SRV record of ${srvQueryName(this.#options)}`;
    return waitFor(
      this.#lookup,
      limit,
      () => ({ during, phase: 'serverSelection', maybeApplied: false }),
      text => new MongoServerSelectionError(text, emptyTopology(this.#options), { phase: 'serverSelection' }),
    );
  }

  /** The hosts that the records name by now; those that may not be used are left out. */
  async hosts(): Promise<readonly string[]> {
    const srvRecords = await lookUpSrvHosts(this.#options, this.#effects.resolver, this.#limit());
    const hosts = allowedSrvHosts(srvRecords, this.#options).map(String);
    if (hosts.length > 0) {
      this.#publisher.publish('srvRecordDiscovery', stamp => new SrvPollingEvent({ srvRecords }, stamp));
    }
    return hosts;
  }

  /** Ends what waits. */
  close(): void {
    this.#abort.abort(new MongoClientClosedError());
  }

  async #lookUp(): Promise<ResolvedOptions> {
    const answer = await lookUpSrv(this.#options, this.#effects.resolver, this.#limit());
    return applySrvRecords(this.#options, answer, this.#effects.random);
  }

  /** Of the question itself, which is asked for whoever wants to know and outlives those that wait. */
  #limit(): Deadline {
    const { clock } = this.#effects;
    const deadline = Deadline.background(clock).withSignal(this.#abort.signal);
    return deadline.within('serverSelection', this.#options.serverSelectionTimeoutMS);
  }
}
