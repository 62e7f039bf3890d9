import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Document, ObjectId } from '../../../src/bson/index.js';
import { parseHello } from '../../../src/description/hello.js';
import { loadBalancerServer, unknownServer } from '../../../src/description/server_description.js';
import { MongoError } from '../../../src/errors/base.js';

const times = { roundTripTime: 4, minRoundTripTime: 2, lastUpdateTime: 100 };

const member = { ok: 1, setName: 'rs', secondary: true, hosts: ['a:1', 'b:1'], passives: ['c:1'], arbiters: ['d:1'] };

const parse = (reply: Document) => parseHello('a:1', { ...member, ...reply }, times);

describe('ServerDescription', () => {
  it('never changes', () => {
    const server = parse({ tags: { dc: 'east' } });

    assert.ok([server, server.hosts, server.passives, server.arbiters, server.tags].every(Object.isFrozen));
  });

  it('does not share lists with the reply that it comes from', () => {
    const hosts = ['a:1'];
    const server = parse({ hosts });
    hosts.push('evil:1');

    assert.deepEqual(server.hosts, ['a:1']);
  });

  it('is unknown with the values of the official driver', () => {
    const server = unknownServer('a:1');

    assert.equal(server.type, 'Unknown');
    assert.equal(server.roundTripTime, -1);
    assert.equal(server.minRoundTripTime, 0);
    assert.equal(server.error, null);
  });

  it('takes its address apart', () => {
    assert.deepEqual([unknownServer('db1:27018').host, unknownServer('db1:27018').port], ['db1', 27018]);
    assert.deepEqual([unknownServer('[::1]:27018').host, unknownServer('[::1]:27018').port], ['::1', 27018]);
  });

  it('lists all members that it names', () => {
    assert.deepEqual(parse({}).allHosts, ['a:1', 'b:1', 'c:1', 'd:1']);
  });

  it('says what a server is good for', () => {
    const claims = (type: Document) => {
      const { isReadable, isWritable, isDataBearing } = parseHello('a:1', { ok: 1, ...type }, times);
      return [isReadable, isWritable, isDataBearing];
    };

    assert.deepEqual(claims({ setName: 'rs', isWritablePrimary: true }), [true, true, true]);
    assert.deepEqual(claims({ setName: 'rs', secondary: true }), [true, false, true]);
    assert.deepEqual(claims({ setName: 'rs', arbiterOnly: true }), [false, false, false]);
    assert.deepEqual(claims({ isreplicaset: true }), [false, false, false]);
    assert.deepEqual(claims({ msg: 'isdbgrid' }), [true, true, true]);
    assert.equal(loadBalancerServer('a:1').isWritable, true);
  });
});

describe('ServerDescription.equals', () => {
  it('does not count round trip times and the times of updates and writes', () => {
    const later = parseHello(
      'a:1',
      { ...member, lastWrite: { lastWriteDate: new Date(5) } },
      { roundTripTime: 9, minRoundTripTime: 8, lastUpdateTime: 7 },
    );

    assert.equal(parse({}).equals(later), true);
  });

  const differences: Document[] = [
    { hidden: true },
    { minWireVersion: 1 },
    { maxWireVersion: 1 },
    { me: 'x:1' },
    { hosts: ['a:1'] },
    { passives: [] },
    { arbiters: [] },
    { tags: { dc: 'east' } },
    { setName: 'other' },
    { setVersion: 2 },
    { electionId: new ObjectId() },
    { primary: 'b:1' },
    { logicalSessionTimeoutMinutes: 1 },
    { topologyVersion: { processId: new ObjectId(), counter: 1 } },
    { iscryptd: true },
  ];
  for (const difference of differences) {
    it(`counts ${Object.keys(difference).join()}`, () => {
      assert.equal(parse({}).equals(parse(difference)), false);
    });
  }

  it('compares errors by their kind and text', () => {
    const failed = (message: string) => unknownServer('a:1', new MongoError(message));

    assert.equal(failed('x').equals(failed('x')), true);
    assert.equal(failed('x').equals(failed('y')), false);
    assert.equal(failed('x').equals(unknownServer('a:1')), false);
  });

  it('differs from nothing', () => {
    assert.equal(parse({}).equals(null), false);
    assert.equal(parse({}).equals(undefined), false);
  });
});
