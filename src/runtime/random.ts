import { randomBytes } from 'node:crypto';

/**
 * All chance that the core of the driver knows.
 */
export interface Random {
  /** A number from 0 (included) to 1 (excluded). */
  next(): number;
  /** Bytes fit for secrets. */
  bytes(length: number): Uint8Array;
}

export const systemRandom: Random = {
  next: () => Math.random(),
  bytes: length => randomBytes(length),
};
