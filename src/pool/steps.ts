import type { OperationPhase } from '../errors/base.js';

/** The steps by which a connection is established, as errors name them before the address. */
const STEPS: Partial<Record<OperationPhase, string>> = {
  proxy: 'proxy connection to',
  resolve: 'name resolution of',
  connect: 'connect to',
  tls: 'TLS handshake with',
  hello: 'hello to',
  auth: 'authentication at',
};

/** Undefined for what happens to an established connection. */
export function nameOfStep(phase: OperationPhase): string | undefined {
  return STEPS[phase];
}
