import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
  Decimal128,
  type Document,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  serialize,
  Timestamp,
} from '../../src/bson/index.js';
import { isDocument } from '../../src/bson/reply_fields.js';
import { changed } from './inputs.js';
import type { SeededRandom } from './random.js';

/** Stands for a field `_bsontype` until a document is encoded: the package `bson` would take it for a type of its own. */
const BSON_TYPE_FIELD = '_bsontypX';

/** Values of every BSON type, and documents that look like values to code that asks them what they are. */
const VALUES: readonly unknown[] = [
  ...[0, 1, -1, 2, 0.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 53, 1e300, 100_001],
  ...[new Int32(0), new Int32(-(2 ** 31)), new Double(1), new Double(-0)],
  ...[Long.MAX_VALUE, Long.MIN_VALUE, Long.fromNumber(5), Long.fromNumber(0)],
  ...['', 'x', '0', '1', 'nodot', '.a', 'a.', 'a.b', 'a\0.b', 'a:1', '[::1]', ':', 'x'.repeat(3000)],
  ...[true, false, null],
  ...[
    new Timestamp(0n),
    new Timestamp(0xffff_ffff_ffff_ffffn),
    new ObjectId('000000000000000000000000'),
    new Date(0),
    new Date(8.64e15),
  ],
  ...[
    new Binary(Buffer.alloc(0)),
    new Binary(Buffer.alloc(5000)),
    new Code('x'),
    new Code('x', {}),
    new BSONSymbol('x'),
  ],
  ...[Decimal128.fromString('1'), Decimal128.fromString('NaN'), new MaxKey(), new MinKey(), new BSONRegExp('a')],
  ...[[], [null], [1], [''], [[]], [{}], [{ index: 0 }], [{ index: 'x' }], ['a:1', 5]],
  ...[{}, { a: 1 }, { valueOf: 1 }, { toString: 1 }, { valueOf: null, toString: null }, { __isLong__: true }],
  ...[{ length: 3 }, { then: 1 }, { constructor: null }, { constructor: { name: 1 } }, { hasOwnProperty: 1 }],
  ...[{ equals: 1, compare: 1, toHexString: 1, toJSON: 1 }, { $ref: 'a', $id: 1 }, { [BSON_TYPE_FIELD]: 'Long' }],
  ...[{ [BSON_TYPE_FIELD]: 'ObjectId', id: 'x' }, { [BSON_TYPE_FIELD]: 'Timestamp' }, ownProto()],
];

function ownProto(): Document {
  return JSON.parse('{"__proto__": {"ok": 1}}') as Document;
}

const NAMES = [
  'ok',
  'code',
  'errmsg',
  'errorLabels',
  'topologyVersion',
  'n',
  'cursor',
  '__proto__',
  'constructor',
  'message',
  'stack',
];

/** One of the seeds with a few values that it must not have, in BSON; at times with a few wrong bytes. */
export function hostileReply(random: SeededRandom, seeds: readonly Document[]): Buffer {
  let document: unknown = random.pick(seeds);
  for (let changes = random.below(3); changes >= 0; changes--) document = mutated(document, random);
  let bytes: Buffer = encoded(isDocument(document) ? document : {});
  if (random.chance(4))
    for (let changes = random.below(3); changes >= 0 && bytes.length > 4; changes--) bytes = changed(bytes, random);
  return bytes;
}

function encoded(document: Document): Buffer {
  const bytes = Buffer.from(serialize(document, { ignoreUndefined: true }));
  for (let at = bytes.indexOf(BSON_TYPE_FIELD); at >= 0; at = bytes.indexOf(BSON_TYPE_FIELD, at))
    bytes.write('_bsontype', at);
  return bytes;
}

/** A value with one thing changed somewhere inside; the original stays. */
export function mutated(value: unknown, random: SeededRandom): unknown {
  if (Array.isArray(value)) return mutatedArray(value as unknown[], random);
  if (!isDocument(value)) return random.pick(VALUES);
  const names = Object.keys(value);
  if (names.length === 0 || random.chance(12)) return withField(value, random.pick(NAMES), random.pick(VALUES));
  const name = random.pick(names);
  if (random.chance(10)) return withField(value, name, undefined);
  return withField(value, name, random.chance(3) ? random.pick(VALUES) : mutated(value[name], random));
}

function mutatedArray(values: readonly unknown[], random: SeededRandom): unknown[] {
  const copy = [...values];
  const at = random.below(copy.length + 1);
  if (at === copy.length || random.chance(4)) copy.splice(at, 0, random.pick(VALUES));
  else copy[at] = mutated(copy[at], random);
  return copy;
}

/** Own fields by definition: an assignment to `__proto__` would change the prototype. */
function withField(document: Document, name: string, value: unknown): Document {
  const copy = { ...document };
  Object.defineProperty(copy, name, { value, enumerable: true, writable: true, configurable: true });
  return copy;
}

/** What a program might give for an option, right or wrong. */
export function optionValue(random: SeededRandom): unknown {
  if (random.chance(2)) return random.pick(VALUES);
  return random.pick<unknown>([
    undefined,
    () => 1,
    Symbol('x'),
    10n,
    new Map([['a', 1]]),
    new Set([1]),
    /x/,
    new Error('x'),
    Object.create(null),
    Object.create({ inherited: 1 }),
    Object.freeze({ level: 'majority' }),
    { mode: 'secondary' },
    { w: 'majority', j: 'x' },
    { aborted: true, reason: 1 },
    AbortSignal.abort(),
    new Proxy({}, {}),
    'majority',
    'secondary',
    'queryPlanner',
    ['a', 1],
    -0,
  ]);
}
