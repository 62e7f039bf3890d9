import { randomBytes } from 'node:crypto';

/**
 * The only source of random numbers of the driver.
 */
export interface Random {
  /** A number from 0 (included) to 1 (excluded). */
  next(): number;
  /** Bytes that are good enough for secrets. */
  bytes(length: number): Uint8Array;
}

export const systemRandom: Random = {
  next: () => Math.random(),
  bytes: length => randomBytes(length),
};
