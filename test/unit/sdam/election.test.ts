import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ObjectId } from '../../../src/bson/index.js';
import { parseHello } from '../../../src/description/hello.js';
import type { ServerDescription } from '../../../src/description/server_description.js';
import { type Election, isStalePrimary, newestElection, staleTupleError } from '../../../src/sdam/election.js';
import { primary } from './replies.js';

const older = new ObjectId('0'.repeat(24));
const newer = new ObjectId('1'.repeat(24));
const times = { roundTripTime: 5, minRoundTripTime: 5, lastUpdateTime: 1000 };

function elected(maxWireVersion: number, electionId?: ObjectId, setVersion?: number): ServerDescription {
  return parseHello('a:27017', primary({ electionId, setVersion, maxWireVersion }), times);
}

const known = (maxElectionId: ObjectId | null, maxSetVersion: number | null): Election => ({
  maxElectionId,
  maxSetVersion,
});

describe('isStalePrimary', () => {
  it('compares the electionId before the setVersion from MongoDB 6.0 on', () => {
    assert.equal(isStalePrimary(known(newer, 1), elected(17, older, 2)), true);
    assert.equal(isStalePrimary(known(older, 2), elected(17, newer, 1)), false);
    assert.equal(isStalePrimary(known(newer, 2), elected(17, newer, 1)), true);
    assert.equal(isStalePrimary(known(newer, 1), elected(17, newer, 1)), false);
  });

  it('takes an absent electionId as the lowest from MongoDB 6.0 on', () => {
    assert.equal(isStalePrimary(known(older, 1), elected(17, undefined, 5)), true);
    assert.equal(isStalePrimary(known(null, null), elected(17, undefined, 1)), false);
  });

  it('compares the setVersion before the electionId until MongoDB 5.0', () => {
    assert.equal(isStalePrimary(known(newer, 1), elected(16, older, 2)), false);
    assert.equal(isStalePrimary(known(older, 2), elected(16, newer, 1)), true);
    assert.equal(isStalePrimary(known(newer, 1), elected(16, older, 1)), true);
  });

  it('calls no primary stale until MongoDB 5.0 while a part of either tuple is absent', () => {
    assert.equal(isStalePrimary(known(newer, 2), elected(16, undefined, 1)), false);
    assert.equal(isStalePrimary(known(null, 2), elected(16, older, 1)), false);
  });
});

describe('newestElection', () => {
  it('is the tuple of the primary from MongoDB 6.0 on', () => {
    assert.deepEqual(newestElection(known(older, 5), elected(17, newer, 1)), known(newer, 1));
  });

  it('never lowers the setVersion until MongoDB 5.0, and takes the electionId of a complete tuple only', () => {
    assert.deepEqual(newestElection(known(older, 5), elected(16, newer, 1)), known(newer, 5));
    assert.deepEqual(newestElection(known(older, 5), elected(16, undefined, 6)), known(older, 6));
  });
});

describe('staleTupleError', () => {
  it('names both tuples', () => {
    const { message, host } = staleTupleError(known(newer, 1), elected(17, older, 2));

    assert.equal(host, 'a:27017');
    assert.ok(
      message.includes(
        `(electionId ${older.toHexString()}, setVersion 2) is stale compared to (electionId ${newer.toHexString()}, setVersion 1)`,
      ),
    );
  });
});
