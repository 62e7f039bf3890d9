import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Binary, Decimal128, UUID } from 'bson';
import { isMatchingOperator, match } from '../../spec/unified/matching.js';
import { CONTEXT, differs, LSID, matches, parsed } from './match_checks.js';

describe('match: special operators', () => {
  const X = (operator: string, argument: unknown) => ({ x: { [operator]: argument } });

  it('$$exists asks whether there is a value, null included', () => {
    matches(X('$$exists', true), { x: null });
    matches(X('$$exists', false), {});
    matches({ a: X('$$exists', false) }, { a: {} });
    differs(X('$$exists', true), {}, 'at x: expected any value, actual nothing');
    differs(X('$$exists', false), { x: null }, 'at x: expected nothing, actual null');
  });

  it('$$type takes one alias or several', () => {
    matches(X('$$type', 'string'), { x: '' });
    matches(X('$$type', ['int', 'long']), { x: 5n });
    differs(X('$$type', 'string'), { x: 1 }, 'at x: expected a value of type string, actual 1');
    differs(X('$$type', ['int', 'long']), { x: 1.5 }, /type int or long/);
    differs(X('$$type', 'string'), {}, /actual nothing$/);
    differs(X('$$type', []), { x: 1 }, /^at x/);
  });

  it('$$type number stands for every number', () => {
    for (const x of [1, 1.5, 5n, Decimal128.fromString('1')]) matches(X('$$type', 'number'), { x });
    differs(X('$$type', 'number'), { x: '1' }, /^at x/);
  });

  it('$$matchesEntity compares with the value of an entity', () => {
    matches(X('$$matchesEntity', 'id'), { x: 7 });
    matches({ $$matchesEntity: 'document' }, { x: 1, y: 2 });
    differs(X('$$matchesEntity', 'id'), { x: 8 }, 'at x: expected 7, actual 8');
    differs(X('$$matchesEntity', 'document'), { x: { x: 1, y: 2 } }, /unexpected: y/);
    differs(X('$$matchesEntity', 'nobody'), { x: 7 }, /the entity nobody, which does not exist/);
  });

  it('$$matchesHexBytes compares bytes', () => {
    matches({ $$matchesHexBytes: 'AAbb' }, Buffer.from('aabb', 'hex'));
    matches({ $$matchesHexBytes: '' }, new Uint8Array());
    matches(X('$$matchesHexBytes', '11'), { x: new Binary(Buffer.of(0x11)) });
    differs({ $$matchesHexBytes: '11' }, Buffer.of(0x12), /the bytes "11", actual "12"$/);
    differs({ $$matchesHexBytes: '11' }, '11', /^at the root/);
  });

  it('$$unsetOrMatches lets a value be absent', () => {
    matches(X('$$unsetOrMatches', 1), {});
    matches(X('$$unsetOrMatches', 1), { x: 1 });
    matches(X('$$unsetOrMatches', { $$exists: true }), { x: 1 });
    matches({ $$unsetOrMatches: { a: 1 } }, undefined);
    differs(X('$$unsetOrMatches', 1), { x: 2 }, 'at x: expected 1, actual 2');
    differs(X('$$unsetOrMatches', 1), { x: null }, 'at x: expected 1, actual null');
  });

  it('$$unsetOrMatches keeps what is root', () => {
    matches({ $$unsetOrMatches: { a: 1 } }, { a: 1, b: 2 });
    matches({ $$unsetOrMatches: [{ a: 1 }] }, [{ a: 1, b: 2 }]);
    differs(X('$$unsetOrMatches', { a: 1 }), { x: { a: 1, b: 2 } }, /^at x: .*unexpected: b/);
    differs({ $$unsetOrMatches: [{ a: 1 }] }, [{ a: 1, b: 2 }], /unexpected: b/, 'nested');
  });

  it('$$sessionLsid compares with the id of a session', () => {
    matches({ lsid: { $$sessionLsid: 'session0' } }, { lsid: { id: new Binary(LSID.id.buffer, 4) } });
    differs({ lsid: { $$sessionLsid: 'session0' } }, { lsid: { id: new UUID() } }, /^at lsid: .*session session0/);
    differs({ lsid: { $$sessionLsid: 'session0' } }, {}, /actual nothing$/);
    differs({ lsid: { $$sessionLsid: 'session1' } }, { lsid: LSID }, /session1, which does not exist/);
  });

  it('$$lte compares numbers of any type', () => {
    matches(X('$$lte', 2), { x: 2 });
    matches(X('$$lte', parsed('2.1')), { x: 2 });
    matches(X('$$lte', parsed('{"$numberLong":"3"}')), { x: 3n });
    differs(X('$$lte', 2), { x: 3 }, 'at x: expected at most 2, actual 3');
    differs(X('$$lte', 2), { x: '1' }, /^at x/);
    differs(X('$$lte', 2), {}, /actual nothing$/);
  });

  it('$$matchAsDocument reads EJSON, as a nested document', () => {
    matches(X('$$matchAsDocument', { a: 1, b: { $$type: 'long' } }), { x: '{"a":1,"b":{"$numberLong":"1"}}' });
    differs(X('$$matchAsDocument', { a: 1 }), { x: '{"a":1,"b":2}' }, /unexpected: b/);
    differs({ $$matchAsDocument: { a: 1 } }, '{"a":1,"b":2}', /unexpected: b/);
    differs(X('$$matchAsDocument', { a: 1, b: { $$exists: false } }), { x: '{"a":1,"b":2}' }, /^at x\.b/);
    for (const x of ['1', '["a"]', '{ "x" }', 1, undefined]) {
      differs(X('$$matchAsDocument', { $$matchAsRoot: {} }), { x }, /^at x: expected the EJSON of a document/);
    }
  });

  it('$$matchAsRoot lets a nested document have more fields', () => {
    matches(X('$$matchAsRoot', { a: 1 }), { x: { a: 1, b: 2 } });
    matches(X('$$matchAsDocument', { $$matchAsRoot: { a: 1 } }), { x: '{"a":1,"b":2}' });
    differs(X('$$matchAsRoot', { a: { b: 1 } }), { x: { a: { b: 1, c: 1 } } }, /^at x\.a: .*unexpected: c/);
    differs(X('$$matchAsRoot', { a: 1 }), { x: { a: 2 } }, 'at x.a: expected 1, actual 2');
    differs(X('$$matchAsRoot', {}), { x: 1 }, 'at x: expected a document, actual 1');
  });

  it('$$placeholder stands for any value', () => {
    matches(X('$$placeholder', 1), { x: 'secret' });
    differs(X('$$placeholder', 1), {}, 'at x: expected any value, actual nothing');
  });

  it('are only documents of one key', () => {
    matches({ x: { $$exists: 1, a: 1 } }, { x: { $$exists: 1, a: 1 } });
    differs({ x: { $$exists: true, a: 1 } }, { x: 1 }, /^at x/);
  });

  it('are refused when unknown or malformed, since no value could tell', () => {
    const fails = (expected: unknown, message: RegExp) =>
      assert.throws(() => match(expected, { x: 1 }, CONTEXT), { message });

    fails(X('$$near', 1), /^Unknown special operator \$\$near/);
    fails(X('$$toString', 1), /^Unknown special operator/);
    fails(X('$$exists', 1), /^\$\$exists takes a boolean, not 1$/);
    fails(X('$$type', 'integer'), /alias of a BSON type, not "integer"$/);
    fails(X('$$lte', '1'), /^\$\$lte takes a number/);
    fails(X('$$matchesEntity', 1), /name of an entity/);
    fails(X('$$sessionLsid', {}), /name of an entity/);
    fails(X('$$matchesHexBytes', 'abc'), /hexadecimal/);
    fails(X('$$matchAsRoot', 1), /^\$\$matchAsRoot takes a document/);
  });

  it('can be asked for by name', () => {
    assert.ok(isMatchingOperator('$$lte'));
    assert.ok(!isMatchingOperator('$$hexBytes'));
    assert.ok(!isMatchingOperator('toString'));
  });
});
