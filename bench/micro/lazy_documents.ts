/**
 * What lazy documents cost and save: a batch of documents with 50 fields each is read, 0, 2 or all 50 fields of every document.
 *
 *   node scripts/build.mjs && node .build/bench/micro/lazy_documents.js
 */
import { ObjectId, serialize } from 'bson';
import { documentDecoder } from '../../src/bson/decode.js';
import { DocumentReader } from '../../src/bson/document_reader.js';
import { lazyDecoder } from '../../src/bson/lazy_document.js';
import { RawDocument } from '../../src/bson/raw_document.js';
import { median } from '../ops/statistics.js';

const DOCUMENTS = 200;
const FIELDS = 50;
const ROUNDS = 40;

const names = Array.from({ length: FIELDS }, (_, index) => `field${index}`);

function sample(): Record<string, unknown> {
  const kinds = [
    (index: number) => index,
    (index: number) => `the text of field ${index}`,
    (index: number) => index / 3,
    () => new Date(),
    () => new ObjectId(),
  ];
  return Object.fromEntries(names.map((name, index) => [name, kinds[index % kinds.length]?.(index)]));
}

const bytes = Buffer.from(serialize({ batch: Array.from({ length: DOCUMENTS }, sample) }));
const decoders = { eager: documentDecoder(), lazy: lazyDecoder({}), raw: documentDecoder({ raw: true }) };

/** Microseconds for each document. */
function measure(kind: keyof typeof decoders, read: readonly string[]): number {
  const array = RawDocument.at(bytes, 0, bytes.length).array('batch');
  if (array === undefined) throw new Error('There is no batch');
  const reader = new DocumentReader(array, decoders[kind]);
  const startedAt = performance.now();
  for (let document = reader.next(); document !== undefined; document = reader.next()) {
    for (const name of read) if (kind !== 'raw' && document[name] === undefined) throw new Error(`${name} is missing`);
  }
  return ((performance.now() - startedAt) * 1000) / DOCUMENTS;
}

console.log(`µs for each document of ${FIELDS} fields, medians of ${ROUNDS} rounds`);
console.log(['fields read', 'eager', 'lazy', 'lazy/eager', 'raw, none read'].map(title => title.padStart(14)).join(''));
for (const count of [0, 1, 2, 5, 10, FIELDS]) {
  // From the middle on: what lies before has to be walked over.
  const read = [...names.slice(FIELDS / 2), ...names.slice(0, FIELDS / 2)].slice(0, count);
  const rounds = Array.from({ length: ROUNDS }, () => ({
    eager: measure('eager', read),
    lazy: measure('lazy', read),
    raw: measure('raw', []),
  }));
  const [eager, lazy, raw] = (['eager', 'lazy', 'raw'] as const).map(kind => median(rounds.map(round => round[kind])));
  const figures = [eager ?? 0, lazy ?? 0, (lazy ?? 0) / (eager ?? 1), raw ?? 0].map(value => value.toFixed(2));
  console.log([String(count), ...figures].map(cell => cell.padStart(14)).join(''));
}
