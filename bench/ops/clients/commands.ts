import { Binary, type Document, Long } from 'bson';
import { COLLECTION, DATABASE } from '../documents.js';

/** A session id, as every command of a driver carries one. */
export const LSID: Document = Object.freeze({ id: new Binary(Buffer.alloc(16, 0x5a), Binary.SUBTYPE_UUID) });

/** The commands of the clients that have no driver, `lean` and `raw`. */
export function findOneCommand(filter: Document): Document {
  return { find: COLLECTION, filter, limit: 1, singleBatch: true, lsid: LSID, $db: DATABASE };
}

export function findCommand(): Document {
  return { find: COLLECTION, filter: {}, lsid: LSID, $db: DATABASE };
}

export function getMoreCommand(id: bigint): Document {
  return { getMore: Long.fromBigInt(id), collection: COLLECTION, lsid: LSID, $db: DATABASE };
}

export function insertCommand(documents: Document[]): Document {
  return { insert: COLLECTION, documents, ordered: true, lsid: LSID, $db: DATABASE };
}

export function pingCommand(): Document {
  return { ping: 1, lsid: LSID, $db: DATABASE };
}
