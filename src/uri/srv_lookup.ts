import type { Deadline, EndDescription } from '../call/deadline.js';
import { waitFor } from '../call/waiter.js';
import { MongoNetworkError } from '../errors/network.js';
import type { DNSResolver, SrvRecord } from '../runtime/dns.js';
import type { ResolvedOptions } from './resolved_options.js';
import { type SrvAnswer, srvQueryName } from './srv.js';

type SrvOptions = Pick<ResolvedOptions, 'srvHost' | 'srvServiceName'>;

/** Failures after which a retry may succeed. */
const TRANSIENT: readonly unknown[] = [
  'ETIMEOUT',
  'ESERVFAIL',
  'EREFUSED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EBADRESP',
  'EAI_AGAIN',
];
/** Answers that say that there is no such name, or no record of this type. */
const NONE: readonly unknown[] = ['ENOTFOUND', 'ENODATA'];
const MOST_ATTEMPTS = 3;
/** Milliseconds before the second attempt. The pause before the third is twice as long. */
const PAUSE_MS = 100;

/** One question to the name servers. */
interface Query<T> {
  readonly type: 'SRV' | 'TXT';
  readonly name: string;
  readonly resolver: DNSResolver;
  /** The result if there is no such record. Without it, that is an error. */
  readonly none?: T;
  ask(name: string, signal: AbortSignal): Promise<T>;
}

/**
 * Asks DNS for the hosts and options that an SRV connection string leaves open.
 *
 * Source: Initial DNS Seedlist Discovery, "Querying DNS" and "Default Connection String Options".
 *
 * @throws MongoNetworkError that names the record, the name servers and the reason
 */
export async function lookUpSrv(options: SrvOptions, resolver: DNSResolver, deadline: Deadline): Promise<SrvAnswer> {
  const name = String(options.srvHost);
  const [hosts, txt] = await Promise.all([
    lookUpSrvHosts(options, resolver, deadline),
    lookUp({ type: 'TXT', name, resolver, none: [], ask: (it, signal) => resolver.resolveTxt(it, signal) }, deadline),
  ]);
  return { hosts, txt };
}

/** Asks DNS for the hosts only. */
export function lookUpSrvHosts(
  options: SrvOptions,
  resolver: DNSResolver,
  deadline: Deadline,
): Promise<readonly SrvRecord[]> {
  const name = srvQueryName(options);
  return lookUp({ type: 'SRV', name, resolver, ask: (it, signal) => resolver.resolveSrv(it, signal) }, deadline);
}

async function lookUp<T>(query: Query<T>, deadline: Deadline): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const unanswered = new AbortController();
    try {
      return await waitFor(
        query.ask(query.name, unanswered.signal),
        () => endOf(query),
        text => new MongoNetworkError(text),
        deadline,
      );
    } catch (error) {
      if (deadline.ended() !== null) throw error;
      const { code } = error as { code?: unknown };
      if (query.none !== undefined && NONE.includes(code)) return query.none;
      if (attempt === MOST_ATTEMPTS || !TRANSIENT.includes(code)) throw failureOf(query, error, attempt);
      await deadline.pause(PAUSE_MS * attempt);
    } finally {
      // An abandoned query would keep the process alive until the name servers' own timeouts.
      unanswered.abort();
    }
  }
}

function endOf({ type, name, resolver }: Query<unknown>): EndDescription {
  return {
    during: `while waiting for the ${type} record of ${name} from the name servers ${resolver.servers().join(', ')}`,
    phase: 'serverSelection',
    maybeApplied: false,
  };
}

function failureOf({ type, name, resolver }: Query<unknown>, error: unknown, attempts: number): Error {
  const { code, message } = error as { code?: unknown; message?: string };
  const hint = NONE.includes(code)
    ? 'There is no such record: look for a typing error in the host of the connection string; a host without SRV records is for mongodb:// and not for mongodb+srv://'
    : 'Look whether the name servers of this machine can be reached; the connection string of the form mongodb:// needs no SRV records';
  const times = attempts === 1 ? '' : ` ${attempts} times`;
  return new MongoNetworkError(
    `Could not read the ${type} record of ${name} (asked ${resolver.servers().join(', ')}${times}): ${String(message)}. ${hint}`,
    { cause: error as Error },
  );
}
