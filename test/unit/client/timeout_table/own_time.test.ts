import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoInvalidArgumentError } from '../../../../src/errors/driver.js';
import { ending, endsAfter, LATE, SOON } from './ending.js';
import { METHODS, type Method } from './methods.js';

const takesOptions = ({ withoutOptions }: Method) => withoutOptions !== true;
/** Operations that can be part of a transaction. */
const canBeInTransaction = ({ withoutSession, connects, withoutOptions }: Method) =>
  withoutSession !== true && connects !== true && withoutOptions !== true;

describe('the own time of a call', () => {
  for (const method of METHODS.filter(takesOptions)) {
    it(`${method.name} without limit (0) is not bounded by the client`, async () => {
      assert.equal(await endsAfter(method, { own: 0, client: SOON }), Infinity);
    });

    it(`${method.name} ends with its signal or its time, whichever is first`, async () => {
      assert.equal(await endsAfter(method, { signal: SOON, own: LATE }), SOON);
      assert.equal(await endsAfter(method, { signal: LATE, own: SOON }), SOON);
      assert.equal(await endsAfter(method, { signal: SOON, withDeadline: LATE }), SOON);
    });

    for (const shared of ['withDeadline', 'deadline'] as const) {
      if (method.tidiesUp === true) {
        it(`${method.name} has its own time also if ${shared} is sooner`, async () => {
          assert.equal(await endsAfter(method, { own: LATE, [shared]: SOON }), LATE);
          assert.equal(await endsAfter(method, { own: SOON, [shared]: LATE }), SOON);
        });
        continue;
      }
      it(`${method.name} ends with its own time or ${shared}, whichever is sooner`, async () => {
        assert.equal(await endsAfter(method, { own: LATE, [shared]: SOON }), SOON);
        assert.equal(await endsAfter(method, { own: SOON, [shared]: LATE }), SOON);
        assert.equal(await endsAfter(method, { own: 0, [shared]: SOON }), SOON);
      });
    }
  }
});

describe('a call in a transaction that has a time', () => {
  for (const method of METHODS.filter(canBeInTransaction)) {
    for (const around of ['transaction', 'withTransaction'] as const) {
      it(`${method.name} has the time of ${around}, and not that of its levels`, async () => {
        assert.equal(await endsAfter(method, { [around]: LATE, client: SOON }), LATE);
        assert.equal(await endsAfter(method, { [around]: LATE, collection: SOON, database: SOON }), LATE);
        assert.equal(await endsAfter(method, { [around]: SOON, client: LATE }), SOON);
      });

      it(`${method.name} in ${around} ends with a sooner withDeadline`, async () => {
        assert.equal(await endsAfter(method, { [around]: LATE, withDeadline: SOON }), SOON);
        assert.equal(await endsAfter(method, { [around]: SOON, withDeadline: LATE }), SOON);
      });

      it(`${method.name} in ${around} is refused with a time of its own, and sends nothing`, async () => {
        const { afterMS, error } = await ending(method, { [around]: LATE, own: SOON });

        assert.equal(afterMS, 0);
        assert.ok(error instanceof MongoInvalidArgumentError, String(error));
      });
    }
  }
});
