/** A server with one bucket, which keeps no bytes: it counts the chunks that are inserted, and makes those that are read. */
import { createServer, type Socket } from 'node:net';
import { type Document, deserialize, Long, ObjectId, serialize } from 'bson';
import { BODY_OFFSET, OP_QUERY, opMsg } from '../ops/canned.js';

const HEADER_BYTES = 16;
/** Header, flags, an empty name that ends with zero (`admin.$cmd`), numbers to skip and to return. */
const QUERY_BODY_OFFSET = HEADER_BYTES + 4 + 'admin.$cmd\0'.length + 8;
const LARGEST_BATCH_BYTES = 16 * 1024 * 1024;
const DEFAULT_FIRST_BATCH = 101;
const CURSOR_ID = 7;

const HELLO: Document = {
  helloOk: true,
  ismaster: true,
  isWritablePrimary: true,
  maxBsonObjectSize: 16 * 1024 * 1024,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  logicalSessionTimeoutMinutes: 30,
  minWireVersion: 0,
  maxWireVersion: 25,
  ok: 1,
};

let file: Document | null = null;
let insertedChunks = 0;
/** The next chunk that is read. */
let nextChunk = 0;

/** Chunks of the file, as many as fit into a batch. */
function batch(field: 'firstBatch' | 'nextBatch', batchSize: number): Document {
  const documents: Document[] = [];
  const { length = 0, chunkSize = 1 } = file ?? {};
  const count = Math.ceil(Number(length) / Number(chunkSize));
  for (let bytes = 0; nextChunk < count && documents.length < batchSize; nextChunk++) {
    const size = Math.min(Number(chunkSize), Number(length) - nextChunk * Number(chunkSize));
    if (documents.length > 0 && bytes + size > LARGEST_BATCH_BYTES) break;
    bytes += size;
    documents.push({
      _id: new ObjectId(),
      files_id: file?.['_id'] as ObjectId,
      n: nextChunk,
      data: Buffer.alloc(size),
    });
  }
  const id = Long.fromNumber(nextChunk < count ? CURSOR_ID : 0);
  return { cursor: { [field]: documents, id, ns: 'bench.fs.chunks' }, ok: 1 };
}

function one(documents: Document[]): Document {
  return { cursor: { firstBatch: documents, id: Long.ZERO, ns: 'bench.fs.files' }, ok: 1 };
}

function answerTo(command: Document, sequence: Document | null): Document {
  const [name = ''] = Object.keys(command);
  const size = Number(command['batchSize'] ?? 0);
  switch (name) {
    case 'hello':
    case 'ismaster':
    case 'isMaster':
      return HELLO;
    case 'find':
      if (command['find'] !== 'fs.chunks') return one(file === null ? [] : [file]);
      nextChunk = 0;
      return batch('firstBatch', size === 0 ? DEFAULT_FIRST_BATCH : size);
    case 'getMore':
      return batch('nextBatch', size === 0 ? Number.MAX_SAFE_INTEGER : size);
    case 'listIndexes':
      return one([]);
    case 'insert':
      if (command['insert'] === 'fs.chunks') insertedChunks++;
      else file = sequence;
      return { n: 1, ok: 1 };
    default:
      return { ok: 1 };
  }
}

/** The body of a message, and the first document beside it. */
function read(message: Buffer): { readonly body: Document; readonly sequence: Document | null } {
  if (message.readInt32LE(12) === OP_QUERY) return { body: documentAt(message, QUERY_BODY_OFFSET), sequence: null };
  let body: Document = {};
  let sequence: Buffer | null = null;
  for (let offset = BODY_OFFSET - 1; offset < message.length; ) {
    const isBody = message[offset] === 0;
    const start = offset + 1;
    if (isBody) body = documentAt(message, start);
    else sequence = message.subarray(message.indexOf(0, start + 4) + 1);
    offset = start + message.readInt32LE(start);
  }
  // The bytes of a chunk are not looked at. A client may send documents in the command, or beside it.
  if (body['insert'] !== 'fs.files') return { body, sequence: null };
  const [own = null] = (body['documents'] ?? []) as Document[];
  return { body, sequence: sequence === null ? own : documentAt(sequence, 0) };
}

function documentAt(bytes: Buffer, offset: number): Document {
  return deserialize(bytes.subarray(offset, offset + bytes.readInt32LE(offset)), { promoteLongs: true });
}

/** The reply to an OP_QUERY. */
function opReply(document: Document): Buffer {
  const body = serialize(document);
  const frame = Buffer.alloc(36 + body.length);
  frame.writeInt32LE(frame.length, 0);
  frame.writeInt32LE(1, 12);
  frame.writeInt32LE(1, 32);
  frame.set(body, 36);
  return frame;
}

function serve(socket: Socket): void {
  let parts: Buffer[] = [];
  let length = 0;
  socket.setNoDelay(true);
  socket.on('data', part => {
    parts.push(part);
    length += part.length;
    while (length >= HEADER_BYTES) {
      if (parts.length > 1 && (parts[0]?.length ?? 0) < HEADER_BYTES) parts = [Buffer.concat(parts)];
      const size = parts[0]?.readInt32LE(0) ?? 0;
      if (length < size) return;
      const bytes = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
      const message = bytes.subarray(0, size);
      parts = length === size ? [] : [bytes.subarray(size)];
      length -= size;
      const { body, sequence } = read(message);
      const reply = answerTo(body, sequence);
      const frame = message.readInt32LE(12) === OP_QUERY ? opReply(reply) : opMsg(reply);
      frame.writeInt32LE(message.readInt32LE(4), 8);
      socket.write(frame);
    }
  });
  // A client that goes away without a word is how each run ends.
  socket.on('error', () => socket.destroy());
}

const server = createServer(serve);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.send?.({ port: address.port });
});
process.on('message', () => process.send?.({ insertedChunks, length: Number(file?.['length'] ?? 0) }));
process.on('disconnect', () => process.exit(0));
