import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { METHODS } from './methods.js';
import { SETTING_NAMES, type SettingName } from './settings.js';
import { LEGACY, observationOf, renderTable, TIME_MS } from './table.js';

const DOCUMENT = join(__dirname, '../../../../../docs/timeouts.md');
const SECTION = /<!-- table: begin[^>]*-->\n\n(.*)\n\n<!-- table: end -->/s;

/** Settings that end all waits of a method or none. */
const WHOLE: readonly SettingName[] = SETTING_NAMES.filter(name => !LEGACY.has(name));
/** The levels that a program must be able to rely on for any method. */
const FOR_ALL: readonly SettingName[] = ['connectionString', 'client', 'withDeadline'];
const FOR_OPTIONS: readonly SettingName[] = ['own', 'deadline', 'signal'];

describe('what bounds the waits of a method', () => {
  for (const method of METHODS) {
    it(`${method.name} ends each of its waits exactly when a time is over that applies to it`, async () => {
      const { waits, ends } = await observationOf(method);
      assert.ok(waits.size > 0, 'it must wait at all');
      const required = method.withoutOptions === true ? FOR_ALL : [...FOR_ALL, ...FOR_OPTIONS];
      for (const setting of WHOLE) {
        const ended = ends.get(setting) ?? new Map<string, number>();
        const afterMS = Object.fromEntries(ended);
        const all = Object.fromEntries([...waits.keys()].map(phase => [phase, TIME_MS]));
        // The operations in withTransaction have the time of their collection if the transaction has none.
        if (method.name === 'session.withTransaction' && (setting === 'database' || setting === 'collection')) continue;
        if (ended.size > 0 || required.includes(setting)) assert.deepEqual(afterMS, all, setting);
      }
    });

    it(`${method.name} waits as long as the timeout of a stage says`, async () => {
      const { ends } = await observationOf(method);
      for (const setting of LEGACY) {
        for (const [phase, afterMS] of ends.get(setting) ?? []) {
          assert.ok(afterMS >= TIME_MS, `${setting} ended ${phase} after ${afterMS} ms`);
        }
      }
    });
  }
});

describe('the table of docs/timeouts.md', () => {
  it('is what the methods do (npm run docs:timeouts writes it)', async () => {
    const [, written] = SECTION.exec(readFileSync(DOCUMENT, 'utf8')) ?? [];

    assert.equal(written, await renderTable());
  });
});
