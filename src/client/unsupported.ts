import { isSupported } from '../auth/mechanisms.js';
import { MongoCompatibilityError } from '../errors/driver.js';
import type { ResolvedOptions } from '../uri/resolved_options.js';

/**
 * Refuses a call of what this version does not have yet.
 *
 * @throws MongoCompatibilityError always
 */
export function notYet(what: string): never {
  throw new MongoCompatibilityError(`This version of mongotempo does not support ${what} yet`);
}

/**
 * Refuses what this version understands and cannot do yet, before anything is sent: going on without it would be worse (without TLS, say,
 * in the clear).
 *
 * @throws MongoCompatibilityError that names the option
 */
export function refuseUnsupported(options: ResolvedOptions): void {
  const { credentials } = options;
  const missing: Record<string, boolean> = {
    [`the authentication mechanism ${credentials?.mechanism}`]:
      credentials !== undefined && !isSupported(credentials.mechanism),
    autoEncryption: options.autoEncryption !== undefined,
  };
  for (const [what, asked] of Object.entries(missing)) {
    if (asked) notYet(what);
  }
}
