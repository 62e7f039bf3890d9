import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nextRequestId, readHeader, writeHeader } from '../../../src/wire/header.js';

describe('header', () => {
  it('is four integers, little endian', () => {
    const bytes = Buffer.alloc(16);

    writeHeader(bytes, 0x01020304, 5, -6, 2013);

    assert.equal(bytes.toString('hex'), '04030201' + '05000000' + 'faffffff' + 'dd070000');
    assert.deepEqual(readHeader(bytes), { messageLength: 0x01020304, requestId: 5, responseTo: -6, opCode: 2013 });
  });
});

describe('nextRequestId', () => {
  it('counts up', () => {
    const first = nextRequestId();

    assert.equal(nextRequestId(), first + 1);
    assert.ok(first > 0);
  });
});
