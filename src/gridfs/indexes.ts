import { decodeDocument } from '../bson/decode.js';
import type { Document } from '../bson/index.js';
import type { Call } from '../call/call.js';
import type { ClientPort } from '../client/client_port.js';
import type { OperationContext } from '../commands/context.js';
import { unacknowledged } from '../commands/context.js';
import { createIndex } from '../commands/create_indexes.js';
import { isMissingNamespace } from '../commands/drop.js';
import { findOne } from '../commands/find.js';
import { listIndexes } from '../commands/list_indexes.js';
import { ReadPreference } from '../concern/read_preference.js';
import { MongoNetworkError } from '../errors/network.js';
import { MongoServerError } from '../errors/server.js';
import { execute } from '../executor/execute.js';
import type { BucketPlace } from './bucket_place.js';
import { internalCursor, ownerOf } from './internal_cursor.js';

const FILES_INDEX = { filename: 1, uploadDate: 1 } as const;
const CHUNKS_INDEX = { files_id: 1, n: 1 } as const;

/**
 * Makes the indexes of a bucket, unless it holds files already: then it has them, or its owner does not want them.
 *
 * Source: GridFS, "Before write operations".
 */
export async function ensureIndexes({ client, files, chunks }: BucketPlace, call: Call): Promise<void> {
  const engine = await client.engine(call);
  const onPrimary = { ...files, readPreference: ReadPreference.primary, decode: decodeDocument };
  const file = await execute(engine, findOne(onPrimary, {}, { projection: { _id: 1 } }), null, call);
  if (file !== null) return;
  await ensureIndex(client, files, FILES_INDEX, {}, call);
  await ensureIndex(client, chunks, CHUNKS_INDEX, { unique: true }, call);
}

async function ensureIndex(
  client: ClientPort,
  given: OperationContext,
  keys: Readonly<Record<string, 1>>,
  options: { readonly unique?: boolean },
  call: Call,
): Promise<void> {
  // There is no createIndexes without an answer.
  const writeConcern = unacknowledged(given) ? undefined : given.writeConcern;
  const context: OperationContext = { ...given, writeConcern, decode: decodeDocument };
  const indexes = await indexesOf(client, context, call);
  if (indexes.some(({ key }) => isSameKey(key, keys))) return;
  await execute(await client.engine(call), createIndex(context, keys, options, {}), null, call);
}

/** The indexes; none if the collection does not exist. */
async function indexesOf(client: ClientPort, context: OperationContext, call: Call): Promise<Document[]> {
  const cursor = internalCursor(client, ownerOf(call), context, () => listIndexes(context, {}));
  try {
    return await cursor.toArray(null, call);
  } catch (error) {
    if (isMissingNamespace(error)) return [];
    throw error;
  }
}

/** Directions are compared as numbers: shells store doubles (GridFS, "Before write operations"). */
function isSameKey(key: unknown, wanted: Readonly<Record<string, 1>>): boolean {
  if (typeof key !== 'object' || key === null) return false;
  const found = Object.entries(key);
  const expected = Object.entries(wanted);
  return (
    found.length === expected.length &&
    expected.every(([name, direction], at) => found[at]?.[0] === name && Number(found[at][1]) === direction)
  );
}

/** Whether the indexes of a bucket have been looked for. Once for each bucket object, by its first upload. */
export class IndexCheck {
  readonly #onEnsured: () => void;
  #isDue = true;

  /** @param onEnsured - called when the indexes are there */
  constructor(onEnsured: () => void) {
    this.#onEnsured = onEnsured;
  }

  /** Whether no upload has looked for them, or is about to. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /**
   * Looks for them. A user who may write and not look at indexes can upload; and if a connection broke, the next upload looks again.
   *
   * @throws what ends the upload too: a timeout, an abort, no server
   */
  async run(ensure: () => Promise<void>): Promise<void> {
    this.#isDue = false;
    try {
      await ensure();
    } catch (error) {
      this.#isDue = !(error instanceof MongoServerError);
      if (error instanceof MongoServerError || error instanceof MongoNetworkError) return;
      throw error;
    }
    this.#onEnsured();
  }
}
