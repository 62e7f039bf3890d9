import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { arch, platform, release, type } from 'node:os';
import { describe, it } from 'node:test';
import { systemEnvironment } from '../../../src/runtime/host.js';

describe('systemEnvironment', () => {
  it('describes the process that asks', () => {
    const environment = systemEnvironment();

    assert.deepEqual(environment.os, { type: type(), name: platform(), architecture: arch(), version: release() });
    assert.equal(environment.hasDockerEnv, existsSync('/.dockerenv'));
    assert.match(environment.platform, /^Node\.js v\d+\.\d+\.\d+, (?:LE|BE)$/);
  });

  it('sees the environment variables as they are now', () => {
    process.env['MONGOTEMPO_HOST_TEST'] = 'here';

    assert.equal(systemEnvironment().env['MONGOTEMPO_HOST_TEST'], 'here');

    delete process.env['MONGOTEMPO_HOST_TEST'];
  });
});
