import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ending, endsAfter, LATE, SOON } from './ending.js';
import { METHODS, type Method } from './methods.js';
import { PHASE_NAMES } from './phases.js';
import type { SettingName } from './settings.js';

/** The level of a method that is nearest to the call comes first. */
const LEVELS: readonly SettingName[] = ['own', 'collection', 'database', 'client', 'connectionString'];
const LEVELS_OF_SESSION: readonly SettingName[] = ['own', 'session', 'client', 'connectionString'];
/** What an operation inherits. */
const INHERITED: readonly SettingName[] = ['collection', 'database', 'session', 'client', 'connectionString'];

/** Which of the settings bound a method at all. */
async function applicable(method: Method, settings: readonly SettingName[]): Promise<SettingName[]> {
  const found: SettingName[] = [];
  for (const setting of settings) if ((await endsAfter(method, { [setting]: SOON })) === SOON) found.push(setting);
  return found;
}

const isOfSession = ({ name }: Method) => name.startsWith('session.');

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
        // The close of a cursor has the time of the cursor, which was opened outside. A change stream has that of what is around each call.
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
