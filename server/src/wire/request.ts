import { parseDocument } from '../bson/document.js';
import { type Document } from '../bson/types.js';
import { type Compressor, decompress } from './compression.js';
import { crc32c } from './crc32c.js';
import { headerSize, OpCode, ProtocolError, readHeader } from './header.js';

const flags = { checksumPresent: 1, moreToCome: 2, exhaustAllowed: 1 << 16 } as const;
/** Bits 0–15 are required: a server that does not know one of them must refuse the message. */
const unknownRequiredFlags = 0xffff & ~(flags.checksumPresent | flags.moreToCome);

/** A command as it came over the wire. */
export interface Request {
  readonly requestId: number;
  readonly format: 'msg' | 'query';
  readonly body: Document;
  /** The documents of kind-1 sections by their identifier, as views into the message: copy what is kept. */
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>;
  /** The client does not read a reply. */
  readonly moreToCome: boolean;
  /** The client accepts further replies without asking for each. */
  readonly exhaustAllowed: boolean;
  /** How the request was compressed; the reply is compressed alike. */
  readonly compressor: Compressor | undefined;
}

export function parseRequest(message: Buffer): Request {
  const header = readHeader(message);
  switch (header.opCode) {
    case OpCode.msg:
      return parseMsg(message, header.requestId, message, undefined);
    case OpCode.query:
      return parseQuery(message.subarray(headerSize), header.requestId, undefined);
    case OpCode.compressed: {
      const { opCode, payload, compressor } = decompress(message);
      if (opCode === OpCode.query) return parseQuery(payload, header.requestId, compressor);
      if (opCode !== OpCode.msg) throw new ProtocolError(`OP_COMPRESSED holds the unknown opcode ${opCode}`);
      return parseMsg(Buffer.concat([Buffer.alloc(headerSize), payload]), header.requestId, undefined, compressor);
    }
    default:
      throw new ProtocolError(`Unknown opcode ${header.opCode}`);
  }
}

/** `checked` is what the checksum is taken over; a compressed message has none. */
function parseMsg(
  message: Buffer,
  requestId: number,
  checked: Buffer | undefined,
  compressor: Compressor | undefined,
): Request {
  if (message.length < headerSize + 5) throw new ProtocolError('OP_MSG is too short');
  const flagBits = message.readUInt32LE(headerSize);
  if ((flagBits & unknownRequiredFlags) !== 0) {
    throw new ProtocolError(`OP_MSG has unknown required flags: ${flagBits & unknownRequiredFlags}`);
  }
  let end = message.length;
  if ((flagBits & flags.checksumPresent) !== 0 && checked !== undefined) {
    end -= 4;
    if (crc32c(checked.subarray(0, end)) !== checked.readUInt32LE(end)) {
      throw new ProtocolError('OP_MSG checksum does not match contents');
    }
  }
  const { body, sequences } = parseSections(message, headerSize + 4, end);
  return {
    requestId,
    format: 'msg',
    body,
    sequences,
    moreToCome: (flagBits & flags.moreToCome) !== 0,
    exhaustAllowed: (flagBits & flags.exhaustAllowed) !== 0,
    compressor,
  };
}

function parseSections(message: Buffer, start: number, end: number): Pick<Request, 'body' | 'sequences'> {
  let body: Document | undefined;
  const sequences = new Map<string, readonly Buffer[]>();
  let offset = start;
  while (offset < end) {
    const kind = message.readUInt8(offset++);
    const size = sizeAt(message, offset, end);
    const section = message.subarray(offset, offset + size);
    offset += size;
    if (kind === 0 && body === undefined) body = parseDocument(section);
    else if (kind === 1) addSequence(section, sequences);
    else throw new ProtocolError(kind === 0 ? 'OP_MSG has two bodies' : `Unknown section kind ${kind}`);
  }
  if (body === undefined) throw new ProtocolError('OP_MSG has no body');
  for (const name of sequences.keys()) {
    if (name in body) throw new ProtocolError(`OP_MSG has the field ${name} twice`);
  }
  return { body, sequences };
}

function sizeAt(message: Buffer, offset: number, end: number): number {
  const size = end - offset >= 5 ? message.readInt32LE(offset) : 0;
  if (size < 5 || size > end - offset) throw new ProtocolError('A section of OP_MSG is longer than its message');
  return size;
}

function addSequence(section: Buffer, sequences: Map<string, readonly Buffer[]>): void {
  const nameEnd = section.indexOf(0, 4);
  if (nameEnd === -1) throw new ProtocolError('A document sequence has no name');
  const name = section.toString('utf8', 4, nameEnd);
  if (sequences.has(name)) throw new ProtocolError(`OP_MSG has the document sequence ${name} twice`);
  const documents: Buffer[] = [];
  let offset = nameEnd + 1;
  while (offset < section.length) {
    const size = sizeAt(section, offset, section.length);
    documents.push(section.subarray(offset, offset + size));
    offset += size;
  }
  sequences.set(name, documents);
}

/** OP_QUERY on <db>.$cmd: only the handshake still comes that way. */
function parseQuery(payload: Buffer, requestId: number, compressor: Compressor | undefined): Request {
  const nameEnd = payload.indexOf(0, 4);
  if (nameEnd === -1 || payload.length < nameEnd + 14) throw new ProtocolError('OP_QUERY is too short');
  const namespace = payload.toString('utf8', 4, nameEnd);
  const database = namespace.replace(/\.\$cmd$/, '');
  if (database === namespace)
    throw new ProtocolError('OP_QUERY is no longer supported. The client driver may require an upgrade.');
  const start = nameEnd + 9;
  const size = sizeAt(payload, start, payload.length);
  const query = parseDocument(payload.subarray(start, start + size));
  const wrapped = query['$query'];
  const command = typeof wrapped === 'object' && wrapped !== null ? (wrapped as Document) : query;
  return {
    requestId,
    format: 'query',
    body: { ...command, $db: database },
    sequences: new Map(),
    moreToCome: false,
    exhaustAllowed: false,
    compressor,
  };
}
