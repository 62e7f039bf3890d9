import type { Call } from '../call/call.js';
import { Deadline } from '../call/deadline.js';
import { waitFor } from '../call/waiter.js';
import { HostAddress } from '../description/host_address.js';
import { emptyTopology } from '../description/topology_description.js';
import { MongoClientClosedError } from '../errors/driver.js';
import type { EventStamp } from '../events/event.js';
import type { EventPublisher } from '../events/publisher.js';
import { SrvPollingEvent } from '../events/topology.js';
import type { Clock } from '../runtime/clock.js';
import type { DNSResolver, SrvRecord } from '../runtime/dns.js';
import type { Random } from '../runtime/random.js';
import { MongoServerSelectionError } from '../sdam/errors.js';
import type { ResolvedOptions } from '../uri/resolved_options.js';
import { allowedSrvHosts, applySrvRecords, srvQueryName } from '../uri/srv.js';
import { lookUpSrv, lookUpSrvHosts } from '../uri/srv_lookup.js';

/** Records that one warning names. */
const MOST_NAMED = 3;

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
  /** What the last warning was about. */
  #warned = '';

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
  resolve({ name, namespace, deadline }: Call): Promise<ResolvedOptions> {
    this.#lookup ??= this.#lookUp().finally(() => {
      this.#lookup = null;
    });
    const limit = deadline.within('serverSelection', this.#options.serverSelectionTimeoutMS);
    const during = `while waiting for the SRV record of ${srvQueryName(this.#options)} for ${name} ${namespace}`;
    return waitFor(
      this.#lookup,
      () => ({ during, phase: 'serverSelection', namespace, maybeApplied: false }),
      text =>
        new MongoServerSelectionError(text, emptyTopology(this.#options), { phase: 'serverSelection', namespace }),
      limit,
    );
  }

  /**
   * The hosts that the records name by now. Records that may not be used are left out; a process warning (`MongoSrvWarning`) names them, and tells
   * of a lookup that failed, each until there is something else to tell.
   */
  async hosts(): Promise<readonly string[]> {
    const refused: string[] = [];
    let srvRecords: readonly SrvRecord[];
    try {
      srvRecords = await lookUpSrvHosts(this.#options, this.#effects.resolver, this.#limit());
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#warn('lookup failed', `${(error as Error).message}. The known hosts stay`);
      throw error;
    }
    const hosts = allowedSrvHosts(srvRecords, this.#options, ({ message }) => refused.push(message)).map(String);
    this.#warnOf(refused.sort(), hosts.length);
    if (hosts.length > 0) {
      const used = hosts
        .map(host => new HostAddress(host).toHostPort())
        .map(({ host, port }) => ({ name: host, port }));
      const make = (stamp: EventStamp) => new SrvPollingEvent({ srvRecords: used }, stamp);
      this.#publisher.publish('srvRecordDiscovery', make, null);
    }
    return hosts;
  }

  #warnOf(refused: readonly string[], usable: number): void {
    if (refused.length === 0 && usable > 0) {
      this.#warned = '';
      return;
    }
    const more = refused.length > MOST_NAMED ? `; and ${refused.length - MOST_NAMED} more` : '';
    const named = refused.length === 0 ? 'there are none' : refused.slice(0, MOST_NAMED).join('; ') + more;
    const what = `SRV records of ${srvQueryName(this.#options)} that were read again`;
    this.#warn(
      named,
      usable === 0
        ? `No ${what} can be used, the known hosts stay: ${named}`
        : `${refused.length} of the ${what} cannot be used and are left out: ${named}`,
    );
  }

  /** The same is told once, and not with every scan. */
  #warn(about: string, text: string): void {
    if (this.#warned === about) return;
    this.#warned = about;
    process.emitWarning(text, 'MongoSrvWarning');
  }

  /** Ends what waits. */
  close(): void {
    this.#abort.abort(new MongoClientClosedError());
  }

  async #lookUp(): Promise<ResolvedOptions> {
    const answer = await lookUpSrv(this.#options, this.#effects.resolver, this.#limit());
    return applySrvRecords(this.#options, answer, this.#effects.random);
  }

  /** The limit of the question itself, which is asked for all calls and outlives those that wait. */
  #limit(): Deadline {
    const { clock } = this.#effects;
    const deadline = Deadline.background(clock).withSignal(this.#abort.signal);
    return deadline.within('serverSelection', this.#options.serverSelectionTimeoutMS);
  }
}
