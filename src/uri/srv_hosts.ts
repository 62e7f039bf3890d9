import { domainToASCII } from 'node:url';
import { MongoAPIError } from '../errors/driver.js';
import { type Parser, REFUSED } from './options/parsers.js';

/** Names that stand for private or special use and may be a suffix alone (RFC 6761, RFC 6762, ICANN, and custom). */
const SINGLE_LABELS: readonly string[] = [
  'test',
  'localhost',
  'invalid',
  'example',
  'local',
  'internal',
  'corp',
  'home',
  'mail',
];

export const srvAllowedHostsSuffix: Parser<string> = {
  allowed: `a domain name of at least two labels, or one of ${SINGLE_LABELS.join(', ')}`,
  parse(given) {
    if (typeof given !== 'string') return REFUSED;
    const suffix = domainToASCII(given.replace(/^\.+|\.+$/g, ''));
    return suffix.includes('.') || SINGLE_LABELS.includes(suffix) ? `.${suffix}` : REFUSED;
  },
};

export const srvHostValidator: Parser<(host: string) => boolean> = {
  allowed: 'a function',
  parse: given => (typeof given === 'function' ? checked(given as (host: string) => unknown) : REFUSED),
};

/** An asynchronous validator returns a promise, which would accept every host. */
function checked(validator: (host: string) => unknown): (host: string) => boolean {
  return host => {
    let verdict: unknown;
    try {
      verdict = validator(host);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new MongoAPIError(`srvHostValidator threw an error for ${host}: ${why}`, { cause });
    }
    if (typeof verdict === 'boolean') return verdict;
    // What a promise is rejected with later would end the process.
    if (verdict instanceof Promise) verdict.catch(() => undefined);
    throw new MongoAPIError(`srvHostValidator must return a boolean, received ${typeof verdict} for ${host}`);
  };
}
