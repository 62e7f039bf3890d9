import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MongoInvalidArgumentError } from '../../../../src/errors/driver.js';
import { METHODS, type Method } from './methods.js';
import { type Outcome, observe } from './observe.js';
import { PHASE_NAMES, type PhaseName } from './phases.js';
import type { SettingName, Times } from './settings.js';

const SOON = 50;
const LATE = 80;
/** Beyond it, a wait counts as endless. */
const LONG = 200;

/** The level of a method that is nearest to the call comes first. */
const LEVELS: readonly SettingName[] = ['own', 'collection', 'database', 'client', 'connectionString'];
const LEVELS_OF_SESSION: readonly SettingName[] = ['own', 'session', 'client', 'connectionString'];
/** What an operation inherits. */
const INHERITED: readonly SettingName[] = ['collection', 'database', 'session', 'client', 'connectionString'];

/** The wait in which the settings are tried. */
function phaseOf({ connects }: Method): PhaseName {
  return connects === true ? 'hello' : 'reply';
}

function ending(method: Method, times: Times, phase = phaseOf(method)): Promise<Outcome> {
  return observe(method, phase, times, { healAfterMS: SOON - 1, waitMS: LONG });
}

async function endsAfter(method: Method, times: Times): Promise<number> {
  return (await ending(method, times)).afterMS;
}

/** Which of the settings bound a method at all. */
async function applicable(method: Method, settings: readonly SettingName[]): Promise<SettingName[]> {
  const found: SettingName[] = [];
  for (const setting of settings) if ((await endsAfter(method, { [setting]: SOON })) === SOON) found.push(setting);
  return found;
}

const isOfSession = ({ name }: Method) => name.startsWith('session.');
const takesOptions = ({ withoutOptions }: Method) => withoutOptions !== true;
/** Operations that can be part of a transaction. */
const canBeInTransaction = ({ withoutSession, connects, withoutOptions }: Method) =>
  withoutSession !== true && connects !== true && withoutOptions !== true;

describe('the time of a call that is set at several levels', () => {
  for (const method of METHODS) {
    it(`${method.name} has the time of the nearest level, whether it is shorter or longer`, async () => {
      const levels = await applicable(method, isOfSession(method) ? LEVELS_OF_SESSION : LEVELS);
      for (const [index, far] of levels.entries()) {
        const near = levels[index - 1];
        if (near === undefined) continue;
        assert.equal(await endsAfter(method, { [near]: LATE, [far]: SOON }), LATE, `${near} over ${far}`);
        assert.equal(await endsAfter(method, { [near]: SOON, [far]: LATE }), SOON, `${near} over ${far}`);
      }
    });

    it(`${method.name} has the time of withDeadline in place of what it would inherit`, async () => {
      for (const level of await applicable(method, INHERITED)) {
        // The close of a cursor has the time of the cursor, which was opened outside.
        const expected = method.name === 'cursor.close' ? SOON : LATE;
        assert.equal(await endsAfter(method, { withDeadline: LATE, [level]: SOON }), expected, level);
        assert.equal(await endsAfter(method, { withDeadline: SOON, [level]: LATE }), SOON, level);
      }
    });

    it(`${method.name} under timeoutMS is bounded by no timeout that it replaces`, async () => {
      for (const phase of PHASE_NAMES) {
        const times = { client: LATE, waitQueueTimeoutMS: SOON, socketTimeoutMS: SOON };
        const { afterMS } = await ending(method, times, phase);
        assert.ok(afterMS === LATE || afterMS === 0, `${phase}: ${afterMS}`);
      }
    });

    it(`${method.name} under timeoutMS waits at most serverSelectionTimeoutMS for a connection`, async () => {
      // These go on with their next command, for which the limit is the same.
      const goesOn = method.name === 'session.withTransaction' || method.name === 'client.close';
      const times = { client: LATE, serverSelectionTimeoutMS: SOON };
      for (const phase of ['selection', 'queue', 'connect', 'hello'] as const) {
        const { afterMS } = await ending(method, times, phase);
        if (afterMS === 0) continue;
        if (goesOn) assert.ok(afterMS >= SOON && afterMS <= LATE, `${phase}: ${afterMS}`);
        else assert.equal(afterMS, SOON, phase);
      }
    });
  }
});

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
