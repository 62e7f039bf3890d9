import type { Document } from 'bson';

export const DATABASE = 'bench';
export const COLLECTION = 'users';
export const NAMESPACE = `${DATABASE}.${COLLECTION}`;

/** Documents that a find without a limit returns, in batches of `BATCH_SIZE`. */
export const FIND_COUNT = 10_000;
export const BATCH_SIZE = 1_000;
export const BATCHES = FIND_COUNT / BATCH_SIZE;
export const INSERT_MANY_COUNT = 1_000;

export const FIND_ONE_FILTER: Document = Object.freeze({ _id: 4_711 });

/**
 * The id of a cursor with so many batches left. A server would keep one id; here the id is the cursor's whole state, so that the server
 * has none to look up and `raw` can send getMores that were encoded before.
 */
export function cursorId(batchesLeft: number): bigint {
  return batchesLeft === 0 ? 0n : 1_000n + BigInt(batchesLeft);
}

/** What a user would insert: 200 bytes of BSON once it has an ObjectId as `_id`. */
export function newUser(): Document {
  return {
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    age: 36,
    active: true,
    score: 98.5,
    tags: ['math', 'poetry', 'loom'],
    address: { city: 'London', zip: 'SW1Y' },
  };
}
