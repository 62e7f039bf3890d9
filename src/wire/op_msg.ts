import { isUtf8 } from 'node:buffer';
import { RawDocument } from '../bson/raw_document.js';
import { crc32c } from './crc32c.js';
import { HEADER_SIZE, protocolError } from './header.js';

/** Flags of OP_MSG. Of the lower 16 an unknown one is an error, of the upper 16 it is ignored. */
export const MsgFlag = Object.freeze({ checksumPresent: 1, moreToCome: 2, exhaustAllowed: 1 << 16 } as const);

const KNOWN_REQUIRED_FLAGS = MsgFlag.checksumPresent | MsgFlag.moreToCome;
export const FLAGS_SIZE = 4;
const CHECKSUM_SIZE = 4;

export const SectionKind = Object.freeze({ body: 0, documentSequence: 1 } as const);

/** A kind 1 section: documents that stand beside the body, under the name of the field that they fill. */
export interface RawSequence {
  readonly identifier: string;
  /** Made anew at each look: a sequence of small documents would take many times its own size. */
  readonly documents: readonly RawDocument[];
}

/** The parts of an OP_MSG, read where they lie. */
export interface OpMsg {
  readonly flags: number;
  /** Another message follows without a request. */
  readonly moreToCome: boolean;
  readonly body: RawDocument;
  readonly sequences: readonly RawSequence[];
}

const NO_SEQUENCES: readonly RawSequence[] = Object.freeze([]);

/**
 * Reads an OP_MSG.
 *
 * @param frame - the whole message, its header included
 * @throws MongoUnexpectedServerResponseError if it breaks the protocol
 */
export function decodeOpMsg(frame: Buffer): OpMsg {
  if (frame.length < HEADER_SIZE + FLAGS_SIZE) protocolError('an OP_MSG without flags');
  const flags = frame.readUInt32LE(HEADER_SIZE);
  const unknown = flags & 0xffff & ~KNOWN_REQUIRED_FLAGS;
  if (unknown !== 0) protocolError(`an OP_MSG with unknown required flags 0x${unknown.toString(16)}`);
  const end = (flags & MsgFlag.checksumPresent) === 0 ? frame.length : endBeforeChecksum(frame);

  let body: RawDocument | null = null;
  let sequences: Map<string, RawSequence> | null = null;
  for (let offset = HEADER_SIZE + FLAGS_SIZE; offset < end; ) {
    const kind = frame[offset] ?? -1;
    switch (kind) {
      case SectionKind.body:
        if (body !== null) protocolError('an OP_MSG with two bodies');
        body = RawDocument.at(frame, offset + 1, end);
        offset = body.end + 1;
        break;
      case SectionKind.documentSequence: {
        const sequence = readSequence(frame, offset + 1, end);
        sequences ??= new Map();
        if (sequences.has(sequence.identifier)) protocolError('an OP_MSG with two document sequences of one name');
        sequences.set(sequence.identifier, sequence);
        offset = sequence.end;
        break;
      }
      default:
        protocolError(`an OP_MSG section of unknown kind ${kind}`);
    }
  }
  if (body === null) protocolError('an OP_MSG without a body');
  return {
    flags,
    moreToCome: (flags & MsgFlag.moreToCome) !== 0,
    body,
    sequences: sequences === null ? NO_SEQUENCES : [...sequences.values()],
  };
}

function endBeforeChecksum(frame: Buffer): number {
  const end = frame.length - CHECKSUM_SIZE;
  if (end < HEADER_SIZE + FLAGS_SIZE) protocolError('an OP_MSG without room for the checksum that it announces');
  const claimed = frame.readUInt32LE(end);
  const actual = crc32c(frame, 0, end);
  if (claimed !== actual) {
    protocolError(`an OP_MSG with checksum 0x${claimed.toString(16)}, its bytes give 0x${actual.toString(16)}`);
  }
  return end;
}

class SequenceSection implements RawSequence {
  readonly identifier: string;
  readonly end: number;
  readonly #frame: Buffer;
  readonly #start: number;

  constructor(identifier: string, frame: Buffer, start: number, end: number) {
    this.identifier = identifier;
    this.#frame = frame;
    this.#start = start;
    this.end = end;
  }

  get documents(): readonly RawDocument[] {
    return [...this.walk()];
  }

  *walk(): Generator<RawDocument, void, undefined> {
    for (let offset = this.#start; offset < this.end; ) {
      const document = RawDocument.at(this.#frame, offset, this.end);
      yield document;
      offset = document.end + 1;
    }
  }
}

function readSequence(frame: Buffer, start: number, limit: number): SequenceSection {
  if (start + 4 > limit) protocolError('a document sequence without a size');
  const size = frame.readInt32LE(start);
  const end = start + size;
  // A size, the shortest name, and nothing else.
  if (size < 5 || end > limit) protocolError(`a document sequence of ${size} bytes where ${limit - start} are left`);
  const nameEnd = frame.indexOf(0, start + 4);
  if (nameEnd < 0 || nameEnd >= end) protocolError('a document sequence whose name has no end');
  if (!isUtf8(frame.subarray(start + 4, nameEnd))) protocolError('a document sequence whose name is not UTF-8');
  const section = new SequenceSection(frame.toString('utf8', start + 4, nameEnd), frame, nameEnd + 1, end);
  // The walk checks that the documents fill the section to its last byte.
  for (const _document of section.walk());
  return section;
}
