import assert from 'node:assert/strict';
import { Binary, deserialize, serialize } from '../../../src/bson/index.js';
import type { SpecificationFile } from '../../support/specifications.js';
import type { LegacyCase, LegacySuite } from './suite.js';

interface VectorFile {
  readonly test_key: string;
  readonly tests: readonly VectorTest[];
}

interface VectorTest {
  readonly description: string;
  readonly valid: boolean;
  readonly vector?: readonly (number | 'inf' | '-inf')[];
  readonly dtype_hex: string;
  readonly padding?: number;
  readonly canonical_bson?: string;
}

/** Vectors in binary values of subtype 9, of which the package `bson` takes care. */
export const binaryVectorSuite: LegacySuite = { folder: 'bson-binary-vector/tests', cases };

function cases({ content }: SpecificationFile): LegacyCase[] {
  const { test_key: key, tests } = content as VectorFile;
  return tests.map(test => ({
    description: test.description,
    run: () => (test.valid ? runValid(key, test) : runInvalid(key, test)),
  }));
}

function runValid(key: string, test: VectorTest): void {
  const bytes = (test.canonical_bson ?? '').toLowerCase();

  const decoded = (deserialize(Buffer.from(bytes, 'hex'), { promoteBuffers: false }) as Record<string, Binary>)[key];
  assert.deepEqual(valuesOf(decoded!, test), test.vector?.map(number));
  assert.equal(hex({ [key]: vectorOf(test) }), bytes);
}

/** What is not valid can neither be written nor, where the file has bytes, be read. */
function runInvalid(key: string, test: VectorTest): void {
  if (test.vector !== undefined && canBeTyped(test)) assert.throws(() => hex({ [key]: vectorOf(test) }));
  if (test.canonical_bson === undefined) return;
  const bytes = Buffer.from(test.canonical_bson, 'hex');
  assert.throws(() => valuesOf((deserialize(bytes, { promoteBuffers: false }) as Record<string, Binary>)[key]!, test));
}

/** Typed arrays cannot hold what is out of range or not whole, so there is nothing to be refused. */
function canBeTyped({ vector = [], dtype_hex: type }: VectorTest): boolean {
  const [least, most] = type === '0x03' ? [-128, 127] : [0, 255];
  return type === '0x27' || vector.map(number).every(n => Number.isInteger(n) && n >= least && n <= most);
}

function vectorOf({ vector = [], dtype_hex: type, padding = 0 }: VectorTest): Binary {
  const values = vector.map(number);
  switch (type) {
    case '0x03':
      return padded(Binary.fromInt8Array(Int8Array.from(values)), padding);
    case '0x27':
      return padded(Binary.fromFloat32Array(Float32Array.from(values)), padding);
    default:
      return Binary.fromPackedBits(Uint8Array.from(values), padding);
  }
}

/** The second byte of a vector says how many bits of the last one do not count. */
function padded(binary: Binary, padding: number): Binary {
  binary.buffer[1] = padding;
  return binary;
}

function valuesOf(binary: Binary, { dtype_hex: type, padding = 0 }: VectorTest): number[] {
  switch (type) {
    case '0x03':
      return [...binary.toInt8Array()];
    case '0x27':
      return [...binary.toFloat32Array()];
    default:
      assert.equal(binary.buffer[1], padding);
      return [...binary.toPackedBits()];
  }
}

function number(value: number | 'inf' | '-inf'): number {
  return typeof value === 'number' ? value : value === 'inf' ? Infinity : -Infinity;
}

function hex(document: object): string {
  return Buffer.from(serialize(document)).toString('hex');
}
