import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Decimal128, Int32, Long, ObjectId } from 'bson';
import { match } from '../../spec/unified/matching.js';
import { CONTEXT, differs, matches, parsed } from './match_checks.js';

describe('match: documents and arrays', () => {
  it('lets a root document have more fields, and a nested one not', () => {
    matches({ a: 1 }, { a: 1, b: 2 });
    matches({}, { a: 1 });
    differs({ a: { b: 1 } }, { a: { b: 1, c: 2, d: 3 } }, /^at a: .* without more fields, .* \(unexpected: c, d\)$/);
    differs({ a: 1 }, { a: 1, b: 2 }, /^at the root: .*unexpected: b/, 'nested');
  });

  it('needs every expected field', () => {
    differs({ a: { b: 1 } }, { a: {} }, 'at a.b: expected 1, actual nothing');
    differs({ a: null }, {}, 'at a: expected null, actual nothing');
  });

  it('takes a field that is undefined for one that is not there', () => {
    matches({ a: { b: 1 } }, { a: { b: 1, c: undefined } });
    differs({ a: 1 }, { a: undefined }, /actual nothing$/);
  });

  it('does not care about the order of fields', () => {
    matches({ a: { b: 1, c: 2 } }, { a: { c: 2, b: 1 } });
  });

  it('reads an actual Map as the document it stands for', () => {
    matches(
      { sort: { a: 1, b: -1 } },
      {
        sort: new Map([
          ['a', 1],
          ['b', -1],
        ]),
      },
    );
    matches({ 0: 'x' }, new Map([[0, 'x']]));
  });

  it('tells a document from everything else', () => {
    differs({}, [], /^at the root/);
    differs({ a: {} }, { a: null }, 'at a: expected {}, actual null');
    differs({ a: {} }, { a: new ObjectId('0'.repeat(24)) }, /actual \{"\$oid":"0{24}"\}$/);
    differs(1, { a: 1 }, /^at the root: expected 1, actual \{"a":1\}$/);
  });

  it('needs arrays of one length and order', () => {
    matches({ a: [1, 2] }, { a: [1, 2] });
    differs({ a: [1, 2] }, { a: [2, 1] }, 'at a[0]: expected 1, actual 2');
    differs({ a: [1] }, { a: [1, 2] }, /^at a: .*\(1 elements expected, 2 found\)$/);
    differs({ a: [1, 2] }, { a: [1] }, /\(2 elements expected, 1 found\)$/);
    differs({ a: [1] }, { a: { 0: 1 } }, /^at a: expected \[1\]/);
  });

  it('names the first element that differs rather than another length', () => {
    differs([{ a: 1 }, { a: 2 }], [{ a: 3 }], 'at [0].a: expected 1, actual 3');
  });

  it('takes the documents of a root array for root documents, and those of a nested one not', () => {
    matches([{ a: 1 }], [{ a: 1, b: 2 }]);
    differs({ list: [{ a: 1 }] }, { list: [{ a: 1, b: 2 }] }, /^at list\[0\]: .*unexpected: b/);
    differs([{ a: 1 }], [{ a: 1, b: 2 }], /^at \[0\]: .*unexpected: b/, 'nested');
    differs([[{ a: 1 }]], [[{ a: 1, b: 2 }]], /^at \[0\]\[0\]: .*unexpected: b/);
  });

  it('cuts long values in its message', () => {
    const mismatch = match({ a: 'x' }, { a: 'y'.repeat(100_000) }, CONTEXT) ?? '';

    assert.ok(mismatch.length < 600, `${mismatch.length} characters`);
    assert.match(mismatch, /… \(100002 characters\)$/);
  });
});

describe('match: values', () => {
  it('compares int, long and double by number', () => {
    for (const expected of [parsed('1'), parsed('{"$numberLong":"1"}'), parsed('{"$numberDouble":"1"}')]) {
      for (const actual of [1, 1n, new Int32(1), Long.fromNumber(1)]) matches(expected, actual);
      differs(expected, 2, /actual 2$/);
      differs(expected, '1', /actual "1"$/);
      differs(expected, true, /actual true$/);
    }
    matches(parsed('{"$numberDouble":"NaN"}'), Number.NaN);
    matches(parsed('1.5'), 1.5);
  });

  it('does not lose digits of a long', () => {
    const long = parsed('{"$numberLong":"9007199254740993"}');

    matches(long, 9007199254740993n);
    differs(long, 9007199254740992, /^at the root/);
  });

  it('keeps Decimal128 apart from the other numbers', () => {
    matches(parsed('{"$numberDecimal":"1"}'), Decimal128.fromString('1'));
    differs(parsed('{"$numberDecimal":"1"}'), 1, /actual 1$/);
    differs(1, Decimal128.fromString('1'), /^at the root/);
  });

  it('knows a value by _bsontype, whatever copy of bson made it', () => {
    const id = '0123456789abcdef01234567';

    matches(new ObjectId(id), { _bsontype: 'ObjectId', toString: () => id });
    matches(5, { _bsontype: 'Int32', value: 5 });
    matches(parsed('{"$numberLong":"5"}'), { _bsontype: 'Long', toString: () => '5' });
    differs({ a: new ObjectId(id) }, { a: id }, /^at a/);
  });

  it('compares the values of every type of BSON', () => {
    const values = [
      'null',
      'true',
      '"text"',
      '{"$date":{"$numberLong":"5"}}',
      '{"$binary":{"base64":"qg==","subType":"00"}}',
      '{"$binary":{"base64":"qg==","subType":"05"}}',
      '{"$timestamp":{"t":1,"i":2}}',
      '{"$regularExpression":{"pattern":"a","options":"im"}}',
      '{"$code":"f"}',
      '{"$code":"f","$scope":{"x":1}}',
      '{"$symbol":"text"}',
      '{"$minKey":1}',
      '{"$maxKey":1}',
      '{"$ref":"c","$id":1}',
      '{"$numberDecimal":"1.0"}',
      '{"$oid":"0123456789abcdef01234567"}',
    ];

    for (const [index, expected] of values.entries()) {
      for (const [other, actual] of values.entries()) {
        const mismatch = match(parsed(expected), parsed(actual), CONTEXT);
        assert.equal(mismatch === null, index === other, `${expected} and ${actual}: ${mismatch}`);
      }
    }
  });

  it('takes the types of JavaScript for those of BSON that are promoted to them', () => {
    matches(parsed('{"$binary":{"base64":"qg==","subType":"00"}}'), Uint8Array.of(0xaa));
    matches(parsed('{"$regularExpression":{"pattern":"a","options":"mi"}}'), /a/im);
    matches(parsed('{"$ref":"c","$id":1}'), { $ref: 'c', $id: 1 });
  });
});
