/** A server that answers with bytes encoded before. It looks at a command's name and decodes nothing, so that it costs less than any client. */
import { createServer, type Socket } from 'node:net';
import { BODY_OFFSET, makeReplies, OP_QUERY, type Replies } from './canned.js';

/** Where a command's name stands: after the length of the body and the type of its first field. */
const NAME_OFFSET = BODY_OFFSET + 5;
/** Of a getMore: behind its name lies the cursor's id. */
const CURSOR_ID_OFFSET = NAME_OFFSET + 'getMore\0'.length;
const FIRST_CURSOR_ID = 1_000;
/** Of a longer message only the beginning is looked at, the rest is counted off. */
const LONG_MESSAGE = 4_096;
const LIMIT_ONE = Buffer.from('\x10limit\0\x01\0\0\0', 'latin1');

const Name = Object.freeze({
  find: nameStart('find'),
  getMore: nameStart('getMore'),
  hello: nameStart('hello'),
  insert: nameStart('insert'),
  isMaster: nameStart('isMaster'),
  ismaster: nameStart('ismaster'),
});

/** The first four letters, which tell the commands apart. */
function nameStart(name: string): number {
  return Buffer.from(name, 'latin1').readUInt32LE(0);
}

const replies = makeReplies();

/** The reply to the message that begins at `start`; of a long one the end may not be here yet. */
function replyTo(bytes: Buffer, start: number, end: number, { ok, hello, legacyHello, ...others }: Replies): Buffer {
  if (bytes.readInt32LE(start + 12) === OP_QUERY) return legacyHello;
  switch (bytes.readUInt32LE(start + NAME_OFFSET)) {
    case Name.find: {
      const limit = bytes.indexOf(LIMIT_ONE, start + NAME_OFFSET);
      return limit >= 0 && limit < end ? others.findOne : others.firstBatch;
    }
    case Name.getMore:
      return others.nextBatch[bytes.readInt32LE(start + CURSOR_ID_OFFSET) - FIRST_CURSOR_ID] ?? ok;
    case Name.insert:
      return end - start > LONG_MESSAGE ? others.insertMany : others.insertOne;
    case Name.hello:
    case Name.isMaster:
    case Name.ismaster:
      return hello;
    default:
      return ok;
  }
}

function serve(socket: Socket): void {
  /** A message whose end has not come yet. */
  let rest: Buffer | null = null;
  /** Bytes to come of a long message, and what it will be answered with. */
  let missing = 0;
  let awaited: Buffer | null = null;
  let requestId = 0;

  const answered = (reply: Buffer, responseTo: number): Buffer => {
    const frame = Buffer.allocUnsafe(reply.length);
    reply.copy(frame);
    frame.writeInt32LE(++requestId, 4);
    frame.writeInt32LE(responseTo, 8);
    return frame;
  };

  const answer = (bytes: Buffer): void => {
    const out: Buffer[] = [];
    let start = Math.min(missing, bytes.length);
    missing -= start;
    if (missing === 0 && awaited !== null) {
      out.push(awaited);
      awaited = null;
    }
    while (bytes.length - start >= CURSOR_ID_OFFSET) {
      const end = start + bytes.readInt32LE(start);
      const isWhole = end <= bytes.length;
      if (!isWhole && end - start <= LONG_MESSAGE) break;
      const reply = answered(replyTo(bytes, start, end, replies), bytes.readInt32LE(start + 4));
      if (isWhole) out.push(reply);
      else {
        awaited = reply;
        missing = end - bytes.length;
      }
      start = Math.min(end, bytes.length);
    }
    if (start < bytes.length) rest = bytes.subarray(start);
    const [first] = out;
    if (first !== undefined) socket.write(out.length === 1 ? first : Buffer.concat(out));
  };

  socket.setNoDelay(true);
  socket.on('data', chunk => {
    const bytes = rest === null ? chunk : Buffer.concat([rest, chunk]);
    rest = null;
    answer(bytes);
  });
  // A client that goes away without a word is how each run ends.
  socket.on('error', () => socket.destroy());
}

const server = createServer(serve);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.send?.({ port: address.port });
});

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuUS: user + system });
});
process.on('disconnect', () => process.exit(0));
