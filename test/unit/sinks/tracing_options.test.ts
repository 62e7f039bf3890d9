import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tracingSettings } from '../../../src/sinks/tracing_options.js';

const ENABLED = 'OTEL_NODEJS_INSTRUMENTATION_MONGODB_ENABLED';
const LENGTH = 'OTEL_NODEJS_INSTRUMENTATION_MONGODB_QUERY_TEXT_MAX_LENGTH';

describe('tracingSettings', () => {
  it('trace nothing by default', () => {
    const { enabled, queryTextMaxLength } = tracingSettings(undefined, {});
    assert.deepEqual([enabled, queryTextMaxLength], [false, 0]);
  });

  for (const value of ['1', 'true', 'YES']) {
    it(`are switched on by the environment: ${value}`, () => {
      assert.equal(tracingSettings({}, { [ENABLED]: value }).enabled, true);
      assert.equal(tracingSettings({}, { [ENABLED.replace('NODEJS', 'NODE')]: value }).enabled, true);
    });
  }

  for (const value of ['0', 'false', 'no', '', 'on']) {
    it(`stay off: "${value}"`, () => {
      assert.equal(tracingSettings({}, { [ENABLED]: value }).enabled, false);
    });
  }

  it('take an option before its variable', () => {
    const settings = tracingSettings({ enabled: false, queryTextMaxLength: 3 }, { [ENABLED]: '1', [LENGTH]: '5' });
    assert.deepEqual([settings.enabled, settings.queryTextMaxLength], [false, 3]);
  });

  it('name a variable whose value is wrong, and ignore it', () => {
    const settings = tracingSettings({}, { [LENGTH]: '-1' });
    assert.equal(settings.queryTextMaxLength, 0);
    assert.deepEqual(settings.warnings, [`${LENGTH} must be an integer of at least 0; its value is ignored`]);
    assert.equal(tracingSettings({}, { [LENGTH]: '12' }).queryTextMaxLength, 12);
  });
});
