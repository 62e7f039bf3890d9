import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

const ROOT = join(__dirname, '../../..');

/** A program that uses the instrumentation for the official driver, and this package by the name `mongodb`. */
const program = (options: string) => `
  const { createRequire } = require('node:module');
  const installed = createRequire(${JSON.stringify(join(ROOT, 'package.json'))});
  const { MongoDBInstrumentation } = installed('@opentelemetry/instrumentation-mongodb');
  const { registerInstrumentations } = installed('@opentelemetry/instrumentation');
  registerInstrumentations({ instrumentations: [new MongoDBInstrumentation()] });
  const { MongoClient } = require('mongodb');
  for (let i = 0; i < 2; i++) new MongoClient('mongodb://localhost', ${options});
`;

describe('@opentelemetry/instrumentation-mongodb', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'instrumentation-'));
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(ROOT, join(folder, 'node_modules/mongodb'), 'junction');
  });
  after(() => rmSync(folder, { recursive: true }));

  function warningsOf(options: string, env: Record<string, string> = {}): string[] {
    const script = program(options);
    const run = spawnSync(process.execPath, ['-e', script], {
      cwd: folder,
      env: { ...process.env, ...env },
      encoding: 'utf8',
    });
    assert.equal(run.status, 0, run.stderr);
    return run.stderr.split('\n').filter(line => line.includes('MongoTracingWarning'));
  }

  it('sees nothing of this driver, and one warning says what to use instead', () => {
    const warnings = warningsOf('{}');
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /sees nothing of this driver.*tracing: \{ enabled: true \}/);
  });

  it('is not warned of where the program or its environment has decided about tracing', () => {
    assert.deepEqual(warningsOf('{ tracing: { enabled: true } }'), []);
    assert.deepEqual(warningsOf('{ tracing: { enabled: false } }'), []);
    assert.deepEqual(warningsOf('{}', { OTEL_NODEJS_INSTRUMENTATION_MONGODB_ENABLED: 'false' }), []);
  });
});
