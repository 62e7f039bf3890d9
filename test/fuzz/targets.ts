import { decodeDocument } from '../../src/bson/decode.js';
import { DocumentReader } from '../../src/bson/document_reader.js';
import { RawDocument } from '../../src/bson/raw_document.js';
import { zlibCodec } from '../../src/wire/compressor.js';
import { FrameReader } from '../../src/wire/frame_reader.js';
import { DEFAULT_MAX_MESSAGE_SIZE, OpCode, protocolError, readHeader } from '../../src/wire/header.js';
import { decompressMessage } from '../../src/wire/op_compressed.js';
import { decodeOpMsg } from '../../src/wire/op_msg.js';
import { Reply } from '../../src/wire/reply.js';
import { connection } from './connection_target.js';
import { asMessage } from './inputs.js';
import { options } from './options_target.js';
import { replyTargets } from './reply_targets.js';
import { accepted, Finding, type FuzzTarget, proportional, withUnpacking } from './target.js';

function readEverything(frame: Buffer): void {
  const message =
    readHeader(frame).opCode === OpCode.compressed
      ? decompressMessage(frame, DEFAULT_MAX_MESSAGE_SIZE, zlibCodec(-1))
      : frame;
  const { opCode } = readHeader(message);
  if (opCode !== OpCode.msg) protocolError(`a message with opcode ${opCode}`);
  const { body, moreToCome, sequences } = decodeOpMsg(message);
  const reply = new Reply(body, moreToCome, { close: () => undefined });
  if (reply.ok) reply.writeConcernError({});
  const batch = body.document('cursor')?.array('firstBatch');
  if (batch !== undefined) {
    const reader = new DocumentReader(batch, decodeDocument);
    const count = reader.count();
    for (let index = 0; index < count; index++) reader.next();
    if (!reader.done) throw new Finding(`the reader counted ${count} documents and is not done after them`);
  }
  for (const { documents } of sequences) for (const each of documents) decodeDocument(each.bytes, each.start);
  decodeDocument(body.bytes, body.start);
}

/** Feeds a reader in chunks whose sizes the bytes themselves determine. */
function framesIn(bytes: Buffer, step: (offset: number) => number): { frames: Buffer[]; refused: boolean } {
  const frames: Buffer[] = [];
  const reader = new FrameReader({ onFrame: frame => frames.push(frame) }, DEFAULT_MAX_MESSAGE_SIZE);
  const refused = !accepted(() => {
    for (let offset = 0; offset < bytes.length; ) {
      const end = Math.min(bytes.length, offset + step(offset));
      reader.push(bytes.subarray(offset, end));
      offset = end;
    }
  });
  return { frames, refused };
}

const frameReader: FuzzTarget = {
  name: 'frame reader',
  allowance: bytes => 2 * proportional(bytes),
  run(bytes) {
    const whole = framesIn(bytes, () => bytes.length);
    const chunked = framesIn(bytes, offset => 1 + (bytes[offset] ?? 0) * (1 + (bytes.length >> 12)));
    if (whole.refused !== chunked.refused) throw new Finding('chunking decides whether the bytes are refused');
    if (!Buffer.concat(whole.frames).equals(Buffer.concat(chunked.frames))) {
      throw new Finding('chunking changes the frames');
    }
    return !whole.refused && whole.frames.length > 0;
  },
};

const wholeMessage: FuzzTarget = {
  name: 'message',
  allowance: withUnpacking,
  run: bytes => accepted(() => readEverything(asMessage(bytes))),
};

const opMsg: FuzzTarget = {
  name: 'OP_MSG',
  allowance: proportional,
  run: bytes => accepted(() => readEverything(asMessage(bytes, OpCode.msg))),
};

const opCompressed: FuzzTarget = {
  name: 'OP_COMPRESSED',
  allowance: withUnpacking,
  run: bytes => accepted(() => readEverything(asMessage(bytes, OpCode.compressed))),
};

const rawDocument: FuzzTarget = {
  name: 'raw document',
  allowance: proportional,
  run: bytes =>
    accepted(() => {
      // A reply lies somewhere in a frame; what is read may not depend on what lies around it.
      const surrounded = Buffer.concat([Buffer.alloc(3, 0xff), bytes, Buffer.alloc(3, 0x61)]);
      const document = RawDocument.at(surrounded, 3, 3 + bytes.length);
      for (const name of ['ok', 'cursor', 'errmsg', 'operationTime', 'a', '']) {
        document.has(name);
        document.number(name);
        document.bigint(name);
        document.string(name);
        document.document(name);
        document.array(name);
      }
      decodeDocument(surrounded, 3);
    }),
};

export const targets: readonly FuzzTarget[] = [
  frameReader,
  wholeMessage,
  opMsg,
  opCompressed,
  rawDocument,
  connection,
  ...replyTargets,
  options,
];
